"""Drawings of molecules: aligned to a common core, compact, readable on light and dark pages."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D
from rdkit.Chem.Scaffolds import MurckoScaffold, rdScaffoldNetwork
from rdkit.Geometry import Point2D

from yaokit.chem.parse import quiet_rdkit

MAX_ATOMS = 120  # heavy atoms; beyond it a drawing is slow and nobody can read it
MAX_CORE_RINGS = 7  # the scaffold network doubles with every ring
CORE_SAMPLE = 200
LINE = 1.4  # width of bonds, px
MAX_MATCHES = 12  # ways to lay a molecule on the core that are tried
TOUCHING = 0.9  # atoms nearer than this without a bond look like one, Å (a bond is 1.5)
BOND = 22.0  # longest bond in a drawing, px
_GROWN = (7, 8, 16, 6, 9, 17)  # elements tried when growing the core
_MARKS = {  # color that marks an element while RDKit draws → color it gets on the page
    "#000000": "var(--mol,currentColor)",  # radicals and the like
    "#000001": "var(--mol,currentColor)",
    "#000002": "var(--mol-n,#2b5fc7)",
    "#000003": "var(--mol-o,#c8372d)",
    "#000004": "var(--mol-s,#a67c00)",
    "#000005": "var(--mol-x,#2f8a3c)",
    "#000006": "var(--mol-p,#b3590a)",
}
_ELEMENTS = {-1: 1, 6: 1, 1: 1, 7: 2, 8: 3, 16: 4, 9: 5, 17: 5, 35: 5, 53: 5, 15: 6, 5: 6, 14: 6}
_SHAPE = re.compile(r"<(path|ellipse|polyline|polygon) ([^>]*?)/?>")
_NUMBER = re.compile(r"-?\d+\.\d+")


@dataclass(frozen=True)
class Drawing:
    """One drawn molecule: SVG shapes in a box of width × height, and where each atom is."""

    width: int
    height: int
    body: str
    atoms: tuple[tuple[float, float], ...]
    bond: float  # length of a bond, px; 0 for a text in place of a drawing

    def svg(self, atom_colors: Sequence[str | None] | None = None) -> str:
        """A whole `<svg>`; colors, one per atom or None, are discs behind the atoms."""
        discs = self.discs(atom_colors) if atom_colors else ""
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
        return f'{head}width="{self.width}" height="{self.height}">{discs}{self.body}</svg>'

    def discs(self, colors: Sequence[str | None]) -> str:
        """The discs alone; nothing if the number of colors is not the number of atoms."""
        if len(colors) != len(self.atoms):
            return ""
        r = f"{0.52 * self.bond:.1f}"
        return "".join(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" fill="{escape(color)}"/>'
            for (x, y), color in zip(self.atoms, colors, strict=True)
            if color
        )


def common_core(mols: Sequence[Chem.Mol]) -> Chem.Mol | None:
    """The ring scaffold most of the molecules share, with 2-D coordinates; None if there is none.

    Of all pieces of their Murcko scaffolds with two rings or more, the one with the most atoms
    weighted by the molecules that hold it (at least two and 40 %); then grown atom by atom while 90 % of
    those still hold it. Unlike a maximum common substructure it needs no time limit, so the answer
    never depends on the machine.
    """
    sample = [mol for mol in mols if _is_small(mol)][:CORE_SAMPLE]
    counts: Counter[str] = Counter()
    for mol in sample:
        counts.update(_scaffold_pieces(mol))
    needed = max(2, 0.4 * len(sample))
    pieces = {s: Chem.MolFromSmiles(s) for s, n in counts.items() if n >= needed}
    pieces = {s: piece for s, piece in pieces.items() if piece and piece.GetRingInfo().NumRings() >= 2}
    if not pieces:
        return None
    best = max(sorted(pieces), key=lambda s: counts[s] * pieces[s].GetNumAtoms() ** 2)
    core = _grow(pieces[best], sample)
    rdDepictor.Compute2DCoords(core)
    rdDepictor.NormalizeDepiction(core)
    return core


def align(mol: Chem.Mol, core: Chem.Mol | None) -> Chem.Mol:
    """A copy with 2-D coordinates, the core or the largest ring part it holds drawn as in `core`.

    Of all ways to lay it on the core the one with the fewest atoms and bonds on top of each other is
    taken; a smaller part, or no core at all, if that draws it with fewer.
    """
    best, fewest = Chem.Mol(mol), float("inf")
    for placed in _placements(mol, core):
        clashes = _clashes(placed)
        if clashes < fewest:
            best, fewest = placed, clashes
        if not clashes:
            break
    return best


def is_drawable(mol: Chem.Mol) -> bool:
    """Whether the molecule is small enough for a drawing that ends soon and can be read."""
    return mol.GetNumAtoms() > 0 and mol.GetNumHeavyAtoms() <= MAX_ATOMS


def draw(mol: Chem.Mol, size: tuple[int, int] = (260, 180), core: Chem.Mol | None = None) -> Drawing:
    """The drawing in a box of `size`; of a molecule too big to draw, its SMILES as text.

    Coordinates the molecule already has are kept; otherwise it is aligned to `core`.
    """
    if not is_drawable(mol):
        note = f"{mol.GetNumHeavyAtoms()} heavy atoms: too big to draw"
        return text_drawing([Chem.MolToSmiles(mol), note], size)
    drawer = rdMolDraw2D.MolDraw2DSVG(*size)
    _style(drawer)
    drawer.drawOptions().setAtomPalette({z: (0, 0, mark / 255) for z, mark in _ELEMENTS.items()})
    drawer.drawOptions().clearBackground = False
    mol = rdMolDraw2D.PrepareMolForDrawing(_placed(mol, core), kekulize=True, addChiralHs=False)
    drawer.DrawMolecule(mol)
    drawer.FinishDrawing()
    points = [drawer.GetDrawCoords(i) for i in range(mol.GetNumAtoms())]
    atoms = tuple((float(p.x), float(p.y)) for p in points)
    return Drawing(*size, _compact_svg(drawer.GetDrawingText()), atoms, _bond_length(drawer))


def text_drawing(lines: Sequence[str], size: tuple[int, int] = (260, 180)) -> Drawing:
    """Lines of text in place of a drawing, folded to the box; the last one is always seen."""
    width, rows = max(10, size[0] // 7), max(2, size[1] // 13 - 2)
    folded = [line[i : i + width] for line in lines for i in range(0, len(line), width)]
    spans = "".join(
        f'<tspan x="6" dy="13">{escape(line)}</tspan>' for line in folded[: rows - 1] + folded[-1:]
    )
    return Drawing(*size, f'<text class="instead">{spans}</text>', (), 0.0)


def svg(
    mol: Chem.Mol,
    size: tuple[int, int] = (260, 180),
    atom_colors: Sequence[str | None] | None = None,
    core: Chem.Mol | None = None,
) -> str:
    """The molecule as an SVG of a few KB; `atom_colors`: a CSS color or None for each atom."""
    return draw(mol, size, core).svg(atom_colors)


def png(mol: Chem.Mol, size: tuple[int, int] = (320, 220), core: Chem.Mol | None = None) -> bytes | None:
    """The molecule as PNG bytes on white; None if it is too big to draw."""
    if not is_drawable(mol):
        return None
    drawer = rdMolDraw2D.MolDraw2DCairo(*size)
    _style(drawer)
    mol = rdMolDraw2D.PrepareMolForDrawing(_placed(mol, core), kekulize=True, addChiralHs=False)
    drawer.DrawMolecule(mol)
    drawer.FinishDrawing()
    return drawer.GetDrawingText()


def compact(mol: Chem.Mol, core: Chem.Mol | None = None) -> dict[str, list] | None:
    """What a few lines of script need to draw the molecule; None if it is too big.

    `atoms`: x, y of each atom, flat, in twentieths of a bond, y downwards. `bonds`: begin, end, kind,
    flat; kind 1–3 = order, 4 = wedge, 5 = hash, wide end at the second atom; double bonds in rings get
    side 6 or 7 (second line left or right of begin → end). `labels`: atom, text, flat.
    """
    if not is_drawable(mol):
        return None
    mol = rdMolDraw2D.PrepareMolForDrawing(_placed(mol, core), kekulize=True, addChiralHs=False)
    positions = mol.GetConformer().GetPositions()[:, :2] * (20 / 1.5)
    atoms = [int(v) for x, y in positions for v in (round(x), round(-y))]
    bonds = [v for bond in mol.GetBonds() for v in _compact_bond(mol, bond, positions)]
    labels = [v for atom in mol.GetAtoms() if (text := _label(atom)) for v in (atom.GetIdx(), text)]
    return {"atoms": atoms, "bonds": bonds, "labels": labels}


def _compact_bond(mol: Chem.Mol, bond: Chem.Bond, xy) -> tuple[int, int, int]:
    a, b = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
    direction = bond.GetBondDir()
    if direction == Chem.BondDir.BEGINWEDGE:
        return a, b, 4
    if direction == Chem.BondDir.BEGINDASH:
        return a, b, 5
    order = max(1, min(3, int(bond.GetBondTypeAsDouble())))
    if order == 2 and bond.IsInRing():
        rings = [r for r in mol.GetRingInfo().AtomRings() if a in r and b in r]
        center = xy[list(min(rings, key=lambda r: (abs(len(r) - 6), r)))].mean(axis=0)
        (ax, ay), (bx, by) = xy[a], xy[b]
        left = (bx - ax) * (center[1] - ay) - (by - ay) * (center[0] - ax) > 0
        return a, b, 6 if left else 7
    return a, b, order


def _label(atom: Chem.Atom) -> str:
    """Element, hydrogens and charge of an atom as they are drawn; "" for a plain carbon."""
    charge, isotope = atom.GetFormalCharge(), atom.GetIsotope()
    if atom.GetAtomicNum() == 6 and not charge and not isotope and atom.GetDegree() > 0:
        return ""
    n_h = atom.GetTotalNumHs()
    hydrogens = "" if not n_h else "H" if n_h == 1 else f"H{'₀₁₂₃₄'[min(n_h, 4)]}"
    sign = "" if not charge else ("⁺" if charge > 0 else "⁻")
    size = "⁰¹²³⁴⁵⁶⁷⁸⁹"[abs(charge)] if 1 < abs(charge) < 10 else ""
    return f"{isotope or ''}{atom.GetSymbol()}{hydrogens}{size}{sign}"


def _style(drawer: rdMolDraw2D.MolDraw2D) -> None:
    options = drawer.drawOptions()
    options.fixedBondLength = BOND
    options.bondLineWidth = LINE
    options.scaleBondWidth = False
    options.minFontSize = 7
    options.maxFontSize = 14
    options.padding = 0.04
    options.additionalAtomLabelPadding = 0.06
    options.flagCloseContactsDist = -1


def _bond_length(drawer: rdMolDraw2D.MolDraw2D) -> float:
    unit = drawer.GetDrawCoords(Point2D(1.5, 0)) - drawer.GetDrawCoords(Point2D(0, 0))
    return float(unit.Length())


def _compact_svg(text: str) -> str:
    """RDKit's shapes without its overhead: one path per look, coordinates to 0.1 px."""
    looks: dict[str, list[str]] = {}
    others: list[str] = []
    for shape, inside in _SHAPE.findall(text):
        attributes = dict(re.findall(r"([\w-]+)='([^']*)'", inside))
        css = dict(part.split(":", 1) for part in attributes.pop("style", "").split(";") if ":" in part)
        look = _look({**attributes, **css})
        if shape == "path":
            looks.setdefault(look, []).append(_short_path(attributes["d"]))
        else:
            kept = (f'{k}="{_NUMBER.sub(_short, attributes[k])}"' for k in _GEOMETRY if k in attributes)
            others.append(f"<{shape} {' '.join(kept)} {look}/>")
    paths = [f'<path {look} d="' + "".join(d) + '"/>' for look, d in looks.items()]
    return "".join([*paths, *others])


def _short_path(d: str) -> str:
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", _NUMBER.sub(_short, d).strip())


_GEOMETRY = ("points", "cx", "cy", "rx", "ry")


def _look(values: dict[str, str]) -> str:
    """The style attribute for RDKit's fill, stroke and width, colors as page variables."""
    fill, stroke = values.get("fill", "none"), values.get("stroke", "none")
    css = [f"fill:{_MARKS.get(fill, fill)}"]
    if stroke != "none":
        css += [f"stroke:{_MARKS.get(stroke, stroke)}", f"stroke-width:{_width(values)}"]
    return f'style="{";".join(css)}"'


def _width(values: dict[str, str]) -> str:
    """The width of a line; that of bonds can be set by the page, for small pictures."""
    width = values.get("stroke-width", "1px")
    return f"var(--mol-width,{width})" if width == f"{LINE}px" else width


def _short(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")


def _is_small(mol: Chem.Mol) -> bool:
    return is_drawable(mol) and mol.GetRingInfo().NumRings() <= MAX_CORE_RINGS


def _scaffold_pieces(mol: Chem.Mol) -> set[str]:
    scaffold = MurckoScaffold.GetScaffoldForMol(mol)
    if scaffold.GetNumAtoms() == 0:
        return set()
    settings = rdScaffoldNetwork.ScaffoldNetworkParams()
    settings.includeGenericScaffolds = False
    settings.includeScaffoldsWithAttachments = False
    with quiet_rdkit():
        return set(rdScaffoldNetwork.CreateScaffoldNetwork([scaffold], settings).nodes)


def _placed(mol: Chem.Mol, core: Chem.Mol | None) -> Chem.Mol:
    """The molecule as it is if it has coordinates, else aligned."""
    return mol if mol.GetNumConformers() else align(mol, core)


def _placements(mol: Chem.Mol, core: Chem.Mol | None) -> Iterator[Chem.Mol]:
    """Copies with 2-D coordinates, those with most of the core in place first."""
    for template in _with_parts(core):
        for match in mol.GetSubstructMatches(template, uniquify=False, maxMatches=MAX_MATCHES):
            placed = Chem.Mol(mol)
            with quiet_rdkit():
                rdDepictor.GenerateDepictionMatching2DStructure(placed, template, list(enumerate(match)))
            yield placed
    placed = Chem.Mol(mol)
    rdDepictor.Compute2DCoords(placed)
    rdDepictor.StraightenDepiction(placed)
    yield placed


def _clashes(mol: Chem.Mol) -> int:
    """Pairs of atoms that nearly touch without a bond, and pairs of bonds that cross."""
    xy = mol.GetConformer().GetPositions()[:, :2]
    bonds = np.array([(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in mol.GetBonds()], int).reshape(-1, 2)
    distance = np.hypot(*np.moveaxis(xy[:, None] - xy[None], 2, 0))
    distance[bonds[:, 0], bonds[:, 1]] = distance[bonds[:, 1], bonds[:, 0]] = np.inf
    touching = int((np.triu(distance, 1)[np.triu_indices(len(xy), 1)] < TOUCHING).sum())
    return touching + _crossings(xy[bonds[:, 0]], xy[bonds[:, 1]], bonds)


def _crossings(start: np.ndarray, end: np.ndarray, bonds: np.ndarray) -> int:
    """Pairs of bonds without a common atom that cross: each has the other's ends on both its sides."""

    def side(point: np.ndarray) -> np.ndarray:  # (bonds, bonds): of bond i, where point j lies
        along, to = (end - start)[:, None], point[None] - start[:, None]
        return np.sign(along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0])

    parts = side(start) * side(end) < 0
    shared = (bonds[:, None, :, None] == bonds[None, :, None, :]).any(axis=(2, 3))
    return int(np.triu(parts & parts.T & ~shared, 1).sum())


def _with_parts(core: Chem.Mol | None) -> Iterator[Chem.Mol]:
    """The core, then what one cut leaves of it with a ring inside, largest first, placed as in it."""
    if core is None:
        return
    yield core
    parts: dict[str, Chem.Mol] = {}
    for bond in core.GetBonds():
        if not bond.IsInRing():
            cut = Chem.FragmentOnBonds(core, [bond.GetIdx()], addDummies=False)
            for part in Chem.GetMolFrags(cut, asMols=True, sanitizeFrags=False):  # a pyridone without its O
                Chem.FastFindRings(part)
                if part.GetRingInfo().NumRings():
                    parts.setdefault(Chem.MolToSmiles(part), part)
    yield from sorted(parts.values(), key=lambda part: -part.GetNumAtoms())


def _grow(core: Chem.Mol, mols: Sequence[Chem.Mol]) -> Chem.Mol:
    """The core with the atoms most of its molecules carry at the same place, at most 8 more."""
    holders = [mol for mol in mols if mol.HasSubstructMatch(core)]
    for _ in range(8):
        scored = [(sum(m.HasSubstructMatch(new) for m in holders), new) for new in _larger(core)]
        count, new = max(scored, key=lambda pair: pair[0], default=(0, None))
        if new is None or count < 0.9 * len(holders):
            break
        core = new
    return core


def _larger(core: Chem.Mol) -> list[Chem.Mol]:
    """The core with one more atom, every way that valences allow."""
    found: dict[str, Chem.Mol] = {}
    for atom in core.GetAtoms():
        for element in _GROWN:
            for kind in (Chem.BondType.SINGLE, Chem.BondType.DOUBLE):
                new = Chem.RWMol(core)
                new.AddBond(atom.GetIdx(), new.AddAtom(Chem.Atom(element)), kind)
                with quiet_rdkit():
                    valid = Chem.SanitizeMol(new, catchErrors=True) == Chem.SanitizeFlags.SANITIZE_NONE
                if valid:
                    found.setdefault(Chem.MolToSmiles(new), new.GetMol())
    return list(found.values())

"""Small changes to a molecule, and crossings of two; what chemists would not make is not given.

Graph-based moves in the manner of Jensen 2019 (doi:10.1039/C8SC05372C), with medicinal chemists'
substituents and parts of the user's own series in place of single rings and chains.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from yaokit.chem.data import rows
from yaokit.chem.fragments import bonds, join, split
from yaokit.chem.parse import quiet_rdkit

MAX_ATOMS = 50
RING_SIZES = range(3, 9)
_TRIES = 12
_MAX_GROUP = 10  # heavy atoms of a group that one edit may replace

Parts = Mapping[int, Sequence[str]]  # BRICS environment → SMILES with "[*:1]", see fragments.parts
Edit = Callable[[Chem.Mol, np.random.Generator, Parts], Chem.Mol | None]


def mutate(
    mol: Chem.Mol, rng: np.random.Generator, parts: Parts | None = None, max_atoms: int = MAX_ATOMS
) -> Chem.Mol | None:
    """A molecule one edit away, sanitized, without new flaws; None if a dozen tries gave none.

    `parts` (from `fragments.parts`) are swapped in where their kind of bond occurs.
    """
    before, allowed = Chem.MolToSmiles(mol), flaws(mol)
    names = [name for name in EDITS if parts or name != "swap_part"]
    weights = np.array([EDITS[name][1] for name in names])
    for name in rng.choice(names, _TRIES, p=weights / weights.sum()):
        child = _clean(lambda name=name: EDITS[name][0](mol, rng, parts or {}), allowed, max_atoms)
        if child is not None and Chem.MolToSmiles(child) != before:
            return child
    return None


def crossover(
    a: Chem.Mol, b: Chem.Mol, rng: np.random.Generator, max_atoms: int = MAX_ATOMS
) -> Chem.Mol | None:
    """One half of `a` joined to one half of `b`, cut at acyclic single bonds; None if none is good.

    Half of the tries cut both at a bond of the same BRICS class.
    """
    allowed, parents = flaws(a) | flaws(b), {Chem.MolToSmiles(a), Chem.MolToSmiles(b)}
    alike, free = _alike(a, b), (_acyclic(a), _acyclic(b))
    for _ in range(_TRIES):
        if alike and rng.random() < 0.5:
            bond_a, bond_b = _one(rng, alike)
        elif free[0] and free[1]:
            bond_a, bond_b = _one(rng, free[0]), _one(rng, free[1])
        else:
            continue
        child = _clean(lambda x=bond_a, y=bond_b: join(split(a, x)[0], split(b, y)[1]), allowed, max_atoms)
        if child is not None and Chem.MolToSmiles(child) not in parents:
            return child
    return None


def flaws(mol: Chem.Mol) -> set[str]:
    """Names of the features of `mol` that an edit must not add (data/flaws.csv, ring sizes)."""
    found = {name for name, pattern in _flaws() if mol.HasSubstructMatch(pattern)}
    found |= {
        f"ring of {size}" for ring in mol.GetRingInfo().AtomRings() if (size := len(ring)) not in RING_SIZES
    }
    bridgeheads: list = []
    rdMolDescriptors.CalcNumBridgeheadAtoms(mol, bridgeheads)  # pyright: ignore[reportArgumentType] wrong stub
    if any(
        bond.GetIsAromatic() or bond.GetBondTypeAsDouble() > 1
        for i in bridgeheads
        for bond in _around(mol, i)
    ):
        found.add("bridgehead double bond")
    return found


def attach(mol: Chem.Mol, rng: np.random.Generator, _: Parts) -> Chem.Mol | None:
    """A small group in place of a hydrogen."""
    sites = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetTotalNumHs() and not atom.GetFormalCharge()]
    if not sites:
        return None
    out = _editable(mol)
    site = _one(rng, sites)
    dummy = out.AddAtom(Chem.Atom(0))
    out.GetAtomWithIdx(dummy).SetAtomMapNum(1)
    _bind(out, site, dummy)
    return join(out, _substituent(rng))


def replace_group(mol: Chem.Mol, rng: np.random.Generator, _: Parts) -> Chem.Mol | None:
    """A small group in place of another."""
    cuts = _acyclic(mol)
    if not cuts:
        return None
    kept, lost = split(mol, _one(rng, cuts))
    return join(kept, _substituent(rng)) if lost.GetNumHeavyAtoms() <= _MAX_GROUP else None


def swap_part(mol: Chem.Mol, rng: np.random.Generator, parts: Parts) -> Chem.Mol | None:
    """A part of the series in place of the smaller half at the same kind of bond."""
    cuts = [(bond, ends) for bond, ends in bonds(mol) if parts.get(ends[0]) or parts.get(ends[1])]
    if not cuts:
        return None
    bond, ends = _one(rng, cuts)
    halves = split(mol, bond)
    small = int(halves[1].GetNumHeavyAtoms() <= halves[0].GetNumHeavyAtoms())
    pool = parts.get(ends[small])
    return join(halves[1 - small], Chem.MolFromSmiles(_one(rng, pool))) if pool else None


def insert_atom(mol: Chem.Mol, rng: np.random.Generator, _: Parts) -> Chem.Mol | None:
    """C, N or O put into a single bond."""
    singles = [bond for bond in mol.GetBonds() if bond.GetBondType() == Chem.BondType.SINGLE]
    if not singles:
        return None
    bond = _one(rng, singles)
    a, b = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
    out = _editable(mol)
    new = out.AddAtom(Chem.Atom(_one(rng, (6, 6, 6, 7, 8))))
    out.RemoveBond(a, b)
    for end in (a, b):
        out.AddBond(end, new, Chem.BondType.SINGLE)
    return out


def delete_atom(mol: Chem.Mol, rng: np.random.Generator, _: Parts) -> Chem.Mol | None:
    """Without an atom at an end, or without one between two others, which are then bound."""
    atoms = [
        a for a in mol.GetAtoms() if a.GetDegree() <= 2 and not a.GetIsAromatic() and not a.GetFormalCharge()
    ]
    if not atoms or mol.GetNumAtoms() < 2:
        return None
    index = _one(rng, atoms).GetIdx()
    ends = [neighbor.GetIdx() for neighbor in mol.GetAtomWithIdx(index).GetNeighbors()]
    out = _editable(mol)
    for end in ends:
        _release(out, index, end)
    if len(ends) == 2 and out.GetBondBetweenAtoms(*ends) is None:
        _bind(out, *ends)
    out.RemoveAtom(index)
    return out


def change_atom(mol: Chem.Mol, rng: np.random.Generator, _: Parts) -> Chem.Mol | None:
    """C, N, O, S or F in place of another of them; an aromatic CH and N likewise."""
    atoms = [
        a for a in mol.GetAtoms() if not a.GetFormalCharge() and a.GetAtomicNum() in (6, 7, 8, 9, 16, 17)
    ]
    if not atoms:
        return None
    index = _one(rng, atoms).GetIdx()
    out = _editable(mol)
    atom = out.GetAtomWithIdx(index)
    choices = (6, 7, 8, 16) if atom.GetIsAromatic() else (6, 7, 8, 9, 16, 17)
    atom.SetAtomicNum(_one(rng, [z for z in choices if z != atom.GetAtomicNum()]))
    atom.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
    atom.SetNumExplicitHs(0)
    atom.SetNoImplicit(False)
    return out


def change_order(mol: Chem.Mol, rng: np.random.Generator, _: Parts) -> Chem.Mol | None:
    """A single bond made double or a multiple one lowered."""
    kinds = (Chem.BondType.SINGLE, Chem.BondType.DOUBLE, Chem.BondType.TRIPLE)
    found = [bond for bond in mol.GetBonds() if bond.GetBondType() in kinds]
    if not found:
        return None
    out = _editable(mol)
    bond = out.GetBondWithIdx(_one(rng, found).GetIdx())
    bond.SetStereo(Chem.BondStereo.STEREONONE)
    bond.SetBondType(_one(rng, [kind for kind in kinds[:2] if kind != bond.GetBondType()]))
    return out


def close_ring(mol: Chem.Mol, rng: np.random.Generator, _: Parts) -> Chem.Mol | None:
    """A new bond that makes a ring, most often of five or six atoms."""
    size = int(_one(rng, (3, 4, 5, 5, 5, 6, 6, 6, 6, 7)))
    rings = mol.GetRingInfo()
    pairs = [
        (int(a), int(b))
        for a, b in np.argwhere(np.triu(Chem.GetDistanceMatrix(mol)) == size - 1)
        if all(mol.GetAtomWithIdx(int(i)).GetTotalNumHs() for i in (a, b))
        and not rings.AreAtomsInSameRing(int(a), int(b))
    ]
    if not pairs:
        return None
    out = _editable(mol)
    _bind(out, *_one(rng, pairs))
    return out


def open_ring(mol: Chem.Mol, rng: np.random.Generator, _: Parts) -> Chem.Mol | None:
    """Without a single bond of a ring that is not aromatic."""
    found = [b for b in mol.GetBonds() if b.IsInRing() and b.GetBondType() == Chem.BondType.SINGLE]
    if not found:
        return None
    bond = _one(rng, found)
    out = _editable(mol)
    out.RemoveBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
    return out


EDITS: dict[str, tuple[Edit, float]] = {  # edit, weight
    "attach": (attach, 3.0),
    "replace_group": (replace_group, 3.0),
    "swap_part": (swap_part, 4.0),
    "insert_atom": (insert_atom, 1.0),
    "delete_atom": (delete_atom, 1.5),
    "change_atom": (change_atom, 3.0),
    "change_order": (change_order, 0.5),
    "close_ring": (close_ring, 0.7),
    "open_ring": (open_ring, 0.5),
}


def _clean(edit: Callable[[], Chem.Mol | None], allowed: set[str], max_atoms: int) -> Chem.Mol | None:
    """What an edit gives, written and read again, if it is one good molecule."""
    with quiet_rdkit():
        try:
            mol = edit()
            if mol is None:
                return None
            Chem.SanitizeMol(mol)
        except Chem.MolSanitizeException:  # an impossible valence or aromatic system: not a molecule
            return None
        text = Chem.MolToSmiles(mol)
        mol = None if "." in text or "*" in text else Chem.MolFromSmiles(text)
    if mol is None or not 0 < mol.GetNumHeavyAtoms() <= max_atoms:
        return None
    return mol if flaws(mol) <= allowed else None


def _editable(mol: Chem.Mol) -> Chem.RWMol:
    """A copy whose neutral atoms take the hydrogens they need; aromatic N–H stays as it is."""
    out = Chem.RWMol(mol)
    for atom in out.GetAtoms():
        if not atom.GetFormalCharge() and not (atom.GetIsAromatic() and atom.GetAtomicNum() == 7):
            atom.SetNumExplicitHs(0)
            atom.SetNoImplicit(False)
    return out


def _bind(mol: Chem.RWMol, a: int, b: int) -> None:
    """A single bond; each end gives a hydrogen it holds explicitly."""
    mol.AddBond(a, b, Chem.BondType.SINGLE)
    for index in (a, b):
        atom = mol.GetAtomWithIdx(index)
        atom.SetNumExplicitHs(max(0, atom.GetNumExplicitHs() - 1))


def _release(mol: Chem.RWMol, lost: int, end: int) -> None:
    """No bond any more; an aromatic nitrogen that loses its substituent gets a hydrogen."""
    mol.RemoveBond(lost, end)
    atom = mol.GetAtomWithIdx(end)
    if atom.GetIsAromatic() and atom.GetAtomicNum() == 7 and not atom.GetFormalCharge():
        atom.SetNumExplicitHs(1)


def _acyclic(mol: Chem.Mol) -> list[tuple[int, int]]:
    """Single bonds between heavy atoms outside rings, in both directions."""
    found = [
        (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
        for bond in mol.GetBonds()
        if bond.GetBondType() == Chem.BondType.SINGLE and not bond.IsInRing()
    ]
    return found + [(b, a) for a, b in found]


def _alike(a: Chem.Mol, b: Chem.Mol) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Bonds of `a` and `b` with the same ends in the same order, or in the opposite one."""
    first, second = _both_ways(bonds(a)), _both_ways(bonds(b))
    return [(x, y) for x, ends in first for y, other in second if ends == other]


def _both_ways(found: list) -> list:
    return found + [(bond[::-1], ends[::-1]) for bond, ends in found]


def _around(mol: Chem.Mol, index: int) -> Sequence[Chem.Bond]:
    return mol.GetAtomWithIdx(index).GetBonds()


def _one(rng: np.random.Generator, items):
    """One of the items, each as likely."""
    return items[int(rng.integers(len(items)))]


def _substituent(rng: np.random.Generator) -> Chem.Mol:
    mols, weights = _substituents()
    return mols[int(rng.choice(len(mols), p=weights))]


@cache
def _substituents() -> tuple[list[Chem.Mol], np.ndarray]:
    table = rows("substituents.csv")
    weights = np.array([float(row["weight"]) for row in table])
    return [Chem.MolFromSmiles(row["smiles"]) for row in table], weights / weights.sum()


@cache
def _flaws() -> list[tuple[str, Chem.Mol]]:
    return [(row["name"], Chem.MolFromSmarts(row["smarts"])) for row in rows("flaws.csv")]

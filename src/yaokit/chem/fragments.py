"""A series cut into parts at its usual bonds, and the parts joined to new molecules.

The bonds are those of BRICS (Degen 2008, doi:10.1002/cmdc.200800178). Each cut here is a single
one, so a part is half of a measured molecule; BRICS itself cuts at all bonds at once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from typing import Any

import numpy as np
from rdkit import Chem
from rdkit.Chem import BRICS

from yaokit.chem.data import rows
from yaokit.core.guard import Pool
from yaokit.core.reasons import Failure
from yaokit.core.seed import rng

MIN_SHARE = 0.25
_BATCH = 1_000
_JOIN = Chem.MolzipParams()
_JOIN.label = Chem.MolzipLabel.AtomMapNumber

Ends = tuple[int, int]  # BRICS environments of a bond's two atoms


@dataclass(frozen=True)
class Cut:
    """One class of bonds and the distinct halves that cutting it gives, each with "[*:1]"."""

    ends: Ends  # ascending; the left parts end in the first
    n_molecules: int  # molecules with exactly one such bond
    left: tuple[str, ...]
    right: tuple[str, ...]

    @property
    def label(self) -> str:
        """The bond's name, such as "sulfonamide S–N"."""
        return bond_label(self.ends)


@dataclass(frozen=True)
class Recombination:
    """New molecules made of a series' own parts."""

    products: list[str]  # canonical SMILES, unique, none among the input
    cuts: list[dict[str, Any]]  # bond, environments, n_molecules, n_left, n_right, n_products
    note: str  # why there are none or not all; "" = nothing to say


def recombine(
    smiles: Sequence[str], max_products: int = 100_000, seed: int = 0, workers: int = 1
) -> Recombination:
    """Every left half joined to every right half, for each bond most of the series shares.

    Bond classes are used in order of frequency until `max_products`; of a class that is larger
    than what is left, a random choice. About 4,000 products/s and worker.
    ValueError: a SMILES does not parse.
    """
    found = cut_series(smiles)
    made: list[str] = []
    counts: Counter[Ends] = Counter()
    for ends, product in products(found, smiles, max_products, seed, workers):
        made.append(product)
        counts[ends] += 1
    cuts = [{**_described(cut), "n_products": counts[cut.ends]} for cut in found]
    return Recombination(made, cuts, _note(found, len(smiles), len(made), max_products))


def cut_series(smiles: Iterable[str], min_share: float = MIN_SHARE) -> list[Cut]:
    """The bonds that at least `min_share` of the molecules have exactly once, most frequent first.

    Where a bond's ends are alike, the larger half is the left one.
    """
    mols = [_read(text) for text in smiles]
    alone = [_single(bonds(mol)) for mol in mols]
    counts = Counter(ends for found in alone for ends in found)
    usual = [ends for ends in counts if counts[ends] >= max(2, min_share * len(mols))]
    cuts = []
    for ends in sorted(usual, key=lambda ends: (-counts[ends], ends)):
        pairs = [
            _halves(mol, found[ends], ends) for mol, found in zip(mols, alone, strict=True) if ends in found
        ]
        left, right = (tuple(dict.fromkeys(side)) for side in zip(*pairs, strict=True))
        cuts.append(Cut(ends, len(pairs), left, right))
    return cuts


def products(
    cuts: Sequence[Cut], known: Iterable[str], max_products: int, seed: int = 0, workers: int = 1
) -> Iterator[tuple[Ends, str]]:
    """Up to `max_products` new molecules as (bond class, SMILES), no two alike, none known.

    None is larger than the largest known molecule.
    """
    mols = [_read(text) for text in known]
    seen = {Chem.MolToSmiles(mol) for mol in mols}
    most_atoms = max((mol.GetNumHeavyAtoms() for mol in mols), default=0)
    n_left = max_products
    for cut in cuts:
        for product in _pairs(cut, most_atoms, n_left, seed, workers):
            if product in seen:
                continue
            if not n_left:
                return
            seen.add(product)
            n_left -= 1
            yield cut.ends, product


def parts(smiles: Iterable[str], max_atoms: int = 12) -> dict[int, list[str]]:
    """Small halves from all cuts of a series, by the environment of their open end.

    SMILES with "[*:1]", at most `max_atoms` heavy atoms, most frequent first.
    """
    counts: Counter[tuple[int, str]] = Counter()
    for text in smiles:
        mol = _read(text)
        for bond, ends in bonds(mol):
            for end, half in zip(ends, split(mol, bond), strict=True):
                if half.GetNumHeavyAtoms() <= max_atoms:
                    counts[end, Chem.MolToSmiles(half)] += 1
    out: dict[int, list[str]] = {}
    for (end, part), _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        out.setdefault(end, []).append(part)
    return out


def bonds(mol: Chem.Mol) -> list[tuple[tuple[int, int], Ends]]:
    """The single bonds BRICS would cut: atom indices and their environments, in the same order."""
    found = [(atoms, (int(a), int(b))) for atoms, (a, b) in BRICS.FindBRICSBonds(mol)]
    return [(atoms, ends) for atoms, ends in found if ends != (7, 7)]  # L7 is a double bond


def split(mol: Chem.Mol, bond: tuple[int, int]) -> tuple[Chem.Mol, Chem.Mol]:
    """The halves at either atom of an acyclic bond, each with a dummy atom of map number 1."""
    index = mol.GetBondBetweenAtoms(*bond).GetIdx()
    cut = Chem.FragmentOnBonds(mol, [index], dummyLabels=[(0, 0)])
    for atom in list(cut.GetAtoms())[mol.GetNumAtoms() :]:
        atom.SetAtomMapNum(1)
    indices: list[tuple[int, ...]] = []
    first, second = Chem.GetMolFrags(cut, asMols=True, fragsMolAtomMapping=indices)
    return (first, second) if bond[0] in indices[0] else (second, first)


def join(left: Chem.Mol, right: Chem.Mol) -> Chem.Mol:
    """The molecule of two halves as `split` gives them, sanitized."""
    mol = Chem.molzip(left, right, _JOIN)
    Chem.SanitizeMol(mol)
    return mol


def bond_label(ends: Ends) -> str:
    """What a chemist calls a bond between two BRICS environments."""
    low, high = sorted(ends)
    labels = _labels()
    return labels.get((low, high)) or f"{labels[low, None]}–{labels[high, None]}"


def _read(text: str) -> Chem.Mol:
    mol = Chem.MolFromSmiles(text)
    if mol is None:
        raise ValueError(f"not a SMILES: {text!r}")
    return mol


def _single(found: list[tuple[tuple[int, int], Ends]]) -> dict[Ends, tuple[int, int]]:
    """The bonds that are alone in their class, their atoms in the order of the sorted ends."""
    counts = Counter(tuple(sorted(ends)) for _, ends in found)
    ordered = [((a, b), (x, y)) if x <= y else ((b, a), (y, x)) for (a, b), (x, y) in found]
    return {ends: atoms for atoms, ends in ordered if counts[ends] == 1}


def _halves(mol: Chem.Mol, bond: tuple[int, int], ends: Ends) -> tuple[str, str]:
    pair = split(mol, bond)
    left, right = (Chem.MolToSmiles(half) for half in pair)
    sizes = [half.GetNumHeavyAtoms() for half in pair]
    if ends[0] == ends[1] and (sizes[1], right) > (sizes[0], left):
        return right, left
    return left, right


class _Join:
    """A pair of parts, by their numbers, → SMILES; the parts are read once in each process."""

    def __init__(self, cut: Cut) -> None:
        self.cut = cut

    @cached_property
    def _mols(self) -> tuple[list[Chem.Mol], list[Chem.Mol]]:
        return [_read(part) for part in self.cut.left], [_read(part) for part in self.cut.right]

    def __call__(self, pair: tuple[int, int]) -> str:
        left, right = self._mols
        return Chem.MolToSmiles(join(left[pair[0]], right[pair[1]]))

    def __getstate__(self) -> dict[str, Any]:
        return {"cut": self.cut}


def _pairs(cut: Cut, most_atoms: int, wanted: int, seed: int, workers: int) -> Iterator[str]:
    left, right = [_read(part) for part in cut.left], [_read(part) for part in cut.right]
    fitting = np.flatnonzero(_sizes(left)[:, None] + _sizes(right)[None, :] <= most_atoms)
    if len(fitting) > wanted:  # twice as many as wanted, since some are known already
        order = rng(seed, "recombine", *cut.ends).permutation(len(fitting))
        fitting = fitting[order[: 2 * wanted + 1000]]
    pairs = [divmod(int(pair), len(right)) for pair in fitting]
    batches = (pairs[i : i + _BATCH] for i in range(0, len(pairs), _BATCH))
    with Pool(_Join(cut), workers=workers) as pool:
        for product in chain.from_iterable(pool.map(batches)):
            if not isinstance(product, Failure):  # two parts that cannot be one molecule
                yield product


def _sizes(mols: list[Chem.Mol]) -> np.ndarray:
    return np.array([mol.GetNumHeavyAtoms() for mol in mols])


def _described(cut: Cut) -> dict[str, Any]:
    return {
        "bond": cut.label,
        "environments": [f"L{end}" for end in cut.ends],
        "n_molecules": cut.n_molecules,
        "n_left": len(cut.left),
        "n_right": len(cut.right),
    }


def _note(cuts: list[Cut], n: int, n_made: int, max_products: int) -> str:
    if not cuts:
        return f"no bond that BRICS cuts occurs exactly once in at least {MIN_SHARE:.0%} of the {n} molecules"
    if n_made == max_products:
        return f"stopped at the limit of {max_products:,} products"
    return "" if n_made else "every combination is in the series already"


@cache
def _labels() -> dict[tuple[int, int | None], str]:
    return {
        (int(row["first"]), int(row["second"]) if row["second"] else None): row["label"]
        for row in rows("brics.csv")
    }

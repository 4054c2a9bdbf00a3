"""Matched pairs: molecules that differ in one part, and what changing that part does on average.

Hussain and Rea 2010, doi:10.1021/ci900450m: a part is what one cut (a group) or two cuts (a linker,
a ring in the middle) of acyclic single bonds split off; the rest of the molecule is its context.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, combinations, permutations
from typing import NamedTuple

import numpy as np
from rdkit import Chem

from yaokit.chem.parse import quiet_rdkit
from yaokit.core.guard import Pool
from yaokit.core.reasons import Failure

MAX_PART = 12  # heavy atoms of a part that is exchanged
MAX_SHARE = 0.5  # of the molecule's heavy atoms
MAX_SAME = 100  # molecules compared in one context
MAX_BONDS = 20  # beyond so many cuttable bonds a molecule is left out
_BATCH = 64
_BOND = "[#6+0;!$(*=,#[!#6])]!@!=!#[*]"
HYDROGEN = "[H][*:1]"


class Place(NamedTuple):
    """A part of a molecule and what is around it, both SMILES with "[*:1]" (and "[*:2]")."""

    context: str
    part: str


class Change(NamedTuple):
    """One part in place of another, at atoms of one kind."""

    before: str
    after: str
    at: str  # element and aromaticity of the atoms the part is bound to, such as "c" or "C N"


@dataclass(frozen=True)
class Effect:
    """What a change did to a value in the molecules where it was seen."""

    change: Change
    deltas: np.ndarray  # (n,) float64, one a pair
    pairs: tuple[tuple[int, int], ...]  # molecules before and after, by number

    @property
    def n(self) -> int:
        return len(self.deltas)

    @property
    def mean(self) -> float:
        return float(self.deltas.mean())

    @property
    def spread(self) -> float:
        """The standard deviation between pairs; NaN of a single one."""
        return float(self.deltas.std(ddof=1)) if self.n > 1 else float("nan")

    @property
    def n_molecules(self) -> int:
        """How many different molecules stand before or after the change, the smaller number."""
        return min(len(set(side)) for side in zip(*self.pairs, strict=True))

    @property
    def n_effective(self) -> float:
        """How many pairs without a common molecule say as much: n² / Σ k², k pairs a molecule (Kish 1965).

        Of the side, before or after, on which fewer molecules stand in more pairs.
        """
        sides = np.array(self.pairs).T
        counts = [np.unique(side, return_counts=True)[1] for side in sides]
        return min(self.n**2 / float((k**2).sum()) for k in counts)


def places(mol: Chem.Mol) -> list[Place]:
    """All parts that one or two cuts split off, and each hydrogen's place; symmetric ones once.

    None of a molecule of several pieces. About 8 ms.
    """
    if len(Chem.GetMolFrags(mol)) > 1:
        return []
    largest = min(MAX_PART, MAX_SHARE * mol.GetNumHeavyAtoms())
    cuts = _cuts(mol)
    found: dict[Place, None] = {}
    for cut in cuts:
        for part, context in (cut.ends, cut.ends[::-1]):
            if len(part.atoms) <= largest:
                found[Place(context.smiles, part.smiles)] = None
    for first, second in combinations(cuts, 2):
        if place := _between(mol, first, second, largest):
            found[place] = None
    found.update(dict.fromkeys(_hydrogens(mol)))
    return list(found)


def replaced(context: str, part: str) -> str | None:
    """The SMILES of a context with another part in it; None if that is no molecule."""
    with quiet_rdkit():
        mols = [Chem.MolFromSmiles(text) for text in (context, part)]
        if any(mol is None for mol in mols):
            return None
        try:
            mol = Chem.molzip(mols[0], mols[1])
            mol = Chem.RemoveHs(mol)
        except (RuntimeError, ValueError):  # how RDKit refuses an impossible molecule
            return None
        return Chem.MolToSmiles(mol)


class Pairs:
    """The matched pairs among measured molecules, ready to be asked."""

    def __init__(self, smiles: Sequence[str], values: np.ndarray, workers: int = 1) -> None:
        """`values`: (n,) float64; molecules without one (NaN) are left out."""
        self._effects: dict[tuple[str, str], list[Effect]] = defaultdict(list)
        known = np.flatnonzero(~np.isnan(values)).tolist()
        contexts: dict[str, dict[int, str]] = defaultdict(dict)
        batches = (known[i : i + _BATCH] for i in range(0, len(known), _BATCH))
        with Pool(_places, workers=workers) as pool:
            found = pool.map([smiles[i] for i in batch] for batch in batches)
            for i, its in zip(known, chain.from_iterable(found), strict=True):
                for place in () if isinstance(its, Failure) else its:
                    contexts[place.context].setdefault(i, place.part)
        for change, pairs in _changes(contexts).items():
            deltas = np.array([values[b] - values[a] for a, b in pairs])
            self._effects[change.before, change.at].append(Effect(change, deltas, tuple(pairs)))

    def __len__(self) -> int:
        return sum(len(effects) for effects in self._effects.values())

    @property
    def effects(self) -> Iterator[Effect]:
        """All changes, both ways round."""
        return chain.from_iterable(self._effects.values())

    def suggestions(self, mol: Chem.Mol, min_pairs: int = 3) -> Iterator[tuple[Place, Effect, str]]:
        """Changes seen in at least `min_pairs` pairs that fit this molecule, and what they make of it."""
        for place in places(mol):
            for effect in self._effects.get((place.part, _bound_to(place.context)), ()):
                if effect.n >= min_pairs and (made := replaced(place.context, effect.change.after)):
                    yield place, effect, made


def _places(smiles: str) -> list[Place]:
    return places(Chem.MolFromSmiles(smiles))


def _changes(contexts: dict[str, dict[int, str]]) -> dict[Change, dict[tuple[int, int], None]]:
    """Each change with the pairs of molecules that differ by it, both ways round."""
    found: dict[Change, dict[tuple[int, int], None]] = defaultdict(dict)
    for context, parts in contexts.items():
        if len(set(parts.values())) > 1:
            at = _bound_to(context)
            for (a, before), (b, after) in permutations(list(parts.items())[:MAX_SAME], 2):
                if before != after:
                    found[Change(before, after, at)][a, b] = None
    return found


class _Half(NamedTuple):
    atoms: frozenset[int]
    smiles: str  # with "[*:1]"


class _Cut(NamedTuple):
    bond: int
    ends: tuple[_Half, _Half]


def _cuts(mol: Chem.Mol) -> list[_Cut]:
    """Every bond that may be cut, with its halves; none of a molecule with too many."""
    found = mol.GetSubstructMatches(_bond())
    if len(found) > MAX_BONDS:
        return []
    cuts = []
    for a, b in found:
        bond = mol.GetBondBetweenAtoms(a, b).GetIdx()
        halves = [_Half(*piece) for piece in _pieces(mol, (bond,), (1,))]
        cuts.append(_Cut(bond, (halves[0], halves[1])))
    return cuts


def _pieces(
    mol: Chem.Mol, bonds: Sequence[int], labels: Sequence[int], wanted: frozenset[int] | None = None
) -> Iterator[tuple[frozenset[int], str]]:
    """Atoms and SMILES of what is left when the bonds are cut and their ends labeled."""
    n = mol.GetNumAtoms()
    cut = Chem.FragmentOnBonds(mol, list(bonds), dummyLabels=[(0, 0)] * len(bonds))
    for k in range(2 * len(bonds)):
        cut.GetAtomWithIdx(n + k).SetAtomMapNum(labels[k // 2])
    for piece in Chem.GetMolFrags(cut):
        atoms = frozenset(i for i in piece if i < n)
        if wanted is None or atoms == wanted:
            yield atoms, Chem.MolFragmentToSmiles(cut, piece)


def _between(mol: Chem.Mol, first: _Cut, second: _Cut, largest: float) -> Place | None:
    """The part between two cuts, if small enough; its ends are labeled in the order of the outer parts."""
    middle = next(
        (a, b)
        for a in first.ends
        for b in second.ends
        if not a.atoms <= b.atoms and not b.atoms <= a.atoms and a.atoms & b.atoms
    )
    atoms = middle[0].atoms & middle[1].atoms
    if len(atoms) > largest:
        return None
    cuts = (first, second)
    outer = [cut.ends[cut.ends[0] is kept].smiles for cut, kept in zip(cuts, middle, strict=True)]
    labels = (1, 2) if outer[0] <= outer[1] else (2, 1)
    ways = [labels, labels[::-1]] if outer[0] == outer[1] else [labels]
    bonds = (first.bond, second.bond)
    part = min(smiles for way in ways for _, smiles in _pieces(mol, bonds, way, atoms))
    one, two = sorted(outer)
    return Place(f"{one}.{two.replace('[*:1]', '[*:2]')}", part)


@cache
def _bond() -> Chem.Mol:
    return Chem.MolFromSmarts(_BOND)


def _hydrogens(mol: Chem.Mol) -> Iterator[Place]:
    """The molecule open at each kind of atom that bears hydrogen."""
    seen = set()
    for atom, rank in zip(mol.GetAtoms(), Chem.CanonicalRankAtoms(mol, breakTies=False), strict=True):
        if atom.GetTotalNumHs() and rank not in seen:
            seen.add(rank)
            yield Place(_open(mol, atom.GetIdx()), HYDROGEN)


def _open(mol: Chem.Mol, index: int) -> str:
    out = Chem.RWMol(mol)
    dummy = Chem.Atom(0)
    dummy.SetAtomMapNum(1)
    out.AddBond(index, out.AddAtom(dummy), Chem.BondType.SINGLE)
    atom = out.GetAtomWithIdx(index)
    atom.SetNumExplicitHs(max(0, atom.GetNumExplicitHs() - 1))
    with quiet_rdkit():
        Chem.SanitizeMol(out, catchErrors=True)
    return Chem.MolToSmiles(out)


def _bound_to(context: str) -> str:
    """The atoms next to the dummies, by label: "c", "N", or "c C" of two."""
    mol = Chem.MolFromSmiles(context)
    if mol is None:
        return ""
    found = {a.GetAtomMapNum(): a.GetNeighbors() for a in mol.GetAtoms() if a.GetAtomMapNum()}
    ends = [found[label][0] for label in sorted(found) if found[label]]
    return " ".join(a.GetSymbol().lower() if a.GetIsAromatic() else a.GetSymbol() for a in ends)

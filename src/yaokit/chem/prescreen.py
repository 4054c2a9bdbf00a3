"""Which of many substructure queries a molecule might match, told without searching.

A query needs atoms, bonds between such atoms (*links*) and pairs of links that share an atom
(*bends*), each a number of times. What an atom of the molecule could stand for depends on its kind
alone (element, charge, hydrogens, …), so it is worked out once per kind. A molecule that lacks what
a query needs cannot match it. What is not understood in a query counts as "could be", so that no
match is ever lost.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
from rdkit import Chem

from yaokit.chem.querytree import Query, Tree, read_query

_MAX_WAYS = 64  # alternatives of one query
_MAX_KINDS = 50_000  # rows kept; a library has far fewer kinds of atoms, links and bends

AtomKind = tuple[int, bool, int, int, int, int, bool, int]
BondKind = tuple[int, bool]
Piece = tuple[Tree, ...]  # (atom,) or (atom, bond, atom) or (atom, bond, middle atom, bond, atom)
Needs = Counter[Piece]


class Prescreen:
    """Queries, each with how many matches are asked of it; a query of None might always match."""

    def __init__(self, queries: Sequence[tuple[bytes | None, int]]) -> None:
        """`queries` in RDKit's binary form."""
        ways = [(i, way) for i, (query, count) in enumerate(queries) for way in _ways_of(query, count)]
        pieces = {piece for _, way in ways for piece in way}
        groups = [sorted(p for p in pieces if len(p) == n) for n in (1, 3, 5)]
        self._vocabularies = [_Vocabulary(group) for group in groups]
        column = {piece: i for i, piece in enumerate(piece for group in groups for piece in group)}
        features = sorted({(column[piece], n) for _, way in ways for piece, n in way.items()})
        place = {feature: i for i, feature in enumerate(features)}
        needed = np.zeros((len(ways), len(features)), bool)
        for row, (_, way) in enumerate(ways):
            needed[row, [place[column[piece], n] for piece, n in way.items()]] = True
        self._needed = _packed(needed)
        self._query = np.array([i for i, _ in ways], np.int64)
        self._columns, self._counts = np.array(features, np.int64).reshape(-1, 2).T

    def candidates(self, mol: Chem.Mol) -> list[int]:
        """Numbers of the queries that the molecule might match, ascending."""
        parts = zip(self._vocabularies, _kinds_in(mol), strict=True)
        counts = np.concatenate([vocabulary.counts(kinds) for vocabulary, kinds in parts])
        lacking = _packed((counts[self._columns] < self._counts)[None])
        possible = ~(self._needed & lacking).any(axis=1)
        return np.unique(self._query[possible]).tolist()


class _Vocabulary:
    """Pieces of one length, and for every kind met so far which of them it could be."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._n = len(pieces)
        self._rows: dict[tuple, np.ndarray] = {}
        self._trees = [list({tree: None for piece in pieces for tree in piece[i::2]}) for i in (0, 1)]
        numbers = [{tree: i for i, tree in enumerate(trees)} for trees in self._trees]
        table = [[numbers[i % 2][tree] for i, tree in enumerate(piece)] for piece in pieces]
        self._places = np.array(table, np.int64).T if pieces else np.zeros((0, 0), np.int64)
        self._fits = cache(self._fitting)

    def counts(self, kinds: Sequence[tuple]) -> np.ndarray:
        """(pieces,) how many of the kinds could be each piece."""
        if not kinds or not self._n:
            return np.zeros(self._n, np.uint16)
        return np.array([self._row(kind) for kind in kinds]).sum(axis=0, dtype=np.uint16)

    def _row(self, kind: tuple) -> np.ndarray:
        """(pieces,) whether it could be each, read in either direction."""
        if (row := self._rows.get(kind)) is None:
            if len(self._rows) >= _MAX_KINDS:
                self._rows.clear()
            row = self._rows[kind] = self._along(kind) | self._along(kind[::-1])
        return row

    def _along(self, kind: tuple) -> np.ndarray:
        parts = enumerate(zip(kind, self._places, strict=True))
        return np.logical_and.reduce([self._fits(i % 2, part)[place] for i, (part, place) in parts])

    def _fitting(self, is_bond: int, part: tuple) -> np.ndarray:
        """(trees,) which questions an atom or bond of this kind could answer with yes."""
        return np.array([_could(tree, part)[0] for tree in self._trees[is_bond]])


def _ways_of(binary: bytes | None, count: int) -> list[Needs]:
    if binary is None:
        return [Counter()]
    query = read_query(binary)
    ways = _ways(query)
    if len(query.atoms) == 1:  # each match is another atom
        ways = [way | Counter({query.atoms: count}) for way in ways]
    return ways


def _ways(query: Query) -> list[Needs]:
    """What the query needs; several if there are alternatives, one of which must be met."""
    atoms = query.atoms
    needs: Needs = Counter((atom,) for atom in atoms)
    ends: list[list[tuple[Tree, Tree]]] = [[] for _ in atoms]
    for i, j, bond in query.bonds:
        needs[_one_way((atoms[i], bond, atoms[j]))] += 1
        ends[i].append((bond, atoms[j]))
        ends[j].append((bond, atoms[i]))
    for middle, neighbors in zip(atoms, ends, strict=True):
        for (bond, end), (other_bond, other) in combinations(neighbors, 2):
            needs[_one_way((end, bond, middle, other_bond, other))] += 1
    ways = [needs]
    for atom in query.atoms:
        if atom.is_recursive:
            ways = _both(ways, _ways_of_tree(atom))
    return ways


def _ways_of_tree(tree: Tree) -> list[Needs]:
    """What a molecule needs for one of its atoms to answer with yes."""
    if not tree.is_recursive:
        return [Counter([(tree,)])]
    if tree.name == "AtomOr":
        return [way for part in tree.parts for way in _ways_of_tree(part)]
    ways: list[Needs] = [Counter()]
    if tree.name == "AtomAnd":
        for part in tree.parts:
            ways = _both(ways, _ways_of_tree(part))
    elif tree.query is not None and not tree.is_negated:
        ways = _ways(tree.query)
    return ways


def _both(ways: list[Needs], others: list[Needs]) -> list[Needs]:
    """Both met; a part that would make too many alternatives is left out."""
    if len(ways) * len(others) > _MAX_WAYS:
        return ways
    return [way | other for way in ways for other in others]


def _one_way(piece: Piece) -> Piece:
    """The same for both directions of reading."""
    return min(piece, piece[::-1])


def _kinds_in(mol: Chem.Mol) -> tuple[list, list, list]:
    """The kinds of a molecule's atoms, links and bends."""
    atoms = [_atom_kind(atom) for atom in mol.GetAtoms()]
    links, bends = [], []
    ends: list[list[tuple[BondKind, AtomKind]]] = [[] for _ in atoms]
    for bond in mol.GetBonds():
        i, j, kind = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), _bond_kind(bond)
        links.append((atoms[i], kind, atoms[j]))
        ends[i].append((kind, atoms[j]))
        ends[j].append((kind, atoms[i]))
    for middle, neighbors in zip(atoms, ends, strict=True):
        for (bond, end), (other_bond, other) in combinations(neighbors, 2):
            bends.append((end, bond, middle, other_bond, other))
    return [(atom,) for atom in atoms], links, bends


def _atom_kind(atom: Chem.Atom) -> AtomKind:
    """Element, aromatic, charge, hydrogens, degree, degree with hydrogens, in a ring, isotope."""
    return (
        atom.GetAtomicNum(),
        atom.GetIsAromatic(),
        atom.GetFormalCharge(),
        atom.GetTotalNumHs(True),
        atom.GetDegree(),
        atom.GetTotalDegree(),
        atom.IsInRing(),
        atom.GetIsotope(),
    )


def _bond_kind(bond: Chem.Bond) -> BondKind:
    """Bond type as RDKit numbers it, in a ring."""
    return int(bond.GetBondType()), bond.IsInRing()


def _could(tree: Tree, kind: tuple) -> tuple[bool, bool]:
    """Whether the answer could be yes, and whether it could be no."""
    if tree.name in ("AtomAnd", "AtomOr", "BondAnd", "BondOr"):
        yes, no = zip(*(_could(part, kind) for part in tree.parts), strict=True)
        return (all(yes), any(no)) if tree.name.endswith("And") else (any(yes), all(no))
    answer = _ANSWERS[tree.name](kind, tree.value) if tree.name in _ANSWERS else None
    if answer is None:
        return True, True
    return answer != tree.is_negated, answer == tree.is_negated


def _in_rings(is_in_ring: bool, value: int) -> bool | None:
    """Whether a number that is 0 outside of rings, and only there, is `value`."""
    if is_in_ring:
        return False if value == 0 else None
    return value == 0


_ANSWERS: dict[str, Callable[[Any, int], bool | None]] = {  # (kind, value); None: the kind does not tell
    "AtomNull": lambda kind, _: True,
    "AtomAtomicNum": lambda kind, value: kind[0] == value,
    "AtomType": lambda kind, value: kind[0] + 1000 * kind[1] == value,
    "AtomIsAromatic": lambda kind, value: kind[1] == bool(value),
    "AtomIsAliphatic": lambda kind, value: kind[1] != bool(value),
    "AtomFormalCharge": lambda kind, value: kind[2] == value,
    "AtomHCount": lambda kind, value: kind[3] == value,
    "AtomExplicitDegree": lambda kind, value: kind[4] == value,
    "AtomTotalDegree": lambda kind, value: kind[5] == value,
    "AtomInRing": lambda kind, value: kind[6] == bool(value),
    "AtomInNRings": lambda kind, value: kind[6] if value < 0 else _in_rings(kind[6], value),
    "AtomMinRingSize": lambda kind, value: _in_rings(kind[6], value),
    "AtomRingBondCount": lambda kind, value: kind[6] if value < 0 else _in_rings(kind[6], value),
    "AtomIsotope": lambda kind, value: kind[7] == value,
    "BondNull": lambda kind, _: True,
    "BondOrder": lambda kind, value: kind[0] == value,
    "SingleOrAromaticBond": lambda kind, _: kind[0] in (1, 12),
    "BondInRing": lambda kind, value: kind[1] == bool(value),
}


def _packed(bits: np.ndarray) -> np.ndarray:
    """(rows, words) uint64 of (rows, n) bool."""
    bits = np.pad(bits, ((0, 0), (0, -bits.shape[1] % 64)))
    return np.packbits(bits, axis=1).view(np.uint64)

"""Molecules as graphs: flat arrays of many molecules, and how the edges of a batch are wired.

Codes are small integers that the model expands (`expand_atoms`, `expand_bonds`), so that a molecule
takes half a kilobyte. Without torch: child processes that make graphs need not load it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np
from rdkit import Chem

from yaokit.chem.descriptors import descriptor_names, descriptors

# What is known of an atom and of a bond: (name, how many codes); "bits" are eight switches in a byte.
ATOM = (
    *(("element", 119), ("degree", 9), ("charge", 9), ("hydrogens", 6), ("hybridization", 9)),
    *(("chirality", 4), ("rings", "bits"), ("marks", "bits")),
)
BOND = (("order", 6), ("stereo", 6), ("conjugated", 2), ("in_ring", 2))
_CHARGE = 4  # code of charge 0
_ORDERS = {
    Chem.BondType.SINGLE: 0,
    Chem.BondType.DOUBLE: 1,
    Chem.BondType.TRIPLE: 2,
    Chem.BondType.AROMATIC: 3,
    Chem.BondType.DATIVE: 4,
}
_SENSES = {"R": 1, "S": 2}  # 3: marked, but its neighbors are alike


@dataclass(frozen=True, eq=False)
class Graphs:
    """n molecules: a atoms and b bonds in all, each molecule's in one run.

    Takes an int array, a bool mask or a slice and gives those molecules. `ends` counts atoms within
    the molecule; `numbers` has no columns when the molecules were not described.
    """

    atoms: np.ndarray  # (a, 8) uint8 codes, columns ATOM
    bonds: np.ndarray  # (b, 4) uint8 codes, columns BOND
    ends: np.ndarray  # (b, 2) uint16 atoms of each bond
    n_atoms: np.ndarray  # (n,) int32
    n_bonds: np.ndarray  # (n,) int32
    numbers: np.ndarray  # (n, 0 or 217) float32 RDKit's descriptors, NaN = failed

    @property
    def shape(self) -> tuple[int, int]:
        """Molecules, and numbers known of each besides its graph."""
        return self.numbers.shape  # type: ignore[return-value]

    def __len__(self) -> int:
        return len(self.n_atoms)

    def __getitem__(self, rows: Any) -> "Graphs":
        if isinstance(rows, slice):
            rows = np.arange(len(self))[rows]
        rows = np.asarray(rows)
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.int64)
        atoms = runs(self._atom_starts[rows], self.n_atoms[rows])
        bonds = runs(self._bond_starts[rows], self.n_bonds[rows])
        return Graphs(
            self.atoms[atoms],
            self.bonds[bonds],
            self.ends[bonds],
            self.n_atoms[rows],
            self.n_bonds[rows],
            self.numbers[rows],
        )

    @cached_property
    def _atom_starts(self) -> np.ndarray:
        return np.cumsum(self.n_atoms, dtype=np.int64) - self.n_atoms

    @cached_property
    def _bond_starts(self) -> np.ndarray:
        return np.cumsum(self.n_bonds, dtype=np.int64) - self.n_bonds


class Links(NamedTuple):
    """A matrix of ones and zeros by its rows, and the same by its columns; all int32.

    Row i has its ones in columns `indices[starts[i]:starts[i + 1]]`.
    """

    indices: np.ndarray
    starts: np.ndarray
    indices_back: np.ndarray
    starts_back: np.ndarray


class Wiring(NamedTuple):
    """How the directed edges of some molecules hang together; an edge leads from one atom to another.

    Every bond gives two edges, sorted by the atom that they lead to.
    """

    bond: np.ndarray  # (e,) int32 bond of each edge
    target: np.ndarray  # (e,) int32 atom that it leads to
    from_source: Links  # (e, a): atom → the edges that leave it
    into_target: Links  # (a, e): edge → the atom that it leads to
    onward: Links  # (e, e): edge → the edges that go on from its target, but not straight back
    of_molecule: Links  # (n, a): atom → its molecule


def graphs(mols: Sequence[Chem.Mol]) -> Graphs:
    """The molecules as graphs of their heavy atoms."""
    return _packed(mols, np.zeros((len(mols), 0), np.float32))


def described(mols: Sequence[Chem.Mol]) -> Graphs:
    """The same with RDKit's 217 descriptors of each molecule, about 5 ms each."""
    numbers = descriptors(mols).reshape(len(mols), len(descriptor_names()))
    numbers[~(np.abs(numbers) < np.finfo(np.float32).max)] = np.nan
    return _packed(mols, numbers.astype(np.float32))


def expand_atoms(codes: np.ndarray) -> np.ndarray:
    """(a, features) float32: a column for each code and switch, and the element's mass / 100."""
    return np.concatenate([_expand(codes, ATOM), _masses()[codes[:, :1]]], axis=1)


def expand_bonds(codes: np.ndarray) -> np.ndarray:
    """(b, features) float32: a column for each code."""
    return _expand(codes, BOND)


def wire(X: Graphs) -> Wiring:
    """The edges of all molecules as those of one big graph."""
    n_atoms = len(X.atoms)
    shift = np.repeat(X._atom_starts, X.n_bonds)
    ends = X.ends.astype(np.int64) + shift[:, None]
    source, target = ends.ravel(), ends[:, ::-1].ravel()
    order = np.argsort(target, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    source, target, reverse = source[order], target[order], place[order ^ 1]
    degree = np.bincount(target, minlength=n_atoms)
    starts = np.cumsum(degree) - degree
    each = np.arange(len(order))
    atoms = np.arange(n_atoms)
    molecule = np.repeat(np.arange(len(X)), X.n_atoms)
    return Wiring(
        (order // 2).astype(np.int32),
        target.astype(np.int32),
        _links(source, each, reverse, starts),
        _links(each, starts, target, each),
        _onward(source, reverse, degree, starts),
        _links(atoms, X._atom_starts, molecule, atoms),
    )


def grouped(codes: np.ndarray) -> tuple[np.ndarray, Links]:
    """The distinct rows of uint8 codes, and the links (rows, distinct) that give each row its own."""
    keys = np.ascontiguousarray(codes).view(f"u{codes.shape[1]}")[:, 0]
    _, first, which, count = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    back = np.argsort(which, kind="stable")
    return codes[first], _links(which, np.arange(len(which)), back, np.cumsum(count) - count)


def _onward(source: np.ndarray, reverse: np.ndarray, degree: np.ndarray, starts: np.ndarray) -> Links:
    """Row of an edge: the edges that lead to its source, without its reverse."""
    count = degree[source]
    into = runs(starts[source], count)
    row = np.repeat(np.arange(len(source)), count)
    into, row = (part[into != reverse[row]] for part in (into, row))
    count = count - 1
    begin = np.cumsum(count) - count
    back = reverse[into[runs(begin[reverse], count[reverse])]]
    count = count[reverse]
    return _links(into, begin, back, np.cumsum(count) - count)


def _links(*arrays: np.ndarray) -> Links:
    return Links(*(np.ascontiguousarray(array, np.int32) for array in arrays))


def runs(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """starts[0], starts[0] + 1, … (counts[0] of them), starts[1], …"""
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(counts.sum())


def _expand(codes: np.ndarray, fields: Sequence[tuple[str, int | str]]) -> np.ndarray:
    parts = []
    for j, (_, size) in enumerate(fields):
        if size == "bits":
            parts.append(np.unpackbits(codes[:, j : j + 1], axis=1))
        else:
            parts.append(codes[:, j : j + 1] == np.arange(size))
    return np.concatenate(parts, axis=1).astype(np.float32)


@cache
def _masses() -> np.ndarray:
    table = Chem.GetPeriodicTable()
    return np.array([0.0, *(table.GetAtomicWeight(z) for z in range(1, 119))], np.float32) / 100


def _packed(mols: Sequence[Chem.Mol], numbers: np.ndarray) -> Graphs:
    atoms: list[tuple[int, ...]] = []
    bonds: list[tuple[int, ...]] = []
    ends: list[tuple[int, int]] = []
    for mol in mols:
        atoms += _atom_codes(mol)
        for bond in map(mol.GetBondWithIdx, range(mol.GetNumBonds())):  # twice as fast as GetBonds
            ends.append((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()))
            order, stereo = _ORDERS.get(bond.GetBondType(), 5), min(int(bond.GetStereo()), 5)
            bonds.append((order, stereo, bond.GetIsConjugated(), bond.IsInRing()))
    return Graphs(
        np.array(atoms, np.uint8).reshape(-1, len(ATOM)),
        np.array(bonds, np.uint8).reshape(-1, len(BOND)),
        np.array(ends, np.uint16).reshape(-1, 2),
        np.array([mol.GetNumAtoms() for mol in mols], np.int32),
        np.array([mol.GetNumBonds() for mol in mols], np.int32),
        numbers,
    )


def _atom_codes(mol: Chem.Mol) -> list[tuple[int, ...]]:
    rings = [0] * mol.GetNumAtoms()
    for ring in mol.GetRingInfo().AtomRings():
        size = 1 << min(len(ring), 8) - 3  # bits 0–5: in a ring of 3, 4 … 8 or more atoms
        for i in ring:
            rings[i] = rings[i] | size | (64 if not rings[i] & 63 else 128)  # 64: one ring, 128: more
    return [
        (
            atom.GetAtomicNum(),
            min(atom.GetTotalDegree(), 8),
            min(max(atom.GetFormalCharge() + _CHARGE, 0), 8),
            min(atom.GetTotalNumHs(), 5),
            min(int(atom.GetHybridization()), 8),
            _sense(atom) if atom.GetChiralTag() else 0,
            rings[i],
            atom.GetIsAromatic() | (atom.GetIsotope() > 0) << 1 | (atom.GetNumRadicalElectrons() > 0) << 2,
        )
        for i, atom in enumerate(map(mol.GetAtomWithIdx, range(len(rings))))
    ]


def _sense(atom: Chem.Atom) -> int:
    """R or S, which unlike RDKit's tag does not depend on the order of atoms."""
    return _SENSES.get(atom.GetProp("_CIPCode"), 3) if atom.HasProp("_CIPCode") else 3

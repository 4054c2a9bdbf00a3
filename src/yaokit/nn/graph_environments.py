"""Which edges of a batch see the same: what a network finds for one holds for all of them.

After s steps a message depends on the atoms and bonds within s bonds behind its edge, no more. In a
batch of 64 molecules a fifth of the edges differ after one step and two fifths after two, so most of
the work of message passing can be left out without changing its result.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from yaokit.nn.graph import Graphs, Links, Wiring, runs


class Step(NamedTuple):
    """How the environments of one step are made from those of the step before."""

    own: Links  # (environments, kinds of edges)
    onward: Links  # (environments, environments of the step before)


class Environments(NamedTuple):
    """The distinct edges before each step, and the distinct atoms after the last one."""

    source: Links  # (kinds of edges, kinds of atoms)
    bond: Links  # (kinds of edges, kinds of bonds)
    steps: tuple[Step, ...]
    atom: Links  # (distinct atoms, kinds of atoms)
    into: Links  # (distinct atoms, environments of the last step)
    of_molecule: Links  # (n, distinct atoms)


def environments(
    X: Graphs, wiring: Wiring, kind_of_atom: np.ndarray, kind_of_edge: np.ndarray, steps: int
) -> Environments:
    """What must be computed for some molecules and a number of steps.

    `kind_of_atom` (a,) and `kind_of_edge` (e,) number the kinds. Environments are told apart by
    64-bit hashes: in a batch of 10,000 edges two are confused once in 10 ** 11 batches.
    """
    source = wiring.from_source.indices
    atoms = _mixed(kind_of_atom.astype(np.uint64) + np.uint64(1 << 40))  # no atom has the key of a bond
    edges = _mixed(atoms[source] + _mixed(kind_of_edge.astype(np.uint64) + np.uint64(1 << 41)))
    own, first = _classes(edges)
    kinds_of_atoms, kinds_of_bonds = _count(kind_of_atom), _count(kind_of_edge)
    start = (
        _each(kind_of_atom[source[first]], kinds_of_atoms),
        _each(kind_of_edge[first], kinds_of_bonds),
    )
    keys, which, made = edges, own, []
    for _ in range(steps):
        keys = _mixed(edges + _mixed(_sums(wiring.onward, keys)))
        before, (which, first) = which, _classes(keys)
        made.append(Step(_each(own[first], _count(own)), _rows(wiring.onward, first, before)))
    atom, first = _classes(_mixed(atoms + _mixed(_sums(wiring.into_target, keys))))
    return Environments(
        *start,
        tuple(made),
        _each(kind_of_atom[first], kinds_of_atoms),
        _rows(wiring.into_target, first, which),
        _linked(atom, wiring.of_molecule.starts, _count(atom)),
    )


def _classes(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The number of each key among the distinct ones, and where each of those stands first."""
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return which, first


def _count(which: np.ndarray) -> int:
    return int(which.max(initial=-1)) + 1


def _mixed(keys: np.ndarray) -> np.ndarray:
    """(n,) uint64: each bit depends on all bits (the finalizer of MurmurHash3)."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        keys = (keys ^ (keys >> np.uint64(33))) * np.uint64(factor)
    return keys ^ (keys >> np.uint64(33))


def _sums(links: Links, keys: np.ndarray) -> np.ndarray:
    """For each row the sum of the keys it is linked with: the same for the same ones in any order."""
    total = np.zeros(len(links.indices) + 1, np.uint64)
    np.cumsum(keys[links.indices], out=total[1:])
    ends = np.append(links.starts, len(links.indices))
    return total[ends[1:]] - total[ends[:-1]]


def _rows(links: Links, rows: np.ndarray, which: np.ndarray) -> Links:
    """Some rows of the links, to the classes of what they are linked with."""
    counts = np.diff(np.append(links.starts, len(links.indices)))[rows]
    indices = which[links.indices[runs(links.starts[rows], counts)]]
    return _linked(indices, np.cumsum(counts) - counts, _count(which))


def _each(indices: np.ndarray, columns: int) -> Links:
    """Rows linked with one column each."""
    return _linked(indices, np.arange(len(indices)), columns)


def _linked(indices: np.ndarray, starts: Sequence[int] | np.ndarray, columns: int) -> Links:
    counts = np.diff(np.append(starts, len(indices)))
    row = np.repeat(np.arange(len(starts)), counts)
    back = np.bincount(indices, minlength=columns)
    parts = (indices, starts, row[np.argsort(indices, kind="stable")], np.cumsum(back) - back)
    return Links(*(np.ascontiguousarray(part, np.int32) for part in parts))

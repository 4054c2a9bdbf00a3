"""Functional groups and rings by the names chemists use (data/groups.csv)."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from rdkit import Chem

from yaokit.chem.data import rows
from yaokit.chem.descriptors import PROPERTIES, properties

COUNTED = (  # of PROPERTIES: what a person can picture
    *("mw", "clogp", "tpsa", "hbd", "hba", "rotatable_bonds", "aromatic_rings", "heavy_atoms"),
    *("fsp3", "formal_charge"),
)


_FRACTIONS = ("mw", "clogp", "tpsa", "fsp3")


def group_names() -> list[str]:
    """The names, in the order of the file."""
    return list(_patterns())


def group_atoms(mol: Chem.Mol) -> dict[str, list[tuple[int, ...]]]:
    """The groups the molecule has, each with the atoms of every one."""
    found = {name: list(mol.GetSubstructMatches(pattern)) for name, pattern in _patterns().items()}
    return {name: matches for name, matches in found.items() if matches}


def readable_names() -> list[str]:
    """What the columns of `readable` are."""
    rings = ["rings", "largest ring"]
    return [PROPERTIES[name].what for name in COUNTED] + rings + [f"number of: {n}" for n in group_names()]


def whole_numbers() -> set[str]:
    """The columns of `readable` that hold whole numbers."""
    return set(readable_names()) - {PROPERTIES[name].what for name in _FRACTIONS}


def readable(mols: Sequence[Chem.Mol]) -> np.ndarray:
    """(n, columns) float64: a few properties, rings and counts of groups."""
    out = np.zeros((len(mols), len(readable_names())))
    for row, mol in zip(out, mols, strict=True):
        sizes = [len(ring) for ring in mol.GetRingInfo().AtomRings()]
        found = group_atoms(mol)
        numbers = [*properties(mol, COUNTED).values(), len(sizes), max(sizes, default=0)]
        row[:] = [*numbers, *(len(found.get(name, ())) for name in group_names())]
    return out


@cache
def _patterns() -> dict[str, Chem.Mol]:
    return {row["name"]: Chem.MolFromSmarts(row["smarts"]) for row in rows("groups.csv")}

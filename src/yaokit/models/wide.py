"""Many views of a molecule side by side, for kernels: what one fingerprint takes for alike, another parts."""

from collections.abc import Sequence
from typing import Any

from rdkit import Chem
from scipy.sparse import csr_array, hstack

from yaokit.chem.features import full_size
from yaokit.chem.fingerprints import atom_pairs, morgan, torsions

SIZE = 4096  # of each of VIEWS
VIEWS = (
    lambda mols: morgan(mols, SIZE, radius=3),
    lambda mols: morgan(mols, SIZE, radius=3, functional=True),
    lambda mols: atom_pairs(mols, SIZE),
    lambda mols: torsions(mols, SIZE),
)


def wide(mols: Sequence[Chem.Mol]) -> Any:
    """(n, features) float32: "full", then counts of each of VIEWS."""
    from yaokit.models.rows import full

    return widened(full(mols), mols)


def widened(full: csr_array, mols: Sequence[Chem.Mol]) -> csr_array:
    """The same of the rows of "full", which are dear and may be known."""
    return csr_array(hstack([full, *(view(mols) for view in VIEWS)], format="csr"))


def views() -> list[slice]:
    """Where each of VIEWS stands."""
    start = full_size()
    return [slice(start + i * SIZE, start + (i + 1) * SIZE) for i in range(len(VIEWS))]

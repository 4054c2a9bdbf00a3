"""Morgan fingerprints as sparse rows."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator
from scipy.sparse import csr_array

SIZE = 2048
RADIUS = 2

Row = tuple[np.ndarray, np.ndarray]  # indices (k,) int32, ascending; counts (k,) float32


def morgan_row(mol: Chem.Mol) -> Row:
    """The count fingerprint of one molecule: radius 2, folded to 2048, with chirality."""
    counts = generator().GetCountFingerprint(mol).GetNonzeroElements()
    indices = np.fromiter(counts.keys(), np.int32, len(counts))
    values = np.fromiter(counts.values(), np.float32, len(counts))
    order = np.argsort(indices)
    return indices[order], values[order]


def morgan_counts(smiles: Sequence[str]) -> csr_array:
    """(n, 2048) float32 counts; ValueError names the first SMILES that does not parse."""
    rows = []
    for i, text in enumerate(smiles):
        mol = Chem.MolFromSmiles(text)
        if mol is None:
            raise ValueError(f"molecule {i} does not parse: {text!r}")
        rows.append(morgan_row(mol))
    return stack(rows)


def stack(rows: Sequence[Row]) -> csr_array:
    """The rows as one (n, 2048) matrix."""
    lengths = [len(indices) for indices, _ in rows]
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    if not rows:
        return csr_array((0, SIZE), dtype=np.float32)
    indices = np.concatenate([r[0] for r in rows])
    counts = np.concatenate([r[1] for r in rows])
    return csr_array((counts, indices, indptr), shape=(len(rows), SIZE))


def bits(counts: csr_array) -> csr_array:
    """The same with every count set to 1."""
    return csr_array((np.ones_like(counts.data), counts.indices, counts.indptr), shape=counts.shape)


@cache
def generator() -> rdFingerprintGenerator.FingerprintGenerator64:
    """RDKit's generator with our settings."""
    return rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=SIZE, includeChirality=True)

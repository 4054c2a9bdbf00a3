"""Tanimoto similarity between sets of bit fingerprints."""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array

from yaokit.chem.fingerprints import bits, packed
from yaokit.chem.search import FingerprintIndex

_BLOCK = 2048
_FEW = 1000  # reference rows up to which the whole matrix is faster than an index


def tanimoto(queries: csr_array, reference: csr_array) -> np.ndarray:
    """(n, m) float32: bits in common over bits in either; two empty fingerprints give 0."""
    return np.concatenate([block for _, block in _blocks(queries, reference)])


def nearest(queries: csr_array, reference: csr_array, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """The k most similar reference rows: similarities and indices, both (n, k), best first.

    Ties are broken by index, so the answer does not depend on how queries are batched.
    """
    n, k = queries.shape[0], min(k, reference.shape[0])
    if reference.shape[0] > _FEW:
        hits = FingerprintIndex.build(packed(reference)).top(packed(queries), k)
        return hits.similarity.astype(np.float32).reshape(n, k), hits.index.reshape(n, k)
    values, indices = np.zeros((n, k), np.float32), np.zeros((n, k), np.int64)
    for start, block in _blocks(queries, reference):
        rows = slice(start, start + len(block))
        first = block.argmax(axis=1)[:, None]
        order = first if k == 1 else np.argsort(-block, axis=1, kind="stable")[:, :k]
        indices[rows] = order
        values[rows] = np.take_along_axis(block, order, axis=1)
    return values, indices


def _blocks(queries: csr_array, reference: csr_array) -> Iterator[tuple[int, np.ndarray]]:
    queries, reference = bits(queries), bits(reference)
    columns = reference.toarray().T.copy()
    sizes = columns.sum(axis=0)
    for start in range(0, max(queries.shape[0], 1), _BLOCK):
        part = queries[start : start + _BLOCK]
        common = np.asarray(part @ columns)
        either = part.sum(axis=1)[:, None] + sizes[None, :] - common
        yield start, np.divide(common, either, out=np.zeros_like(common), where=either > 0)

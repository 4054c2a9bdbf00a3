"""Tanimoto similarity between sets of fingerprints: of their bits, or of their counts."""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csc_array, csr_array

from yaokit.chem.fingerprints import bits, packed
from yaokit.chem.search import FingerprintIndex

_BLOCK = 2048
_WIDE = 1024  # reference rows compared at a time: what fits into a cache
_FEW = 1000  # reference rows up to which the whole matrix is faster than an index


def tanimoto(queries: csr_array, reference: csr_array) -> np.ndarray:
    """(n, m) float32: bits in common over bits in either; two empty fingerprints give 0."""
    return np.concatenate([block for _, block in _blocks(queries, reference)])


class MinMax:
    """Tanimoto similarity of counts to fixed reference rows: Σ min / Σ max over all columns.

    Ralaivola 2005, doi:10.1016/j.neunet.2005.07.009; a kernel for support vectors and Gaussian
    processes. Counts are whole numbers; two empty rows give 0. A count c becomes c bits, so that
    the sum of minima is a number of common bits; about 20 million pairs a second.
    """

    def __init__(self, reference: csr_array) -> None:
        steps, row_of = _steps(reference)
        self._codes, columns = np.unique(steps, return_inverse=True)
        self._sizes = np.bincount(row_of, minlength=reference.shape[0]).astype(np.float32)
        ones = np.ones(len(columns), np.float32)
        shape = (len(self._codes), reference.shape[0])
        self._bits = csc_array((ones, columns, _starts(row_of, shape[1])), shape=shape)

    def __call__(self, queries: csr_array) -> np.ndarray:
        """(n, m) float32, 0 to 1."""
        steps, row_of = _steps(queries)
        sizes = np.bincount(row_of, minlength=queries.shape[0]).astype(np.float32)
        place = np.minimum(np.searchsorted(self._codes, steps), max(len(self._codes) - 1, 0))
        shared = self._codes[place] == steps if len(self._codes) else np.zeros(len(steps), bool)
        indptr = _starts(row_of[shared], queries.shape[0])
        ones = np.ones(indptr[-1], np.float32)
        bits = csr_array((ones, place[shared], indptr), shape=(queries.shape[0], len(self._codes)))
        out = np.zeros((queries.shape[0], len(self._sizes)), np.float32)
        for start in range(0, len(self._sizes), _WIDE):
            part = slice(start, start + _WIDE)
            common = np.asarray(bits @ self._bits[:, part].toarray(order="C"))
            either = sizes[:, None] + self._sizes[part] - common
            np.divide(common, either, out=out[:, part], where=either > 0)
        return out


def _steps(counts: csr_array) -> tuple[np.ndarray, np.ndarray]:
    """A number for each column and each of 1, 2, … up to the count there, and the rows they belong to."""
    repeats = counts.data.astype(np.int64)
    ends = np.cumsum(repeats)
    level = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - repeats, repeats)
    steps = np.repeat(counts.indices.astype(np.int64), repeats) + counts.shape[1] * level
    return steps, np.repeat(np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr)), repeats)


def _starts(row_of: np.ndarray, n: int) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(np.bincount(row_of, minlength=n))])


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

"""Exact Tanimoto search: the most similar of thousands to billions of bit fingerprints.

The bits are kept by column. A block holds up to 131,072 fingerprints, sorted by how many bits they
have, as one row of words for each bit position; a query adds up the rows of the bits it has
(`bitplanes`), only some 40 of 2,048 for a drug-like molecule. Blocks whose sizes cannot reach the
similarity found so far are left out. Similarities are exactly RDKit's BulkTanimotoSimilarity.
"""

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from yaokit.chem.bitplanes import at_least, counts_at, kth_largest, planes_of, positions, transposed

BLOCK = 131_072  # fingerprints; a query reads 0.6 MB of a block, which fits the cache
_CHUNK = 256  # queries that go through the blocks together


@dataclass(frozen=True)
class Hits:
    """What n queries found: hits of query i are at offsets[i]:offsets[i + 1], best first."""

    offsets: np.ndarray  # (n + 1,) int64
    index: np.ndarray  # (hits,) int64; equally similar ones in ascending order
    similarity: np.ndarray  # (hits,) float64

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, query: int) -> tuple[np.ndarray, np.ndarray]:
        """Index and similarity of one query's hits."""
        query = range(len(self))[query]
        part = slice(self.offsets[query], self.offsets[query + 1])
        return self.index[part], self.similarity[part]


class FingerprintIndex:
    """Bit fingerprints that can be searched; `build` makes one, `indexfile` keeps it on disk."""

    def __init__(self, columns: np.ndarray, popcounts: np.ndarray, order: np.ndarray) -> None:
        """`columns` (blocks, bits, words) uint64; `popcounts` (n,) ascending; `order` (n,) their places."""
        self.columns, self.popcounts, self.order = columns, popcounts, order
        starts = np.arange(len(columns)) * self._rows
        self._lowest = popcounts[starts].astype(np.int64)
        self._highest = popcounts[np.minimum(starts + self._rows, len(order)) - 1].astype(np.int64)

    @classmethod
    def build(cls, packed: np.ndarray) -> "FingerprintIndex":
        """The index of (n, bytes) uint8 fingerprints as `fingerprints.packed` gives them."""
        popcounts, order, shape = layout(packed)
        columns = np.empty(shape, np.uint64)
        for b, block in enumerate(column_blocks(packed, order, shape)):
            columns[b] = block
        return cls(columns, popcounts, order)

    def __len__(self) -> int:
        return len(self.order)

    @property
    def n_bits(self) -> int:
        """Bits of a fingerprint."""
        return self.columns.shape[1]

    def top(self, queries: np.ndarray, k: int = 1, threshold: float = 0.0, threads: int = 1) -> Hits:
        """The k most similar to each query, as far as they reach `threshold`.

        `queries` (n, bytes) uint8. Ties go to the smaller index; an empty fingerprint is 0 to all.
        """
        if k < 1:
            raise ValueError(f"k is {k}; ask for at least one neighbor")
        return self._search(queries, min(k, len(self)), threshold, threads)

    def within(self, queries: np.ndarray, threshold: float, threads: int = 1) -> Hits:
        """All whose similarity to the query reaches `threshold`, which must be above 0."""
        if not threshold > 0:
            raise ValueError(f"threshold is {threshold}; it must be above 0, which everything reaches")
        return self._search(queries, None, threshold, threads)

    def _search(self, queries: np.ndarray, k: int | None, threshold: float, threads: int) -> Hits:
        queries = np.atleast_2d(queries)
        if queries.shape[1] * 8 != self.n_bits:
            raise ValueError(f"queries have {queries.shape[1] * 8} bits, the index {self.n_bits}")
        if threads < 1:
            raise ValueError(f"threads is {threads}; at least one is needed")
        searches = [_Search(query, k, threshold) for query in queries]
        by_size = sorted(searches, key=lambda search: search.popcount)
        size = max(1, min(_CHUNK, math.ceil(len(searches) / threads)))
        chunks = [by_size[s : s + size] for s in range(0, len(by_size), size)]
        if threads > 1:  # numpy works without the interpreter's lock
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(self._run, chunks))
        else:
            for chunk in chunks:
                self._run(chunk)
        return _joined([search.found() for search in searches])

    def _run(self, searches: Sequence["_Search"]) -> None:
        """Queries of like size go through the blocks together, the most promising blocks first."""
        middle = searches[len(searches) // 2].popcount
        best = _reachable(middle, self._lowest, self._highest)
        for b in np.argsort(-best, kind="stable"):
            part = slice(b * self._rows, (b + 1) * self._rows)
            for search in searches:
                if _reachable(search.popcount, self._lowest[b], self._highest[b]) >= search.threshold:
                    search.add(self.columns[b], self.popcounts[part], self.order[part])

    @property
    def _rows(self) -> int:
        return self.columns.shape[2] * 64


class _Search:
    """One query and the best it has met so far."""

    def __init__(self, query: np.ndarray, k: int | None, threshold: float) -> None:
        self.on = np.flatnonzero(np.unpackbits(query, bitorder="little"))
        self.popcount = len(self.on)
        self.threshold = threshold  # with k: also the k-th best similarity so far
        self._k = k
        self._index = [np.zeros(0, np.int64)]
        self._similarity = [np.zeros(0)]

    def add(self, columns: np.ndarray, popcounts: np.ndarray, order: np.ndarray) -> None:
        """Take in what one block has above the threshold."""
        planes = planes_of(columns[self.on])
        if self._k is not None and len(self._index[0]) < self._k:
            _, seen = self._reaching(planes, popcounts, kth_largest(planes, self._k))
            if len(seen) >= self._k:
                self.threshold = max(self.threshold, float(-np.partition(-seen, self._k - 1)[self._k - 1]))
        # common >= threshold · (either), and every fingerprint here has at least popcounts[0] bits
        floor = self.threshold * (self.popcount + int(popcounts[0])) / (1 + self.threshold)
        where, similarity = self._reaching(planes, popcounts, math.ceil(floor - 1e-6))
        if len(where):
            self._keep(order[where], similarity)

    def _reaching(self, planes: Any, popcounts: np.ndarray, floor: int) -> tuple[np.ndarray, np.ndarray]:
        where = positions(at_least(planes, floor))
        where = where[where < len(popcounts)]  # the last words of a block may be filled up
        common = counts_at(planes, where)
        either = self.popcount + popcounts[where].astype(np.int64) - common
        similarity = common / np.maximum(either, 1)
        reached = similarity >= self.threshold
        return where[reached], similarity[reached]

    def _keep(self, index: np.ndarray, similarity: np.ndarray) -> None:
        self._index.append(index)
        self._similarity.append(similarity)
        if self._k is not None:
            index, similarity = self.found()
            self._index, self._similarity = [index[: self._k]], [similarity[: self._k]]
            if len(index) >= self._k:
                self.threshold = max(self.threshold, float(similarity[self._k - 1]))

    def found(self) -> tuple[np.ndarray, np.ndarray]:
        """Index and similarity so far, best first."""
        index, similarity = np.concatenate(self._index), np.concatenate(self._similarity)
        order = np.lexsort((index, -similarity))
        return index[order], similarity[order]


def layout(packed: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[int, int, int]]:
    """Ascending popcounts (n,) uint16, the rows they belong to (n,) int64, and the shape of the columns."""
    if packed.ndim != 2 or packed.dtype != np.uint8 or not 0 < packed.shape[1] < 8192:
        raise ValueError(f"fingerprints are {packed.dtype} {packed.shape}; (n, bytes) uint8 is needed")
    n, n_bytes = packed.shape
    popcounts = np.concatenate(
        [np.zeros(0, np.uint16)]
        + [np.bitwise_count(packed[s : s + BLOCK]).sum(axis=1, dtype=np.uint16) for s in range(0, n, BLOCK)]
    )
    order = np.argsort(popcounts, kind="stable").astype(np.int64)
    blocks = math.ceil(n / BLOCK)
    words = math.ceil(n / (64 * blocks)) if blocks else 0
    return popcounts[order], order, (blocks, 8 * n_bytes, words)


def column_blocks(packed: np.ndarray, order: np.ndarray, shape: tuple[int, int, int]) -> Iterator[np.ndarray]:
    """The (bits, words) blocks of the index, one by one; only one is in memory."""
    rows = shape[2] * 64
    for start in range(0, len(order), max(rows, 1)):
        block = np.zeros((rows, packed.shape[1]), np.uint8)
        part = order[start : start + rows]
        block[: len(part)] = packed[part]
        yield transposed(block)


def _reachable(popcount: int, lowest: Any, highest: Any) -> Any:
    """The highest similarity that fingerprints of lowest to highest bits can have to one of `popcount`."""
    nearest = np.clip(popcount, lowest, highest)
    return np.minimum(popcount, nearest) / np.maximum(np.maximum(popcount, nearest), 1)


def _joined(found: Sequence[tuple[np.ndarray, np.ndarray]]) -> Hits:
    offsets = np.cumsum([0] + [len(index) for index, _ in found], dtype=np.int64)
    index = [np.zeros(0, np.int64)] + [index for index, _ in found]
    similarity = [np.zeros(0)] + [similarity for _, similarity in found]
    return Hits(offsets, np.concatenate(index), np.concatenate(similarity))

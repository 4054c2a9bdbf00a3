"""Butina clusters of similar molecules, exact and in flat memory."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from yaokit.chem.fingerprints import bits, morgan_counts
from yaokit.chem.split import group_folds

THRESHOLD = 0.5  # Tanimoto similarity from which molecules are neighbors
_BLOCK, _TILE = 1024, 4096  # rows compared at once
_AHEAD = 256  # possible centers looked up at once


def butina_folds(smiles: Sequence[str], k: int, seed: int) -> np.ndarray:
    """(n,) int64 fold numbers; molecules of one Butina cluster (THRESHOLD) share a fold."""
    clusters = butina(morgan_counts(smiles))
    return group_folds([str(c) for c in clusters], k, seed, "clusters of similar molecules")


def butina(fingerprints: csr_array, threshold: float = THRESHOLD) -> np.ndarray:
    """(n,) int64 cluster numbers, in the order in which the clusters are found.

    The molecule with the most neighbors and all of these are the first cluster; of what is left,
    the one that had the most neighbors comes next, and so on. Of equals the later row comes first,
    as in RDKit's ClusterData. Neighbors are counted in one pass and looked up again only around
    each center, so memory grows with n, not with its square.
    Source: Butina 1999, doi:10.1021/ci9803381.
    """
    rows = bits(fingerprints)
    n = rows.shape[0]
    neighbors = _Neighbors(rows, threshold)
    blocks = [neighbors(np.arange(a, min(a + _BLOCK, n))).sum(axis=1) for a in range(0, n, _BLOCK)]
    count = np.concatenate([np.zeros(0, np.int64), *blocks])
    order = np.lexsort((np.arange(n), count))[::-1]
    cluster, found = np.full(n, -1, np.int64), 0
    while len(order := order[cluster[order] < 0]):
        ahead, order = order[:_AHEAD], order[_AHEAD:]
        for center, near in zip(ahead, neighbors(ahead), strict=True):
            if cluster[center] < 0:
                cluster[near & (cluster < 0)] = found
                found += 1
    return cluster


class _Neighbors:
    """Which rows are at least `threshold` similar to the rows asked for."""

    def __init__(self, rows: csr_array, threshold: float) -> None:
        self.rows, self.threshold = rows, threshold
        self.sizes = np.asarray(rows.sum(axis=1))

    def __call__(self, asked: np.ndarray) -> np.ndarray:
        """(len(asked), n) bool; a row is its own neighbor."""
        near = np.empty((len(asked), self.rows.shape[0]), bool)
        queries, sizes = self.rows[asked], self.sizes[asked, None]
        for start in range(0, near.shape[1], _TILE):
            tile = slice(start, start + _TILE)
            common = (queries @ self.rows[tile].toarray().T).astype(np.float64)
            either = np.maximum(sizes + self.sizes[None, tile] - common, 1)
            near[:, tile] = common / either >= self.threshold
        near[np.arange(len(asked)), asked] = True
        return near

"""Butina clusters of similar molecules, exact and in flat memory."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from yaokit.chem.fingerprints import flat_morgan
from yaokit.chem.search import FingerprintIndex
from yaokit.chem.split import group_folds

THRESHOLD = 0.5  # Tanimoto similarity from which molecules are neighbors
_BLOCK = 1024  # rows compared at once
_AHEAD = 256  # possible centers looked up at once


def butina_folds(smiles: Sequence[str], k: int, seed: int) -> np.ndarray:
    """(n,) int64 fold numbers; molecules of one Butina cluster (THRESHOLD) share a fold.

    Mirror images are alike here, so that no fold asks about the enantiomer of what was learned.
    """
    clusters = butina(flat_morgan(smiles))
    return group_folds([str(c) for c in clusters], k, seed, "clusters of similar molecules")


def butina(fingerprints: csr_array, threshold: float = THRESHOLD) -> np.ndarray:
    """(n,) int64 cluster numbers, in the order in which the clusters are found.

    The molecule with the most neighbors and all of these are the first cluster; of what is left,
    the one that had the most neighbors comes next, and so on. Of equals the later row comes first,
    as in RDKit's ClusterData. Neighbors are counted in one pass and looked up again only around
    each center, so memory grows with n, not with its square.
    Source: Butina 1999, doi:10.1021/ci9803381.
    """
    packed = _packed(fingerprints)
    index, n = FingerprintIndex.build(packed), len(packed)
    counts = [np.diff(index.within(packed[a : a + _BLOCK], threshold).offsets) for a in range(0, n, _BLOCK)]
    count = np.concatenate([np.zeros(0, np.int64), *counts])
    order = np.lexsort((np.arange(n), count))[::-1]
    cluster, found = np.full(n, -1, np.int64), 0
    while len(order := order[cluster[order] < 0]) and count[order[0]] > 1:
        ahead, order = order[:_AHEAD], order[_AHEAD:]
        around = index.within(packed[ahead], threshold)
        for i, center in enumerate(ahead):
            if cluster[center] < 0:
                near = around[i][0]
                cluster[near[cluster[near] < 0]] = cluster[center] = found
                found += 1
    alone = order[cluster[order] < 0]
    cluster[alone] = found + np.arange(len(alone))
    return cluster


def _packed(fingerprints: csr_array) -> np.ndarray:
    """(n, bytes) uint8, the lowest bit first."""
    n, size = fingerprints.shape[0], fingerprints.shape[1]
    out = np.zeros((n, size // 8), np.uint8)
    for a in range(0, n, _BLOCK):
        out[a : a + _BLOCK] = np.packbits(
            fingerprints[a : a + _BLOCK].toarray() > 0, axis=1, bitorder="little"
        )
    return out

"""Trade-offs: Pareto fronts, and a choice that is not ten times the same scaffold."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from yaokit.chem.similarity import tanimoto


def pareto_front(values: np.ndarray, maximize: Sequence[bool]) -> np.ndarray:
    """(n,) int64: the front each row of `values` (n, k) is on, 1 = not dominated; 0 = has NaN.

    A row is dominated by one at least as good in every column and better in one. Its front is one
    more than the highest front among those that dominate it (exact; 20,000 rows in seconds).
    """
    values = np.asarray(values, float)
    if values.ndim != 2 or values.shape[1] != len(maximize):
        raise ValueError(f"values have shape {values.shape}, but there are {len(maximize)} directions")
    signed = np.where(np.asarray(maximize, bool), values, -values)
    known = ~np.isnan(signed).any(axis=1)
    front = np.zeros(len(values), np.int64)
    if known.any() and values.shape[1]:
        distinct, inverse = np.unique(signed[known], axis=0, return_inverse=True)
        front[known] = _fronts(distinct[::-1])[::-1][inverse.ravel()]
    return front


def diverse_pick(
    order: Sequence[int] | np.ndarray,
    scaffolds: Sequence[str],
    n: int,
    per_scaffold: int = 3,
    fingerprints: csr_array | None = None,
    max_similarity: float = 1.0,
) -> np.ndarray:
    """Up to n of `order` (row numbers, best first), in that order, none much like another.

    At most `per_scaffold` of one scaffold; with `fingerprints` (one row per molecule), none whose
    Tanimoto similarity to one picked before is above `max_similarity`. Fewer than n if no more fit.
    """
    picked: list[int] = []
    used: Counter[str] = Counter()
    for i in map(int, order):
        if len(picked) >= n:
            break
        if used[scaffolds[i]] >= per_scaffold or _closest(fingerprints, i, picked) > max_similarity:
            continue
        picked.append(i)
        used[scaffolds[i]] += 1
    return np.array(picked, np.int64)


def _closest(fingerprints: csr_array | None, i: int, picked: list[int]) -> float:
    if fingerprints is None or not picked:
        return 0.0
    return float(tanimoto(fingerprints[[i]], fingerprints[picked]).max())


def _fronts(rows: np.ndarray) -> np.ndarray:
    """Fronts of distinct rows in descending lexicographic order, where no row dominates an earlier one."""
    front = np.ones(len(rows), np.int64)
    columns = [np.ascontiguousarray(column) for column in rows.T[1:]]  # the first is in order already
    for i in range(1, len(rows)):
        better = np.ones(i, bool)
        for column in columns:
            better &= column[:i] >= column[i]
        front[i] = front[:i].max(where=better, initial=0) + 1
    return front

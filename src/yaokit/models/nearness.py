"""How similar molecules are to those that each task was learned from."""

from typing import Any

import numpy as np

from yaokit.chem.similarity import nearest
from yaokit.models.targets import Targets


def learned_from(y: Targets) -> np.ndarray:
    """(n, tasks) bool: a measured value that counts; no bound, and none of weight 0."""
    return y.exact & (y.weights > 0)


def similarities(X: Any, training: Any, learned: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of rows of "fp": Tanimoto to the nearest of `training`, (n,), and of each task, (n, tasks); float64.

    `learned` (m, tasks) bool: the training rows of each task; 0 where it has none. A task searches again
    only for rows whose nearest is not its own, and tasks of the same rows search once.
    """
    values, at = (found[:, 0] for found in nearest(X, training))
    known: dict[bytes, np.ndarray] = {}
    for own in learned.T:
        if own.tobytes() not in known:
            known[own.tobytes()] = _of_task(X, training, own, values, at)
    return values.astype(np.float64), np.stack([known[own.tobytes()] for own in learned.T], axis=1)


def _of_task(X: Any, training: Any, own: np.ndarray, values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """(n,) to the nearest row of one task, from that to the nearest of all and its number."""
    out, elsewhere = values.astype(np.float64), np.flatnonzero(~own[at])
    if len(elsewhere):
        out[elsewhere] = nearest(X[elsewhere], training[np.flatnonzero(own)])[0][:, 0] if own.any() else 0.0
    return out

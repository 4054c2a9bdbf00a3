"""Several models as one: non-negative weights from out-of-fold predictions."""

import numpy as np
from scipy.optimize import nnls


def stack_weights(predicted: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """(members,) float64, non-negative, sum 1: least squares of (n, members) against (n,).

    `weight`: (n,), how much a row counts.
    """
    root = np.sqrt(np.ones(len(y)) if weight is None else weight)
    center = y.mean()
    weights, _ = nnls((predicted - center) * root[:, None], (y - center) * root)
    if weights.sum() <= 0:
        return np.full(predicted.shape[1], 1 / predicted.shape[1])
    return weights / weights.sum()


def combine(mean: np.ndarray, spread: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The weighted mean of (n, members) and its spread: between members and within them."""
    center = mean @ weights
    variance = ((mean - center[:, None]) ** 2 + spread**2) @ weights
    return center, np.sqrt(variance)

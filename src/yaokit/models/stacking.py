"""Several models as one: non-negative weights from out-of-fold predictions."""

import numpy as np
from scipy.optimize import nnls

_SURE = 1e-3  # nobody is surer of a class than this
_PRIOR = 2.0  # molecules that each member explains beforehand
_MAX_ROUNDS, _SETTLED = 1_000, 1e-6


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


def class_weights(
    predicted: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None, copies: float = 1.0
) -> np.ndarray:
    """(members,) float64, positive, sum 1: highest likelihood of (n,) classes, drawn to equal ones.

    A member's weight is its share in explaining the classes (expectation–maximization of a mixture),
    as if each had explained 2 more molecules: with few rows likelihood alone trusts luck. Out of
    fold on six TDC tasks of 400 to 600 rows this beat least squares, likelihood alone and equal
    weights in log loss. `weight`: (n,), how much a row counts; `copies`: how often a molecule is there.
    """
    probability = np.clip(predicted, _SURE, 1 - _SURE)
    likelihood = np.where(y[:, None] > 0.5, probability, 1 - probability)
    row = np.ones(len(y)) if weight is None else weight / weight.mean()
    n_members, prior = predicted.shape[1], _PRIOR * copies
    weights = np.full(n_members, 1 / n_members)
    for _ in range(_MAX_ROUNDS):
        shares = likelihood * weights
        shares *= (row / shares.sum(axis=1))[:, None]
        found = (shares.sum(axis=0) + prior) / (len(y) + prior * n_members)
        settled = np.abs(found - weights).max() < _SETTLED
        weights = found
        if settled:
            break
    return weights / weights.sum()


def combine(mean: np.ndarray, spread: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The weighted mean of (n, members) and its spread: between members and within them."""
    center = mean @ weights
    variance = ((mean - center[:, None]) ** 2 + spread**2) @ weights
    return center, np.sqrt(variance)

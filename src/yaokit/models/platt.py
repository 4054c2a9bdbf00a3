"""Scores of a class as probabilities: a logistic of two parameters (Platt 1999)."""

import numpy as np
from scipy.optimize import minimize


def logistic(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)), without overflow."""
    return 0.5 * (1 + np.tanh(z / 2))


def fit_logistic(score: np.ndarray, label: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, float]:
    """(slope > 0, shift) of the logistic with the least log loss of (n,) labels 0 and 1, and that loss.

    Labels are pulled in a little, as Platt does, so that a perfect separation stays finite.
    """
    positive, negative = weight[label > 0].sum(), weight[label == 0].sum()
    wanted = np.where(label > 0, (positive + 1) / (positive + 2), 1 / (negative + 2))
    share = weight / weight.sum()

    def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
        slope = np.exp(at[0])
        z = slope * score + at[1]
        error = share * (logistic(z) - wanted)
        return float(share @ (np.logaddexp(0, z) - wanted * z)), np.array(
            [error @ score * slope, error.sum()]
        )

    start = np.array([0.0, np.log(positive / negative)])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(-7, 5), (-20, 20)])
    return np.array([np.exp(found.x[0]), found.x[1]]), float(found.fun)

"""How well scores put the positives first: whole-list measures and those of the top alone.

Every function takes (n,) labels (0 or 1) and (n,) scores, higher = rather positive.
Equal scores share their places, so that the order of the rows never changes a number. NaN where
a class is missing, and of no rows.
"""

from typing import NamedTuple

import numpy as np

HIT_SHARE = 0.10  # a hit is a measured value among the best tenth


class Curve(NamedTuple):
    """Points of a curve, (m,) each, one per distinct score from the highest down."""

    x: np.ndarray
    y: np.ndarray
    score: np.ndarray  # rows with at least this score count as positive


class _Steps(NamedTuple):
    """The list from the top down, a step per distinct score."""

    n: np.ndarray  # (m,) rows of the step
    positive: np.ndarray  # (m,) positives among them
    score: np.ndarray  # (m,)


def roc(y: np.ndarray, score: np.ndarray) -> Curve:
    """False positive rate against true positive rate, from (0, 0) at a score of infinity."""
    steps = _steps(y, score)
    negatives, positives = np.cumsum(steps.n - steps.positive), np.cumsum(steps.positive)
    x, rate = _share(negatives), _share(positives)
    return Curve(np.r_[0.0, x], np.r_[0.0, rate], np.r_[np.inf, steps.score])


def precision_recall(y: np.ndarray, score: np.ndarray) -> Curve:
    """Recall against precision, by falling score."""
    steps = _steps(y, score)
    positives = np.cumsum(steps.positive)
    return Curve(_share(positives), positives / np.cumsum(steps.n), steps.score)


def auroc(y: np.ndarray, score: np.ndarray) -> float:
    """Chance that a positive stands above a negative; equal scores count half."""
    if not len(y):
        return float("nan")
    curve = roc(y, score)
    return float(np.sum(np.diff(curve.x) * (curve.y[1:] + curve.y[:-1]) / 2))


def auprc(y: np.ndarray, score: np.ndarray) -> float:
    """Average precision: the precision at each positive, averaged."""
    if y.all():
        return float("nan")
    curve = precision_recall(y, score)
    return float(np.sum(np.diff(np.r_[0.0, curve.x]) * curve.y))


def bedroc(y: np.ndarray, score: np.ndarray, alpha: float = 20.0) -> float:
    """Early recognition, 0 to 1; alpha 20: the first 8 % make 80 % of it. doi:10.1021/ci600426e"""
    steps = _steps(y, score)
    n, share = int(steps.n.sum()), _positive_share(steps)
    if not 0 < share < 1:
        return float("nan")
    weight = np.exp(-alpha * np.arange(1, n + 1) / n)
    of_step = np.add.reduceat(weight, np.cumsum(steps.n) - steps.n) / steps.n
    found = np.sum(of_step * steps.positive) / (share * weight.sum())
    best = (1 - np.exp(-alpha * share)) / (share * (1 - np.exp(-alpha)))
    worst = (1 - np.exp(alpha * share)) / (share * (1 - np.exp(alpha)))
    return float((found - worst) / (best - worst))


def enrichment(y: np.ndarray, score: np.ndarray, share: float = 0.01) -> float:
    """Positives in the first `share` of the list (rounded up) over what chance would put there."""
    steps = _steps(y, score)
    n, positive = int(steps.n.sum()), _positive_share(steps)
    k = int(np.ceil(n * share - 1e-9))
    return _found(steps, k) / (k * positive) if k and positive else float("nan")


def hit_rate(y: np.ndarray, score: np.ndarray, k: int = 50) -> float:
    """Share of positives among the k highest scores (`top_count` of them), 0 without any."""
    k = top_count(len(y), k)
    return _found(_steps(y, score), k) / k if len(y) else float("nan")


def hits(values: np.ndarray, maximize: bool = True) -> np.ndarray:
    """(n,) bool: among the best tenth; their share, above 0.1 where values tie, is that of chance."""
    signed = values if maximize else -values
    return signed >= np.quantile(signed, 1 - HIT_SHARE)


def top_count(n: int, k: int = 50) -> int:
    """How many of n count as "the best predicted": k, at most a fifth, at least one."""
    return min(k, max(1, n // 5))


def picked(score: np.ndarray, k: int) -> np.ndarray:
    """(n,) how much of each row is among the k highest: 1, 0, or a share of those that tie for the last."""
    cut = np.sort(score)[::-1][k - 1]
    above, at = score > cut, score == cut
    return above + at * ((k - above.sum()) / at.sum())


def _steps(y: np.ndarray, score: np.ndarray) -> _Steps:
    order = np.argsort(-np.asarray(score, np.float64), kind="stable")
    falling, positive = np.asarray(score, np.float64)[order], (np.asarray(y)[order] > 0).astype(np.float64)
    if not len(order):
        return _Steps(np.zeros(0), np.zeros(0), falling)
    starts = np.flatnonzero(np.r_[True, np.diff(falling) != 0])
    sizes = np.diff(np.r_[starts, len(falling)])
    return _Steps(sizes, np.add.reduceat(positive, starts), falling[starts])


def _share(counts: np.ndarray) -> np.ndarray:
    """Growing counts as a share of the last; NaN if that is 0."""
    whole = counts[-1] if len(counts) and counts[-1] else np.nan
    return counts / whole


def _positive_share(steps: _Steps) -> float:
    return float(steps.positive.sum() / steps.n.sum()) if len(steps.n) else 0.0


def _found(steps: _Steps, k: int) -> float:
    """Positives expected among the first k: of a step cut in two, its share."""
    before = np.cumsum(steps.n) - steps.n
    return float(np.sum(steps.positive * np.clip((k - before) / steps.n, 0, 1)))

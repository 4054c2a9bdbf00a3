"""How good predictions are, with what spread, and whether one model beats another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import stats

HIT_SHARE = 0.10  # a hit is a measured value among the best tenth


def regression_metrics(y: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """rmse, mae, r2 and spearman of (n,) values; NaN where n or the spread of y is too small."""
    error = predicted - y
    varies = len(y) > 2 and y.std() > 0
    ranked = varies and predicted.std() > 0
    return {
        "rmse": float(np.sqrt(np.mean(error**2))),
        "mae": float(np.mean(np.abs(error))),
        "r2": float(1 - np.sum(error**2) / np.sum((y - y.mean()) ** 2)) if varies else float("nan"),
        "spearman": float(stats.spearmanr(y, predicted).statistic) if ranked else float("nan"),
    }


def hit_rate(y: np.ndarray, predicted: np.ndarray, k: int = 50, maximize: bool = True) -> float:
    """Share of the k best predicted that are among the measured best tenth (see `hits`)."""
    sign = 1.0 if maximize else -1.0
    best = np.argsort(-sign * predicted, kind="stable")[: top_count(len(y), k)]
    return float(hits(y, maximize)[best].mean())


def hits(y: np.ndarray, maximize: bool = True) -> np.ndarray:
    """(n,) bool: among the best tenth; their share, above 0.1 where values tie, is that of chance."""
    signed = y if maximize else -y
    return signed >= np.quantile(signed, 1 - HIT_SHARE)


def top_count(n: int, k: int = 50) -> int:
    """How many of n count as "the best predicted": k, at most a fifth, at least one."""
    return min(k, max(1, n // 5))


def summarize(values: Sequence[float], test_share: float) -> dict[str, float | None]:
    """mean, std and the 95 % interval of a metric over folds of repeated cross-validation.

    Folds share training rows, so the variance is corrected (Nadeau & Bengio 2003,
    doi:10.1023/A:1024068626366). None = unknown (fewer than two folds).
    """
    known = np.array([v for v in values if np.isfinite(v)])
    if not len(known):
        return {"mean": None, "std": None, "low": None, "high": None}
    mean = float(known.mean())
    if len(known) < 2:
        return {"mean": mean, "std": None, "low": None, "high": None}
    half = float(stats.t.ppf(0.975, len(known) - 1)) * _corrected_error(known, test_share)
    return {"mean": mean, "std": float(known.std(ddof=1)), "low": mean - half, "high": mean + half}


@dataclass(frozen=True)
class Comparison:
    """A paired test of two models' errors over the same folds."""

    difference: float  # first minus second; negative: the first has the smaller error
    low: float  # 95 % interval of the difference
    high: float
    p: float
    effect_size: float  # difference over its standard deviation between folds
    n_folds: int
    better: bool  # the first is better beyond the noise (p < 0.05)


def compare(first: Sequence[float], second: Sequence[float], test_share: float) -> Comparison:
    """Corrected resampled t-test (Nadeau & Bengio 2003) on the errors of the same folds."""
    d = np.asarray(first, float) - np.asarray(second, float)
    d = d[np.isfinite(d)]
    if len(d) < 2:
        nan = float("nan")
        return Comparison(float(d.mean()) if len(d) else nan, nan, nan, nan, nan, len(d), False)
    mean, error = float(d.mean()), _corrected_error(d, test_share)
    p = float(2 * stats.t.sf(abs(mean) / error, len(d) - 1)) if error else float(mean == 0)
    half = float(stats.t.ppf(0.975, len(d) - 1) * error)
    effect = mean / float(d.std(ddof=1)) if error else 0.0
    return Comparison(mean, mean - half, mean + half, p, effect, len(d), p < 0.05 and mean < 0)


def error_by(value: np.ndarray, error: np.ndarray, edges: Sequence[float]) -> list[Mapping[str, float]]:
    """rmse and mae of the rows whose `value` falls between neighboring edges; empty bins left out."""
    rows = []
    for low, high in pairwise(edges):
        inside = (value >= low) & ((value < high) | (high == edges[-1]))
        if inside.any():
            e = error[inside]
            rows.append(
                {
                    "low": float(low),
                    "high": float(high),
                    "n": int(inside.sum()),
                    "rmse": float(np.sqrt(np.mean(e**2))),
                    "mae": float(np.mean(np.abs(e))),
                }
            )
    return rows


def _corrected_error(values: np.ndarray, test_share: float) -> float:
    n = len(values)
    return float(np.sqrt((1 / n + test_share / (1 - test_share)) * values.var(ddof=1)))

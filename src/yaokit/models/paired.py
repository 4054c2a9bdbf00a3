"""What a metric is over folds, and whether one model beats another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from yaokit.core.seed import rng
from yaokit.models.metrics import METRICS, score

_DRAWS = 2_000
_SAME = 1e-9  # of a difference: less spread than this is noise of the arithmetic
_FEWEST = 10  # test rows from which drawing them again says something


@dataclass(frozen=True)
class Comparison:
    """A paired test of one metric of two models on the same molecules."""

    difference: float  # first minus second
    low: float  # 95 % interval of the difference
    high: float
    p: float
    effect_size: float  # difference over its standard deviation between folds; NaN without any
    n_folds: int
    better: bool  # the first is better beyond the noise (p < 0.05)
    metric: str = "rmse"  # a key of METRICS, which says whether higher is better


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


def compare(
    first: Sequence[float], second: Sequence[float], test_share: float, metric: str = "rmse"
) -> Comparison:
    """Corrected resampled t-test (Nadeau & Bengio 2003) on a metric of the same folds.

    Equal differences in all folds have no spread to test against: p, interval and effect size are
    then NaN, unless the two models are equal.
    """
    d = np.asarray(first, float) - np.asarray(second, float)
    d = d[np.isfinite(d)]
    nan = float("nan")
    if not d.any() and len(d) > 1:
        return Comparison(0.0, 0.0, 0.0, 1.0, 0.0, len(d), False, metric)
    if len(d) < 2 or np.ptp(d) <= _SAME * np.abs(d).max():
        return Comparison(float(d.mean()) if len(d) else nan, nan, nan, nan, nan, len(d), False, metric)
    mean, error = float(d.mean()), _corrected_error(d, test_share)
    p = float(2 * stats.t.sf(abs(mean) / error, len(d) - 1))
    half = float(stats.t.ppf(0.975, len(d) - 1) * error)
    effect = mean / float(d.std(ddof=1))
    better = p < 0.05 and _wins(mean, metric)
    return Comparison(mean, mean - half, mean + half, p, effect, len(d), better, metric)


def compare_rows(y: np.ndarray, first: np.ndarray, second: np.ndarray, metric: str = "rmse") -> Comparison:
    """The difference of (n,) predictions on one test set, where folds cannot tell.

    Interval and p by drawing test rows again: paired bootstrap with 2,000 draws; NaN below 10 rows,
    where it says nothing. A draw without both classes is left out.
    """

    def difference(at: np.ndarray) -> float:
        return score(metric, y[at], first[at]) - score(metric, y[at], second[at])

    found, nan = difference(np.arange(len(y))), float("nan")
    if len(y) < _FEWEST or not np.isfinite(found):
        return Comparison(found, nan, nan, nan, nan, 1, False, metric)
    draw = rng(0, "paired rows")
    drawn = np.array([difference(draw.integers(0, len(y), len(y))) for _ in range(_DRAWS)])
    drawn = drawn[np.isfinite(drawn)]
    low, high = (float(q) for q in np.quantile(drawn, [0.025, 0.975]))
    p = min(1.0, 2 * (1 + min(int((drawn <= 0).sum()), int((drawn >= 0).sum()))) / (1 + len(drawn)))
    spread = float(drawn.std())
    effect = found / spread if spread > _SAME * abs(found) else nan if found else 0.0
    return Comparison(found, low, high, p, effect, 1, p < 0.05 and _wins(found, metric), metric)


def _wins(difference: float, metric: str) -> bool:
    return difference > 0 if METRICS[metric].better == "higher" else difference < 0


def _corrected_error(values: np.ndarray, test_share: float) -> float:
    n = len(values)
    return float(np.sqrt((1 / n + test_share / (1 - test_share)) * values.var(ddof=1)))

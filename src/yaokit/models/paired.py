"""What a metric is over folds, and whether one model beats another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations

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
    first: Sequence[float] | np.ndarray,
    second: Sequence[float] | np.ndarray,
    test_share: float,
    metric: str = "rmse",
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
    return compare_drawn(drawn(y, first, metric), drawn(y, second, metric), metric)


def drawn(y: np.ndarray, predicted: np.ndarray, metric: str) -> np.ndarray:
    """(1 + 2,000,) the metric of all rows, then of rows drawn again, alike for any model; (1,) below 10."""
    draw, n = rng(0, "paired rows"), len(y)
    again = (draw.integers(0, n, n) for _ in range(_DRAWS if n >= _FEWEST else 0))
    return np.array([score(metric, y[at], predicted[at]) for at in chain([np.arange(n)], again)])


def compare_drawn(first: np.ndarray, second: np.ndarray, metric: str) -> Comparison:
    """What `compare_rows` says, of two results of `drawn`.

    Where no draw lies on the other side, their number alone would bound p from below: then p is that of
    a normal distribution with the spread of the draws, if that is smaller.
    """
    d, nan = first - second, float("nan")
    found, draws = float(d[0]), d[1:][np.isfinite(d[1:])]
    if not len(draws) or not np.isfinite(found):
        return Comparison(found, nan, nan, nan, nan, 1, False, metric)
    low, high = (float(q) for q in np.quantile(draws, [0.025, 0.975]))
    beyond, spread = min(int((draws <= 0).sum()), int((draws >= 0).sum())), float(draws.std())
    p = min(1.0, 2 * (1 + beyond) / (1 + len(draws)))
    if not beyond and spread > 0:
        p = min(p, float(2 * stats.norm.sf(abs(found) / spread)))
    effect = found / spread if spread > _SAME * abs(found) else nan if found else 0.0
    return Comparison(found, low, high, p, effect, 1, p < 0.05 and _wins(found, metric), metric)


def every_pair(
    models: Sequence[str], test: Callable[[str, str], Comparison]
) -> list[tuple[str, str, Comparison]]:
    """Every two models, the better first; p is of all these tests together.

    Holm 1979, jstor.org/stable/4615733. A pair whose p is unknown is no test. Intervals stay those of
    single comparisons.
    """
    found = []
    for first, second in combinations(models, 2):
        it = test(first, second)
        is_worse = it.difference and not _wins(it.difference, it.metric)
        found.append((second, first, _turned(it)) if is_worse else (first, second, it))
    known = [i for i, (*_, it) in enumerate(found) if np.isfinite(it.p)]
    tested = sorted(known, key=lambda i: found[i][2].p)
    least = 0.0
    for rank, i in enumerate(tested):
        first, second, it = found[i]
        least = max(least, min(1.0, it.p * (len(tested) - rank)))
        better = least < 0.05 and _wins(it.difference, it.metric)
        found[i] = (first, second, replace(it, p=least, better=better))
    return found


def _turned(it: Comparison) -> Comparison:
    """The same comparison, second against first."""
    low, high, difference, effect = -it.high, -it.low, -it.difference, -it.effect_size
    better = it.p < 0.05 and _wins(difference, it.metric)
    return replace(it, difference=difference, low=low, high=high, effect_size=effect, better=better)


def _wins(difference: float, metric: str) -> bool:
    return difference > 0 if METRICS[metric].better == "higher" else difference < 0


def _corrected_error(values: np.ndarray, test_share: float) -> float:
    n = len(values)
    return float(np.sqrt((1 / n + test_share / (1 - test_share)) * values.var(ddof=1)))

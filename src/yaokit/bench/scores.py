"""The measures of published benchmarks, and how sure a test set lets us be of one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from yaokit.core.seed import rng
from yaokit.models.metrics import METRICS

DRAWS = 1_000


@dataclass(frozen=True)
class Measure:
    """A number for (n,) values and predictions."""

    of: Callable[[np.ndarray, np.ndarray], float]
    label: str
    higher: bool  # is better
    ranks: bool = False  # only the order of predictions counts
    digits: int = 3

    def reaches(self, value: float, goal: float) -> bool:
        """Whether a value, as it would be printed, is as good as the goal."""
        value = round(value, self.digits)
        return value >= goal if self.higher else value <= goal

    def behind(self, value: float, best: float) -> float:
        """How far a value is behind the best, as a share of the best; negative: ahead."""
        return (best - value if self.higher else value - best) / best


MEASURES = {
    name: Measure(METRICS[name].of, METRICS[name].label, METRICS[name].better == "higher", ranks)
    for name, ranks in {"mae": False, "rmse": False, "spearman": True, "auroc": True, "auprc": True}.items()
}


def interval(measure: Measure, y: np.ndarray, runs: Sequence[np.ndarray]) -> tuple[float, float]:
    """95 % of the measure's mean over runs (each (n,) predictions) when test rows are drawn again."""
    return _middle([_mean(measure, y, runs, at) for at in _draws(y)])


def gain(
    measure: Measure, y: np.ndarray, runs: Sequence[np.ndarray], others: Sequence[np.ndarray]
) -> tuple[float, float]:
    """The same of how much better `runs` are than `others` on the same rows; below 0: worse."""
    sign = 1 if measure.higher else -1
    return _middle([sign * (_mean(measure, y, runs, at) - _mean(measure, y, others, at)) for at in _draws(y)])


def _draws(y: np.ndarray) -> Iterator[np.ndarray]:
    """(n,) rows, DRAWS times; without draws of one value alone, of which there is no AUROC."""
    draw, n = rng(0, "test rows"), 0
    while n < DRAWS:
        at = draw.integers(0, len(y), len(y))
        if y[at].min() < y[at].max():
            n += 1
            yield at


def _mean(measure: Measure, y: np.ndarray, runs: Sequence[np.ndarray], at: np.ndarray) -> float:
    return float(np.mean([measure.of(y[at], run[at]) for run in runs]))


def _middle(values: Sequence[float]) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)

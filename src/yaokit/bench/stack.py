"""Which members count how much, and on which scale: decided out of fold, by the task's own measure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from yaokit.bench.fits import Fit, Learning
from yaokit.bench.scores import Measure
from yaokit.models.stacking import stack_weights

SKEWED = 1.0  # skewness from which other scales are tried
LEAST = 0.01  # share of a member worth fitting again


@dataclass(frozen=True)
class Choice:
    """A stack for one task."""

    scale: str
    weights: dict[str, float]  # label → share; those that count
    score: float  # out of fold, in the task's measure
    alone: dict[str, float]  # label → its score out of fold, on this scale

    def combine(self, said: Mapping[str, np.ndarray]) -> np.ndarray:
        """(n,) on the scale from (n,) of each member that counts."""
        return sum((share * said[label] for label, share in self.weights.items()), np.zeros(1))

    def settings(self) -> dict[str, Any]:
        return {"scale": self.scale, "weights": self.weights, "score": self.score, "alone": self.alone}


def scales_for(y: np.ndarray) -> tuple[str, ...]:
    """What is tried for (n,) measured numbers: the plain scale, and for skewed values two others."""
    if abs(stats.skew(y)) < SKEWED:
        return ("linear",)
    return ("linear", "log", "rank") if y.min() >= 0 else ("linear", "rank")


def choose(learning: Learning, labels: Sequence[str], scales: Sequence[str], measure: Measure) -> Choice:
    """The scale and weights that are best out of fold (of one task)."""
    said = {fit: mean[:, 0] for fit, mean in learning.out_of_fold(labels, scales).items()}
    choices = [_stacked(said, labels, scale, learning, measure) for scale in scales]
    return max(choices, key=lambda choice: choice.score if measure.higher else -choice.score)


def raw(learning: Learning, scale: str, on_scale: np.ndarray, measure: Measure) -> np.ndarray:
    """(n,) predictions as the measure needs them: in the task's unit, or as they rank."""
    return on_scale if measure.ranks else learning.scaled(scale).inverse(on_scale)


def _stacked(
    said: Mapping[Fit, np.ndarray], labels: Sequence[str], scale: str, learning: Learning, measure: Measure
) -> Choice:
    y = learning.y.values[:, 0]
    every = np.stack([said[Fit(label, scale)] for label in labels], axis=1)
    alone = {label: measure.of(y, raw(learning, scale, said[Fit(label, scale)], measure)) for label in labels}
    weights = stack_weights(every, learning.scaled(scale).forward(y))
    shares = {label: float(w) for label, w in zip(labels, weights, strict=True) if w > LEAST}
    shares = {label: share / sum(shares.values()) for label, share in shares.items()}
    together = every @ np.array([shares.get(label, 0.0) for label in labels])
    return Choice(scale, shares, measure.of(y, raw(learning, scale, together, measure)), alone)

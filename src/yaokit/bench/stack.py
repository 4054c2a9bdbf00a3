"""Which members count how much, and on which scale: decided out of fold, by the task's own measure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from yaokit.bench.fits import Fit, Learning
from yaokit.bench.scores import MEASURES, Measure
from yaokit.models.scales import scales_for
from yaokit.models.stacking import WAYS, log_odds, weighed_apart
from yaokit.models.targets import CLASSIFICATION

__all__ = ["Choice", "choose", "raw", "scales_for"]

LEAST = 0.01  # share of a member worth fitting again
DEAR = ("boosting", "gnn", "transformer", "rnn", "cnn")


@dataclass(frozen=True)
class Choice:
    """A stack for one task."""

    scale: str
    way: str  # a key of stacking.WAYS
    weights: dict[str, float]  # label → share; those that count
    score: float  # out of fold, in the task's measure, the weights from other folds too
    alone: dict[str, float]  # label → its score out of fold, on this scale
    is_class: bool

    def combine(self, said: Mapping[str, np.ndarray]) -> np.ndarray:
        """(n,) on the scale, or probabilities, from (n,) of each member that counts."""
        on = log_odds if self.is_class else np.asarray
        joined = np.sum([share * on(said[label]) for label, share in self.weights.items()], axis=0)
        return expit(joined) if self.is_class else joined

    def settings(self) -> dict[str, Any]:
        """For a part of the results."""
        return {
            "scale": self.scale,
            "way": self.way,
            "weights": self.weights,
            "score": self.score,
            "alone": self.alone,
        }


def choose(learning: Learning, labels: Sequence[str], scales: Sequence[str], measure: Measure) -> Choice:
    """The scale and the way to weigh members that are best out of fold (of one task).

    What is said of a fold is weighed as the other folds tell (stacking.weighed_apart). Probabilities are
    joined as log-odds. Of several scales, the members that are quick tell the best one.
    """
    if len(scales) > 1:
        quick = [label for label in labels if label.partition(":")[0] not in DEAR] or labels
        scales = [_best(learning, quick, scales, measure).scale]
    return _best(learning, labels, scales, measure)


def _best(learning: Learning, labels: Sequence[str], scales: Sequence[str], measure: Measure) -> Choice:
    said = {fit: mean[:, 0] for fit, mean in learning.out_of_fold(labels, scales).items()}
    choices = [_chosen(said, labels, scale, way, learning, measure) for scale in scales for way in WAYS]
    return max(choices, key=lambda choice: choice.score if measure.higher else -choice.score)


def raw(learning: Learning, scale: str, on_scale: np.ndarray, measure: Measure) -> np.ndarray:
    """(n,) predictions as the measure needs them: in the task's unit, or as they rank."""
    return on_scale if measure.ranks else learning.scaled(scale).inverse(on_scale)


def _chosen(
    said: Mapping[Fit, np.ndarray],
    labels: Sequence[str],
    scale: str,
    way: str,
    learning: Learning,
    measure: Measure,
) -> Choice:
    y, is_class = learning.y.values[:, 0], learning.y.kinds[0] == CLASSIFICATION
    every = np.stack([said[Fit(label, scale)] for label in labels], axis=1)
    target, absolute = learning.scaled(scale).forward(y), measure is MEASURES["mae"]
    together = weighed_apart(every, target, learning.folds.numbers, way, absolute=absolute, odds=is_class)
    score = measure.of(y, raw(learning, scale, together, measure))
    alone = {
        label: measure.of(y, raw(learning, scale, every[:, i], measure)) for i, label in enumerate(labels)
    }
    shares = dict(zip(labels, WAYS[way](every, target, absolute=absolute).tolist(), strict=True))
    counting = {label: share for label, share in shares.items() if share > LEAST}
    total = sum(counting.values())
    weights = {label: share / total for label, share in counting.items()}
    return Choice(scale, way, weights, score, alone, is_class)

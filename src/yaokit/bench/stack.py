"""Which members count how much, and on which scale: decided out of fold, by the task's own measure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats
from scipy.special import expit, logit

from yaokit.bench.fits import Fit, Learning
from yaokit.bench.scores import MEASURES, Measure
from yaokit.models.stacking import stack_weights
from yaokit.models.targets import CLASSIFICATION

SKEWED = 1.0  # skewness from which other scales are tried
LEAST = 0.01  # share of a member worth fitting again
DEAR = ("boosting", "gnn", "transformer", "rnn", "cnn")
_SURE = 1e-4  # probabilities are kept this far from 0 and 1
_ROUNDS = 20  # of least absolute errors by weighted least squares


@dataclass(frozen=True)
class Choice:
    """A stack for one task."""

    scale: str
    way: str  # a key of WAYS
    weights: dict[str, float]  # label → share; those that count
    score: float  # out of fold, in the task's measure, the weights from other folds too
    alone: dict[str, float]  # label → its score out of fold, on this scale
    is_class: bool

    def combine(self, said: Mapping[str, np.ndarray]) -> np.ndarray:
        """(n,) on the scale, or probabilities, from (n,) of each member that counts."""
        parts = [share * on_odds(said[label], self.is_class) for label, share in self.weights.items()]
        joined = np.sum(parts, axis=0)
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


def scales_for(y: np.ndarray) -> tuple[str, ...]:
    """What is tried for (n,) measured numbers: the plain scale, and for skewed values two others."""
    if abs(stats.skew(y)) < SKEWED:
        return ("linear",)
    return ("linear", "log", "rank") if y.min() >= 0 else ("linear", "rank")


def choose(learning: Learning, labels: Sequence[str], scales: Sequence[str], measure: Measure) -> Choice:
    """The scale and the way to weigh members that are best out of fold (of one task).

    What is said of a fold is weighed as the other folds tell, so that a way with more freedom is not
    preferred for it. Probabilities are weighed as such and joined as log-odds. Of several scales, the
    members that are quick tell the best one.
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


def on_odds(said: np.ndarray, is_class: bool) -> np.ndarray:
    """Log-odds of probabilities; numbers stay as they are."""
    return logit(np.clip(said, _SURE, 1 - _SURE)) if is_class else said


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
    target, joined = learning.scaled(scale).forward(y), on_odds(every, is_class)
    weigh = WAYS[way]
    together = np.empty(len(y))
    for fold in range(learning.folds.k):
        out = learning.folds.rows(fold)
        together[out] = joined[out] @ weigh(every[~out], target[~out], measure)
    score = measure.of(y, raw(learning, scale, together, measure))
    alone = {
        label: measure.of(y, raw(learning, scale, every[:, i], measure)) for i, label in enumerate(labels)
    }
    shares = dict(zip(labels, weigh(every, target, measure).tolist(), strict=True))
    counting = {label: share for label, share in shares.items() if share > LEAST}
    total = sum(counting.values())
    weights = {label: share / total for label, share in counting.items()}
    return Choice(scale, way, weights, score, alone, is_class)


def fitted(every: np.ndarray, target: np.ndarray, measure: Measure) -> np.ndarray:
    """(members,) weights of least squares, of least absolute errors where those are measured."""
    weights = stack_weights(every, target)
    if measure is not MEASURES["mae"]:
        return weights
    least = 0.02 * target.std()
    for _ in range(_ROUNDS):
        weights = stack_weights(every, target, 1 / np.maximum(np.abs(every @ weights - target), least))
    return weights


def equal(every: np.ndarray, target: np.ndarray, measure: Measure) -> np.ndarray:
    """(members,) weights, all the same."""
    return np.full(every.shape[1], 1 / every.shape[1])


def between(every: np.ndarray, target: np.ndarray, measure: Measure) -> np.ndarray:
    """The mean of `fitted` and `equal`, as few rows call for."""
    return (fitted(every, target, measure) + equal(every, target, measure)) / 2


WAYS: dict[str, Callable[[np.ndarray, np.ndarray, Measure], np.ndarray]] = {
    "fitted": fitted,
    "between": between,
    "equal": equal,
}

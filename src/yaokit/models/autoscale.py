"""The scale that a task's numbers are learned on, named or found by a small forest."""

from typing import Any

import numpy as np

from yaokit.core.errors import UsageError
from yaokit.core.seed import rng
from yaokit.models.forest import Forest
from yaokit.models.scales import LINEAR, SCALES, Scale, scales_for
from yaokit.models.targets import CLASSIFICATION, Targets

_GAIN = 0.98  # of the error: less gain than this and the values stay as they are


def choose_scales(asked: str, X: Any, y: Targets, seed: int) -> list[Scale]:
    """The scale of each task; "auto" takes the one with the smallest out-of-fold absolute error.

    "auto" looks at skewed numbers only, with a small forest on (n, features) `X` in five random folds.
    UsageError lists the scales if one is unknown.
    """
    if asked not in (*SCALES, "auto"):
        raise UsageError(f"no scale is called {asked!r}; choose from: {', '.join((*SCALES, 'auto'))}")
    return [_scale_of(asked, X, y.task(j), seed) for j in range(len(y.kinds))]


def _scale_of(asked: str, X: Any, y: Targets, seed: int) -> Scale:
    values = y.values[y.exact[:, 0], 0]
    if y.kinds[0] == CLASSIFICATION or asked == "linear":
        return LINEAR
    if asked != "auto":
        return Scale.fit(asked, values)
    names = scales_for(values)
    if len(names) == 1:
        return LINEAR
    errors = {name: _error(name, X[y.exact[:, 0]], values, seed) for name in names}
    best = min(errors, key=lambda name: errors[name])
    return Scale.fit(best, values) if errors[best] < _GAIN * errors["linear"] else LINEAR


def _error(name: str, X: Any, values: np.ndarray, seed: int) -> float:
    """Mean absolute out-of-fold error of a forest that learns on this scale."""
    fold = rng(seed, "scales").permutation(len(values)) % 5
    predicted = np.empty(len(values))
    for k in range(5):
        scale = Scale.fit(name, values[fold != k])
        model = Forest(seed, n_trees=30)
        model.fit_features(X[fold != k], Targets.of(scale.forward(values[fold != k])[:, None]))
        predicted[fold == k] = scale.inverse(model.predict_features(X[fold == k])[0][:, 0])
    return float(np.mean(np.abs(predicted - values)))

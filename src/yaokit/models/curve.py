"""Whether more molecules would help: a member's out-of-fold number against how many it learned from."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from yaokit.chem.folds import Folds
from yaokit.core.seed import derived, rng
from yaokit.models.labels import make
from yaokit.models.metrics import PRIMARY, score
from yaokit.models.targets import Targets

SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)
_FEWEST = 10  # molecules a fit learns from


def learning_curve(
    label: str,
    X: Any,
    y: Targets,
    folds: Folds,
    *,
    learned: Targets | None = None,
    raw: Callable[[np.ndarray], np.ndarray] = np.asarray,
    shares: Sequence[float] = SHARES,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """`model` and `points` (n, mean, std over folds) for the `learning_curve` of metrics.json.

    For each judged fold the member learns from random shares of the others; a larger share holds
    the smaller one. As many fits as there are folds and shares; `settings` are the member's. `y`: of
    one task; `learned`: the same on the scale that the member learns on, `raw`: from there back.
    """
    known, learned = y.exact[:, 0], learned or y
    metric = PRIMARY[y.kinds[0]]
    found: dict[float, list[tuple[int, float]]] = {share: [] for share in shares}
    for fold in folds.judged:
        test = folds.rows(fold) & known
        train = np.flatnonzero(~folds.rows(*folds.left_out(fold)) & known)
        order = rng(seed, "learning curve", fold).permutation(train)
        for share in shares:
            rows = np.sort(order[: max(_FEWEST, round(share * len(order)))])
            model = make(label, derived(seed, label, "curve", fold), settings)
            model.fit_features(X[rows], learned.take(rows))
            value = score(metric, y.values[test, 0], raw(model.predict_features(X[test])[0][:, 0]))
            found[share].append((len(rows), value))
    return {"model": label, "metric": metric, "points": [_point(values) for values in found.values()]}


def _point(values: Sequence[tuple[int, float]]) -> dict[str, Any]:
    known = [value for _, value in values if np.isfinite(value)]
    return {
        "n": round(float(np.mean([n for n, _ in values]))),
        "mean": float(np.mean(known)) if known else None,
        "std": float(np.std(known, ddof=1)) if len(known) > 1 else None,
    }

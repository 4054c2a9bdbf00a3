"""How good a model is on molecules that it never had a part in: numbers with bootstrap intervals."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from yaokit.core.seed import derived, rng
from yaokit.core.types import SETS
from yaokit.models.conformal import LEVEL
from yaokit.models.domain import MIN_MOLECULES
from yaokit.models.labels import make
from yaokit.models.metrics import METRICS, PRIMARY, error_by, measure, score
from yaokit.models.paired import compare_drawn, drawn
from yaokit.models.scales import on_scales
from yaokit.models.targets import CLASSIFICATION
from yaokit.models.trusted import BASELINES, Trusted

_DRAWS = 500
_WORK = 2_000_000  # rows drawn for one metric: fewer draws where there are many rows
_FEWEST = 10  # rows from which drawing them again says something
_EDGES = (np.arange(11) / 10).tolist()


@dataclass(frozen=True)
class Checked:
    """One task of a test set: (n,) arrays of the molecules with an exact value and a prediction."""

    kind: str
    y: np.ndarray  # float64; a class is 0 or 1
    predicted: Mapping[str, np.ndarray]  # by model: the baselines and "stack"
    low: np.ndarray
    high: np.ndarray
    sets: np.ndarray  # int8 codes of core.types.SETS, -1 = none; class tasks only
    in_domain: np.ndarray  # bool
    similarity: np.ndarray  # to the nearest training molecule

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: np.ndarray) -> "Checked":
        """These molecules alone."""
        arrays = {name: getattr(self, name)[rows] for name in _ARRAYS}
        return replace(self, predicted={k: v[rows] for k, v in self.predicted.items()}, **arrays)

    def held(self) -> np.ndarray:
        """(n,) bool: the measured value lies in the interval, or the measured class in the set."""
        if self.kind == CLASSIFICATION:
            return (self.sets == self.y) | (self.sets == SETS.index("both"))
        return (self.y >= self.low) & (self.y <= self.high)


_ARRAYS = ("y", "low", "high", "sets", "in_domain", "similarity")


def baselines(model: Trusted, X: Any) -> dict[str, np.ndarray]:
    """(n, tasks) predictions of the baselines for rows of "fp", taught what the model was taught.

    They are cut to what values can be, as in cross-validation.
    """
    (rows, y), out = model.training, {}
    learned = on_scales(y, model.scales)
    for label in BASELINES:
        baseline = make(label, derived(model.validation.seed, label, "all"))
        baseline.fit_features(rows, learned)
        out[label] = model.raw(baseline.predict_features(X)[0])
    return out


def judge(checked: Checked, *, maximize: bool = True, seed: int = 0) -> dict[str, Any]:
    """What metrics.json says of one task: every model's numbers, comparison, coverage, domain."""
    stack = checked.predicted["stack"]
    return {
        "models": {
            name: numbers(checked.kind, checked.y, p, maximize=maximize, seed=seed)
            for name, p in checked.predicted.items()
        },
        "comparison": compared(checked),
        "interval": _coverage(checked),
        "in_domain": _domain(checked),
        "error_by_similarity": error_by(checked.similarity, stack - checked.y, _EDGES),
    }


def compared(checked: Checked) -> dict[str, Any]:
    """The stack against each baseline, by the kind's first metric."""
    metric = PRIMARY[checked.kind]
    found = {name: drawn(checked.y, p, metric) for name, p in checked.predicted.items()}
    stack = found.pop("stack")
    return {name: asdict(compare_drawn(stack, rival, metric)) for name, rival in found.items()}


def numbers(
    kind: str, y: np.ndarray, predicted: np.ndarray, *, maximize: bool = True, seed: int = 0
) -> dict[str, dict[str, float | None]]:
    """Each metric of the kind: `mean` is its value, std, low and high come from drawing rows again.

    The percentile bootstrap (Efron 1979, doi:10.1214/aos/1176344552) of up to 500 draws; a draw
    in which a metric cannot be told is left out. None = unknown, with fewer than 10 rows too.
    """
    found = measure(kind, y, predicted, maximize=maximize)
    names = [name for name, metric in METRICS.items() if metric.kind == kind]
    drawn: dict[str, list[float]] = {name: [] for name in names}
    draws = int(np.clip(_WORK // max(1, len(y)), 100, _DRAWS)) if len(y) >= _FEWEST else 0
    generator = rng(seed, "bootstrap", kind)
    for _ in range(draws):
        rows = generator.integers(0, len(y), len(y))
        for name in names:
            drawn[name].append(score(name, y[rows], predicted[rows], maximize=maximize))
    return {name: _spread(found[name], np.array(drawn[name])) for name in names}


def _spread(value: float, drawn: np.ndarray) -> dict[str, float | None]:
    drawn = drawn[np.isfinite(drawn)]
    if not np.isfinite(value):
        return {"mean": None, "std": None, "low": None, "high": None}
    if len(drawn) < 2:
        return {"mean": value, "std": None, "low": None, "high": None}
    low, high = (float(q) for q in np.quantile(drawn, [0.025, 0.975]))
    return {"mean": value, "std": float(drawn.std(ddof=1)), "low": low, "high": high}


def _coverage(checked: Checked) -> dict[str, float | None]:
    held, inside = checked.held(), checked.in_domain
    out: dict[str, float | None] = {
        "level": LEVEL,
        "coverage": _share(held),
        "coverage_in": _share(held[inside]),
        "coverage_out": _share(held[~inside]),
    }
    if checked.kind == CLASSIFICATION:
        single = np.isin(checked.sets, [SETS.index("0"), SETS.index("1")])
        both, none = (checked.sets == SETS.index(name) for name in ("both", "none"))
        return out | {"single": _share(single), "both": _share(both), "none": _share(none)}
    width = checked.high - checked.low
    return out | {"width": float(np.median(width)) if len(width) else None}


def _domain(checked: Checked) -> dict[str, float | None]:
    error, inside = checked.predicted["stack"] - checked.y, checked.in_domain

    def rmse(rows: np.ndarray) -> float | None:
        return float(np.sqrt(np.mean(error[rows] ** 2))) if rows.sum() >= MIN_MOLECULES else None

    return {"share_in_domain": _share(inside), "rmse_in": rmse(inside), "rmse_out": rmse(~inside)}


def _share(flags: np.ndarray) -> float | None:
    return float(flags.mean()) if len(flags) else None

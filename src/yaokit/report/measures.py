"""Which of a model's numbers are shown, and how they and the models are called."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from yaokit.models.metrics import METRICS, PRIMARY
from yaokit.models.targets import CLASSIFICATION, REGRESSION

SHOWN = {  # at once; the others of METRICS when asked for
    REGRESSION: ("rmse", "mae", "r2", "spearman", "hit_rate_top50"),
    CLASSIFICATION: ("auroc", "auprc", "balanced_accuracy", "mcc", "brier", "precision_top50"),
}
NAMES = {"nearest": "nearest neighbor", "forest": "random forest", "raw": "stack before calibration"}


class Measure(NamedTuple):
    """One number of a model in metrics.json."""

    key: str
    label: str
    digits: int
    better: str  # "higher" or "lower"


def name_of(model: str) -> str:
    """What a reader calls a model."""
    return NAMES.get(model, model)


def kind_of(metrics: Mapping[str, Any]) -> str:
    """The kind of one task of metrics.json."""
    return str(metrics.get("kind") or REGRESSION)


def measure(key: str) -> Measure:
    """The measure of a key of METRICS."""
    found = METRICS[key]
    return Measure(key, found.label, found.digits, found.better)


def primary(kind: str) -> Measure:
    """What models of this kind are compared by."""
    return measure(PRIMARY[kind])


def measured(kind: str, models: Mapping[str, Mapping[str, Any]]) -> tuple[list[Measure], list[Measure]]:
    """The measures that some model has: those shown at once, and the others."""
    known = [
        key
        for key, metric in METRICS.items()
        if metric.kind == kind and any((m.get(key) or {}).get("mean") is not None for m in models.values())
    ]
    first = [measure(key) for key in SHOWN[kind] if key in known]
    return first, [measure(key) for key in known if key not in SHOWN[kind]]


def ordered(models: Iterable[str]) -> list[str]:
    """Baselines first, the stack last."""
    names = list(models)
    first = [name for name in ("nearest", "forest") if name in names]
    return [
        *first,
        *(n for n in names if n not in (*first, "stack")),
        *(["stack"] if "stack" in names else []),
    ]

"""The numbers a model is judged by: how each is called and which direction is better."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

REGRESSION, CLASSIFICATION = "regression", "classification"


NAMES = {"nearest": "nearest neighbor", "forest": "random forest", "raw": "stack before calibration"}


class Measure(NamedTuple):
    """One number of metrics.json."""

    key: str
    label: str
    digits: int = 3
    better: str = "higher"
    unit: str = ""  # "%": shown times 100


MEASURES: dict[str, tuple[Measure, ...]] = {  # the first of each kind is the one compared
    REGRESSION: (
        Measure("rmse", "RMSE", better="lower"),
        Measure("mae", "MAE", better="lower"),
        Measure("r2", "R²"),
        Measure("spearman", "Spearman ρ"),
        Measure("kendall", "Kendall τ"),
        Measure("hit_rate_top50", "hits in top 50"),
    ),
    CLASSIFICATION: (
        Measure("auroc", "AUROC"),
        Measure("auprc", "AUPRC"),
        Measure("balanced_accuracy", "balanced accuracy"),
        Measure("mcc", "MCC"),
        Measure("f1", "F1"),
        Measure("precision", "precision"),
        Measure("recall", "recall"),
        Measure("brier", "Brier score", better="lower"),
        Measure("hit_rate_top50", "class 1 in top 50"),
    ),
}


def name_of(model: str) -> str:
    """What a reader calls a model."""
    return NAMES.get(model, model)


def kind_of(metrics: Mapping[str, Any]) -> str:
    """The kind of one task of metrics.json."""
    return str(metrics.get("kind") or REGRESSION)


def primary(kind: str) -> Measure:
    """What models of this kind are compared by."""
    return MEASURES[kind][0]


def measured(kind: str, models: Mapping[str, Mapping[str, Any]]) -> list[Measure]:
    """The measures that some model has."""
    return [m for m in MEASURES[kind] if any(_known(values.get(m.key)) for values in models.values())]


def _known(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("mean") is not None


def ordered(models: Iterable[str]) -> list[str]:
    """Baselines first, the stack last."""
    names = list(models)
    first = [name for name in ("nearest", "forest") if name in names]
    return [
        *first,
        *(n for n in names if n not in (*first, "stack")),
        *(["stack"] if "stack" in names else []),
    ]

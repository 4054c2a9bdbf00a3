"""How good predictions are: the table of metrics, and what stands behind them."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from yaokit.models import ranking
from yaokit.models.targets import CLASSIFICATION, REGRESSION

THRESHOLD = 0.5  # a probability from which a molecule counts as class 1
_CALIBRATION_BINS = 10


class Metric(NamedTuple):
    """A number that says how good (n,) predictions of (n,) truths are; NaN = cannot be told."""

    of: Callable[[np.ndarray, np.ndarray], float]
    kind: str  # of the task
    better: str  # "higher" or "lower"
    label: str
    digits: int = 3
    of_best: bool = False  # looks at the best end of the list only, whichever that is for the goal
    pooled: bool = False  # needs many rows: all folds of a repeat are measured together
    limits: tuple[float, float] = (0.0, 1.0)  # what it can be


def measure(kind: str, y: np.ndarray, predicted: np.ndarray, *, maximize: bool = True) -> dict[str, float]:
    """Every metric of the kind, by its key in METRICS.

    Of a class task `predicted` is the probability of class 1. `maximize` tells which end is looked
    for: early recognition and hits are those of the low values, or of class 0, if it is False.
    """
    return {
        name: score(name, y, predicted, maximize=maximize)
        for name, metric in METRICS.items()
        if metric.kind == kind
    }


def score(name: str, y: np.ndarray, predicted: np.ndarray, *, maximize: bool = True) -> float:
    """One metric; NaN without rows. KeyError if none has the name."""
    metric = METRICS[name]
    if not len(y):
        return float("nan")
    if metric.of_best and not maximize:
        top = 1.0 if metric.kind == CLASSIFICATION else 0.0
        y, predicted = top - y, top - predicted
    return float(metric.of(y, predicted))


def regression_metrics(y: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """rmse, mae, r2, ranks and pearson of (n,) values; NaN where n or the spread is too small."""
    return {name: m.of(y, predicted) for name, m in METRICS.items() if m.kind == REGRESSION and not m.of_best}


def confusion(y: np.ndarray, probability: np.ndarray, threshold: float = THRESHOLD) -> dict[str, int]:
    """tn, fp, fn and tp; a probability of `threshold` or more counts as class 1."""
    called, true = probability >= threshold, y > 0.5
    cells = {"tn": ~called & ~true, "fp": called & ~true, "fn": ~called & true, "tp": called & true}
    return {name: int(cell.sum()) for name, cell in cells.items()}


def reliability(
    y: np.ndarray, probability: np.ndarray, n_bins: int = _CALIBRATION_BINS
) -> list[dict[str, float]]:
    """What was said and what happened, in up to `n_bins` bins of like size; equal ones stay together."""
    order = np.argsort(probability, kind="stable")
    y, probability = y[order], probability[order]
    wanted = [round(len(y) * i / n_bins) for i in range(1, n_bins)]
    cuts = {int(np.searchsorted(probability, probability[at])) for at in wanted if at < len(y)} - {0}
    return [
        {
            "low": float(probability[a]),
            "high": float(probability[b - 1]),
            "n": b - a,
            "predicted": float(probability[a:b].mean()),
            "observed": float(y[a:b].mean()),
        }
        for a, b in pairwise([0, *sorted(cuts), len(y)])
        if b > a
    ]


def calibration_error(y: np.ndarray, probability: np.ndarray) -> float:
    """Mean distance between what was said and what happened, over bins of like size.

    Bins hold the same number of rows, as Nixon et al. 2019 (arXiv:1904.01685) advise: of equal width
    most would be empty where a class is rare.
    """
    bins = reliability(y, probability)
    return sum(b["n"] * abs(b["predicted"] - b["observed"]) for b in bins) / len(y) if bins else float("nan")


def hit_rate(y: np.ndarray, predicted: np.ndarray, k: int = 50, maximize: bool = True) -> float:
    """Share of the k best predicted that are among the measured best tenth (`ranking.hits`)."""
    return ranking.hit_rate(ranking.hits(y, maximize), predicted if maximize else -predicted, k)


def error_by(value: np.ndarray, error: np.ndarray, edges: Sequence[float]) -> list[Mapping[str, float]]:
    """rmse and mae of the rows whose `value` falls between neighboring edges; empty bins left out."""
    rows = []
    for low, high in pairwise(edges):
        inside = (value >= low) & ((value < high) | (high == edges[-1]))
        if inside.any():
            e = error[inside]
            rows.append(
                {
                    "low": float(low),
                    "high": float(high),
                    "n": int(inside.sum()),
                    "rmse": float(np.sqrt(np.mean(e**2))),
                    "mae": float(np.mean(np.abs(e))),
                }
            )
    return rows


def _rmse(y: np.ndarray, predicted: np.ndarray) -> float:
    return float(np.sqrt(np.mean((predicted - y) ** 2)))


def _r2(y: np.ndarray, predicted: np.ndarray) -> float:
    if not _varies(y):
        return float("nan")
    return float(1 - np.sum((predicted - y) ** 2) / np.sum((y - y.mean()) ** 2))


def _ranked(test: Callable[..., object]) -> Callable[[np.ndarray, np.ndarray], float]:
    """A correlation of SciPy, NaN where there is nothing to correlate."""

    def of(y: np.ndarray, predicted: np.ndarray) -> float:
        both = _varies(y) and _varies(predicted)
        return float(test(y, predicted).statistic) if both else float("nan")  # type: ignore[attr-defined]

    return of


def _varies(values: np.ndarray) -> bool:
    return len(values) > 2 and values.min() < values.max()


def _from_confusion(of: Callable[[int, int, int, int], float]) -> Callable[[np.ndarray, np.ndarray], float]:
    """A metric of tn, fp, fn and tp; NaN where it would divide by none."""

    def metric(y: np.ndarray, probability: np.ndarray) -> float:
        cells = confusion(y, probability)
        try:
            return of(cells["tn"], cells["fp"], cells["fn"], cells["tp"])
        except ZeroDivisionError:
            return float("nan")

    return metric


def _mcc(tn: int, fp: int, fn: int, tp: int) -> float:
    """Matthews' correlation; 0 if all are called the same, NaN with one class only."""
    if not (tp + fn and tn + fp):
        return float("nan")
    whole = float(tp + fp) * float(tp + fn) * float(tn + fp) * float(tn + fn)
    return (tp * tn - fp * fn) / whole**0.5 if whole else 0.0


def _log_loss(y: np.ndarray, probability: np.ndarray) -> float:
    tiny = np.finfo(np.float64).eps
    p = np.clip(probability, tiny, 1 - tiny)
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log1p(-p)))


def _class(of: Callable[[np.ndarray, np.ndarray], float], label: str, **settings: Any) -> Metric:
    return Metric(of, CLASSIFICATION, settings.pop("better", "higher"), label, **settings)


def _number(of: Callable[[np.ndarray, np.ndarray], float], label: str, **settings: Any) -> Metric:
    return Metric(of, REGRESSION, settings.pop("better", "higher"), label, **settings)


METRICS: dict[str, Metric] = {
    "rmse": _number(_rmse, "RMSE", better="lower", limits=(0.0, np.inf)),
    "mae": _number(lambda y, p: float(np.mean(np.abs(p - y))), "MAE", better="lower", limits=(0.0, np.inf)),
    "r2": _number(_r2, "R²", limits=(-np.inf, 1.0)),
    "spearman": _number(_ranked(stats.spearmanr), "Spearman ρ", limits=(-1.0, 1.0)),
    "kendall": _number(_ranked(stats.kendalltau), "Kendall τ", limits=(-1.0, 1.0)),
    "pearson": _number(_ranked(stats.pearsonr), "Pearson r", limits=(-1.0, 1.0)),
    "hit_rate_top50": _number(hit_rate, "hits in top 50", of_best=True, pooled=True),
    "auroc": _class(ranking.auroc, "AUROC"),
    "auprc": _class(ranking.auprc, "AUPRC"),
    "accuracy": _class(_from_confusion(lambda tn, fp, fn, tp: (tp + tn) / (tn + fp + fn + tp)), "accuracy"),
    "balanced_accuracy": _class(
        _from_confusion(lambda tn, fp, fn, tp: (tp / (tp + fn) + tn / (tn + fp)) / 2), "balanced accuracy"
    ),
    "precision": _class(_from_confusion(lambda tn, fp, fn, tp: tp / (tp + fp)), "precision"),
    "recall": _class(_from_confusion(lambda tn, fp, fn, tp: tp / (tp + fn)), "recall"),
    "f1": _class(_from_confusion(lambda tn, fp, fn, tp: 2 * tp / (2 * tp + fp + fn)), "F1"),
    "mcc": _class(_from_confusion(_mcc), "MCC", limits=(-1.0, 1.0)),
    "brier": _class(lambda y, p: float(np.mean((p - y) ** 2)), "Brier score", better="lower"),
    "log_loss": _class(_log_loss, "log loss", better="lower", limits=(0.0, np.inf)),
    "ece": _class(calibration_error, "calibration error", better="lower", pooled=True),
    "bedroc": _class(ranking.bedroc, "BEDROC (α = 20)", of_best=True),
    "enrichment_1": _class(
        ranking.enrichment,
        "enrichment in the first 1 %",
        digits=1,
        of_best=True,
        limits=(0.0, np.inf),
    ),
    "enrichment_5": _class(
        partial(ranking.enrichment, share=0.05),
        "enrichment in the first 5 %",
        digits=1,
        of_best=True,
        limits=(0.0, np.inf),
    ),
    "precision_top50": _class(ranking.hit_rate, "hits in top 50", of_best=True, pooled=True),
}
PRIMARY = {REGRESSION: "rmse", CLASSIFICATION: "auroc"}

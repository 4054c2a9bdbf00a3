"""What metrics.json says of a task, from its cross-validated predictions.

Every function takes `Columns`, the columns of oof.parquet: `repeat`, `fold`, `row`, `y`,
`nearest_similarity`, one column a model, and what the stack says: `stack`, `stack_std`, `stack_low`,
`stack_high`, `in_domain`; of a class task also `stack_raw` (before calibration) and `stack_set`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from yaokit.core.types import SETS
from yaokit.models.conformal import LEVEL
from yaokit.models.domain import MIN_MOLECULES
from yaokit.models.metrics import METRICS, PRIMARY, confusion, reliability, score
from yaokit.models.paired import Comparison, compare, compare_drawn, drawn, every_pair, summarize
from yaokit.models.ranking import hits, picked, top_count
from yaokit.models.targets import CLASSIFICATION

Columns = Mapping[str, np.ndarray]


def per_fold(columns: Columns, names: Sequence[str], kind: str, *, maximize: bool) -> list[dict[str, Any]]:
    """A row a model, repeat and fold with the metrics that a fold is large enough for."""
    wanted = [name for name, metric in METRICS.items() if metric.kind == kind and not metric.pooled]
    out = []
    for repeat in np.unique(columns["repeat"]):
        for fold in np.unique(columns["fold"]):
            rows = (columns["repeat"] == repeat) & (columns["fold"] == fold)
            if not rows.any():
                continue
            for name in names:
                y, predicted = columns["y"][rows], columns[name][rows]
                about = {"model": name, "repeat": int(repeat), "fold": int(fold), "n": int(rows.sum())}
                found = {metric: score(metric, y, predicted, maximize=maximize) for metric in wanted}
                out.append(about | found)
    return out


def model_table(
    columns: Columns, folds: Sequence[Mapping[str, Any]], kind: str, test_share: float, *, maximize: bool
) -> dict[str, Any]:
    """Each model's metrics: mean, std and 95 % interval over folds; of pooled ones over repeats."""
    out: dict[str, Any] = {}
    for name in dict.fromkeys(row["model"] for row in folds):
        out[name] = {}
        for key, metric in METRICS.items():
            if metric.kind != kind:
                continue
            if metric.pooled:
                values = [
                    score(key, columns["y"][rows], columns[name][rows], maximize=maximize)
                    for rows in _repeats(columns)
                ]
                found = summarize(values, test_share) | {"low": None, "high": None}  # too few to tell
            else:
                found = summarize([row[key] for row in folds if row["model"] == name], test_share)
            out[name][key] = found | {end: _within(found[end], metric.limits) for end in ("low", "high")}
    return out


def comparisons(
    columns: Columns,
    folds: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    baselines: Sequence[str],
    kind: str,
    test_share: float,
) -> dict[str, Any]:
    """By the kind's first metric: the stack against each baseline, and every two models, the better first.

    A stack that is one member only stands among the pairs once, as that member.
    """
    metric, single = PRIMARY[kind], len([row for row in folds if row["model"] == "stack"]) == 1
    values = {name: np.array([row[metric] for row in folds if row["model"] == name]) for name in names}
    if single:  # a given test set
        values = {name: drawn(columns["y"], columns[name], metric) for name in names}

    def test(first: str, second: str) -> Comparison:
        if single:
            return compare_drawn(values[first], values[second], metric)
        return compare(values[first], values[second], test_share, metric)

    others = [name for name in names if name != "stack"]
    is_one = any(np.array_equal(columns[name], columns["stack"]) for name in others)
    return {
        "comparison": {baseline: asdict(test("stack", baseline)) for baseline in baselines},
        "pairs": [
            {"first": first, "second": second, **asdict(found)}
            for first, second, found in every_pair(others if is_one else names, test)
        ],
    }


def coverage(columns: Columns, kind: str) -> dict[str, Any]:
    """How often the interval held the value, or the set the class, and how much they left open."""
    held = _held(columns, kind)
    folds = columns["repeat"] * 1000 + columns["fold"]
    by_fold = [held[folds == fold].mean() for fold in np.unique(folds)]
    out = {"level": LEVEL, "coverage": _share(held), "coverage_std": float(np.std(by_fold))}
    if kind == CLASSIFICATION:
        y, named = columns["y"], {text: columns["stack_set"] == code for code, text in enumerate(SETS)}
        return out | {
            "coverage_0": _share(held[y < 0.5]),
            "coverage_1": _share(held[y > 0.5]),
            "single": _share(named["0"] | named["1"]),
            "both": _share(named["both"]),
            "none": _share(named["none"]),
        }
    width = columns["stack_high"] - columns["stack_low"]
    narrowest = np.argsort(width, kind="stable")[: max(1, len(width) // 5)]
    return out | {
        "coverage_narrowest": _share(held[narrowest]),  # of the narrowest fifth
        "width": float(np.median(width)),
    }


def selection(columns: Columns, kind: str, *, maximize: bool) -> dict[str, float | int | None]:
    """How the best predicted turn out: being picked for a high prediction invites disappointment."""
    sign, share = 1.0 if maximize else -1.0, np.zeros(len(columns["y"]))
    for rows in _repeats(columns):
        share[rows] = picked(sign * columns["stack"][rows], top_count(len(rows)))
    first = columns["y"][next(_repeats(columns))]
    wanted = first == float(maximize) if kind == CLASSIFICATION else hits(first, maximize)

    def mean(values: np.ndarray) -> float:
        return float(np.average(values, weights=share))

    return {
        "k": top_count(len(first)),
        "chance": float(wanted.mean()),
        "predicted": mean(columns["stack"]),
        "measured": mean(columns["y"]),
        "coverage": mean(_held(columns, kind)),
    }


def domain_errors(columns: Columns) -> dict[str, float | None]:
    """The root-mean-square error inside the domain and outside; None below 20 molecules."""
    error, inside = columns["stack"] - columns["y"], columns["in_domain"]

    def rmse(rows: np.ndarray) -> float | None:
        enough = len(np.unique(columns["row"][rows])) >= MIN_MOLECULES
        return float(np.sqrt(np.mean(error[rows] ** 2))) if enough else None

    return {"share_in_domain": float(inside.mean()), "rmse_in": rmse(inside), "rmse_out": rmse(~inside)}


def calibration(columns: Columns) -> dict[str, Any]:
    """Probabilities before and after calibration against what happened; Venn–Abers widths."""
    y, raw, said = (columns[name] for name in ("y", "stack_raw", "stack"))
    width = columns["stack_high"] - columns["stack_low"]

    def mean_of(metric: str, values: np.ndarray) -> float:
        return float(np.mean([score(metric, y[rows], values[rows]) for rows in _repeats(columns)]))

    return {
        "ece_before": mean_of("ece", raw),
        "ece_after": mean_of("ece", said),
        "log_loss_before": mean_of("log_loss", raw),
        "log_loss_after": mean_of("log_loss", said),
        "auroc_before": mean_of("auroc", raw),
        "auroc_after": mean_of("auroc", said),
        "width": float(np.median(width)),
        "bins": reliability(y, said),
        "bins_before": reliability(y, raw),
    }


def confusion_per_repeat(columns: Columns) -> dict[str, float]:
    """tn, fp, fn, tp of the stack at a probability of 0.5, the mean of the repeats."""
    cells = [confusion(columns["y"][rows], columns["stack"][rows]) for rows in _repeats(columns)]
    return {name: float(np.mean([cell[name] for cell in cells])) for name in cells[0]}


def _within(value: float | None, limits: tuple[float, float]) -> float | None:
    return None if value is None else float(np.clip(value, *limits))


def _repeats(columns: Columns) -> Iterator[np.ndarray]:
    """The row numbers of each repeat."""
    for repeat in np.unique(columns["repeat"]):
        yield np.flatnonzero(columns["repeat"] == repeat)


def _held(columns: Columns, kind: str) -> np.ndarray:
    y = columns["y"]
    if kind == CLASSIFICATION:
        return (columns["stack_set"] == y) | (columns["stack_set"] == SETS.index("both"))
    return (y >= columns["stack_low"]) & (y <= columns["stack_high"])


def _share(flags: np.ndarray) -> float | None:
    return float(flags.mean()) if len(flags) else None

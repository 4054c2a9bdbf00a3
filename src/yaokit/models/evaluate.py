"""From the outcomes of cross-validation to the numbers of a model's card."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from yaokit.chem.folds import Folds
from yaokit.core.lazy import pick
from yaokit.models.conformal import LEVEL
from yaokit.models.cross import SIMILARITY, Outcomes, inner, outer
from yaokit.models.domain import MIN_MOLECULES
from yaokit.models.metrics import error_by, hit_rate, regression_metrics
from yaokit.models.paired import compare, compare_rows, summarize
from yaokit.models.ranking import hits, top_count
from yaokit.models.scales import Scale, ScaledTrust
from yaokit.models.targets import CLASSIFICATION, REGRESSION, Targets
from yaokit.models.trust import Judged, Trusting

TRUSTS = {
    REGRESSION: "yaokit.models.scales:ScaledTrust",
    CLASSIFICATION: "yaokit.models.classtrust:ClassTrust",
}


@dataclass(frozen=True)
class Evaluation:
    """Everything cross-validation says of one task."""

    trust: Trusting
    metrics: dict[str, Any]
    per_fold: list[dict[str, Any]]
    oof: pa.Table  # one row per repeat and molecule


@dataclass(frozen=True)
class Evidence:
    """The outcomes of cross-validation with what is needed to read them."""

    outcomes: Outcomes
    y: Targets  # in the tasks' own units
    folds: Sequence[Folds]
    members: Sequence[str]
    baselines: Sequence[str]
    scales: Sequence[Scale]  # of each task: on which the members learned
    limits: Sequence[tuple[float, float]]  # of each task: what a value can be

    @property
    def test_share(self) -> float:
        return self.folds[0].test_share

    def table(self, repeat: int, task: int, fold: int | None = None) -> dict[str, np.ndarray]:
        """Member predictions of one repeat: of all rows, or of those that calibrate `fold` (cross.inner)."""
        folds = self.folds[repeat]

        def get(model: str):
            if fold is None:
                return outer(self.outcomes, model, repeat, folds, folds.predicted)
            return inner(self.outcomes, model, repeat, fold, folds)

        parts = [get(model) for model in self.members]
        rows = parts[0].rows
        known = self.y.exact[rows, task]
        return {
            "rows": rows[known],
            "y": self.y.values[rows[known], task],
            "weight": self.y.weights[rows[known], task],
            "mean": np.stack([p.mean[known, task] for p in parts], axis=1),
            "spread": np.stack([p.spread[known, task] for p in parts], axis=1),
            "similarity": get(SIMILARITY).mean[known, 0],
        }

    def trust(self, rows: dict[str, np.ndarray], task: int) -> Trusting:
        """Weights, intervals or calibrated probabilities, and domain, from these rows."""
        if self.y.kinds[task] == CLASSIFICATION:
            return pick(TRUSTS, CLASSIFICATION, "trust").fit(rows)
        return ScaledTrust.fit(rows, self.scales[task], self.limits[task])

    def raw(self, mean: np.ndarray, task: int) -> np.ndarray:
        """A member's numbers in the task's own unit."""
        return np.clip(self.scales[task].inverse(mean), *self.limits[task])


def evaluate_task(evidence: Evidence, task: int, *, maximize: bool) -> Evaluation:
    """Weights, intervals and domain for use, and honest numbers on how good they are."""
    repeats = range(len(evidence.folds))
    whole = [evidence.table(repeat, task) for repeat in repeats]
    trust = evidence.trust({k: np.concatenate([t[k] for t in whole]) for k in whole[0]}, task)
    parts = [_judged(evidence, repeat, task, whole[repeat]) for repeat in repeats]
    columns = {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}
    names = ["nearest", "forest", *evidence.members, "stack"]
    names = [n for n in dict.fromkeys(names) if n in columns]
    per_fold = _per_fold(columns, names)
    metrics = {
        "models": _model_table(columns, per_fold, names, evidence.test_share, maximize),
        "weights": dict(zip(evidence.members, trust.weights.tolist(), strict=True)),
        "comparison": _comparisons(columns, per_fold, evidence),
        "interval": _coverage(columns),
        "selection": _selection(columns, maximize),
        "domain": {**trust.domain.settings(), **_domain_errors(columns)},
        "error_by_similarity": error_by(
            columns["nearest_similarity"], columns["stack"] - columns["y"], (np.arange(11) / 10).tolist()
        ),
    }
    return Evaluation(trust, metrics, per_fold, pa.table(columns))


def _judged(evidence: Evidence, repeat: int, task: int, whole: dict[str, np.ndarray]) -> dict[str, Any]:
    """Columns of `oof` for one repeat; each fold is judged by trust that never saw it."""
    plan = evidence.folds[repeat]
    reported = plan.rows(*plan.judged)[whole["rows"]]
    whole = {name: values[reported] for name, values in whole.items()}
    folds = plan.numbers[whole["rows"]]
    n = len(folds)
    mean, std, low, high = np.empty((4, n))
    judged = Judged(mean, std, low, high, np.empty(n, bool), np.empty(n, np.int8))
    for fold in np.unique(folds).tolist():
        here = folds == fold
        trust = evidence.trust(evidence.table(repeat, task, fold), task)
        parts = trust.judge(whole["mean"][here], whole["spread"][here], whole["similarity"][here])
        for column, part in zip(judged, parts, strict=True):
            column[here] = part
    columns = {
        "repeat": np.full(n, repeat),
        "fold": folds,
        "row": whole["rows"],
        "y": whole["y"],
        "nearest_similarity": whole["similarity"],
    }
    for model in evidence.baselines:
        outcome = outer(evidence.outcomes, model, repeat, plan, plan.judged)
        columns[model] = evidence.raw(outcome.mean[np.isin(outcome.rows, whole["rows"]), task], task)
    columns |= {model: evidence.raw(whole["mean"][:, i], task) for i, model in enumerate(evidence.members)}
    return columns | {
        "stack": judged.mean,
        "stack_std": judged.std,
        "stack_low": judged.low,
        "stack_high": judged.high,
        "in_domain": judged.in_domain,
    }


def _per_fold(columns: dict[str, np.ndarray], names: Sequence[str]) -> list[dict[str, Any]]:
    out = []
    for repeat in np.unique(columns["repeat"]):
        for fold in np.unique(columns["fold"]):
            rows = (columns["repeat"] == repeat) & (columns["fold"] == fold)
            if not rows.any():
                continue
            for name in names:
                metrics = regression_metrics(columns["y"][rows], columns[name][rows])
                out.append(
                    {"model": name, "repeat": int(repeat), "fold": int(fold), "n": int(rows.sum()), **metrics}
                )
    return out


def _model_table(
    columns: dict[str, np.ndarray],
    per_fold: list[dict[str, Any]],
    names: Sequence[str],
    test_share: float,
    maximize: bool,
) -> dict[str, Any]:
    out = {}
    for name in names:
        rows = [row for row in per_fold if row["model"] == name]
        table = {
            m: summarize([row[m] for row in rows], test_share) for m in ("rmse", "mae", "r2", "spearman")
        }
        rates = []
        for repeat in np.unique(columns["repeat"]):
            here = columns["repeat"] == repeat
            rates.append(hit_rate(columns["y"][here], columns[name][here], maximize=maximize))
        spread = float(np.std(rates, ddof=1)) if len(rates) > 1 else None  # too few for an interval
        table["hit_rate_top50"] = {"mean": float(np.mean(rates)), "std": spread, "low": None, "high": None}
        out[name] = table
    return out


def _comparisons(
    columns: dict[str, np.ndarray], per_fold: list[dict[str, Any]], evidence: Evidence
) -> dict[str, Any]:
    def errors(name: str) -> list[float]:
        return [row["rmse"] for row in per_fold if row["model"] == name]

    if len(errors("stack")) == 1:  # a given test set
        tests = {b: compare_rows(columns["y"], columns["stack"], columns[b]) for b in evidence.baselines}
    else:
        tests = {b: compare(errors("stack"), errors(b), evidence.test_share) for b in evidence.baselines}
    return {baseline: asdict(test) for baseline, test in tests.items()}


def _coverage(columns: dict[str, np.ndarray]) -> dict[str, float]:
    inside = _inside_interval(columns)
    width = columns["stack_high"] - columns["stack_low"]
    narrowest = np.argsort(width, kind="stable")[: max(1, len(width) // 5)]
    folds = columns["repeat"] * 1000 + columns["fold"]
    by_fold = [inside[folds == fold].mean() for fold in np.unique(folds)]
    return {
        "level": LEVEL,
        "coverage": float(inside.mean()),
        "coverage_std": float(np.std(by_fold)),
        "coverage_narrowest": float(inside[narrowest].mean()),  # of the narrowest fifth
        "width": float(np.median(width)),
    }


def _selection(columns: dict[str, np.ndarray], maximize: bool) -> dict[str, float | int]:
    """How the best predicted turn out: being picked for a high prediction invites disappointment."""
    sign = 1.0 if maximize else -1.0
    picked = []
    for repeat in np.unique(columns["repeat"]):
        rows = np.flatnonzero(columns["repeat"] == repeat)
        best = np.argsort(-sign * columns["stack"][rows], kind="stable")[: top_count(len(rows))]
        picked.append(rows[best])
    chosen = np.concatenate(picked)
    inside = _inside_interval(columns)[chosen]
    return {
        "k": len(picked[0]),
        "chance": float(hits(columns["y"][columns["repeat"] == columns["repeat"][0]], maximize).mean()),
        "predicted": float(columns["stack"][chosen].mean()),
        "measured": float(columns["y"][chosen].mean()),
        "coverage": float(inside.mean()),
    }


def _inside_interval(columns: dict[str, np.ndarray]) -> np.ndarray:
    return (columns["y"] >= columns["stack_low"]) & (columns["y"] <= columns["stack_high"])


def _domain_errors(columns: dict[str, np.ndarray]) -> dict[str, float | None]:
    error, inside = columns["stack"] - columns["y"], columns["in_domain"]

    def rmse(rows: np.ndarray) -> float | None:
        enough = len(np.unique(columns["row"][rows])) >= MIN_MOLECULES
        return float(np.sqrt(np.mean(error[rows] ** 2))) if enough else None

    return {"share_in_domain": float(inside.mean()), "rmse_in": rmse(inside), "rmse_out": rmse(~inside)}

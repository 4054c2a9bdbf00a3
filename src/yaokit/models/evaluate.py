"""From the outcomes of cross-validation to the numbers of a model's card."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from yaokit.chem.folds import Folds
from yaokit.core.lazy import pick
from yaokit.models import scorecard
from yaokit.models.cross import SIMILARITY, Outcomes, inner, outer
from yaokit.models.metrics import error_by
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
            "repeat": np.full(known.sum(), repeat),
            "fold": folds.numbers[rows[known]],
            "y": self.y.values[rows[known], task],
            "weight": self.y.weights[rows[known], task],
            "mean": np.stack([p.mean[known, task] for p in parts], axis=1),
            "spread": np.stack([p.spread[known, task] for p in parts], axis=1),
            "similarity": get(SIMILARITY).mean[known, task],
        }

    def trust(self, rows: dict[str, np.ndarray], task: int) -> Trusting:
        """Weights and the way to them, intervals or calibrated probabilities, and domain, from these rows."""
        if self.y.kinds[task] == CLASSIFICATION:
            return pick(TRUSTS, CLASSIFICATION, "trust").fit(rows)
        return ScaledTrust.fit(rows, self.scales[task], self.limits[task])

    def raw(self, mean: np.ndarray, task: int) -> np.ndarray:
        """A member's numbers in the task's own unit."""
        if self.y.kinds[task] == CLASSIFICATION:
            return np.clip(mean, 0.0, 1.0)
        return np.clip(self.scales[task].inverse(mean), *self.limits[task])


def evaluate_task(evidence: Evidence, task: int, *, maximize: bool) -> Evaluation:
    """Weights, intervals or probabilities, and domain for use, and honest numbers on how good they are."""
    repeats, kind, share = range(len(evidence.folds)), evidence.y.kinds[task], evidence.test_share
    whole = [evidence.table(repeat, task) for repeat in repeats]
    trust = evidence.trust({k: np.concatenate([t[k] for t in whole]) for k in whole[0]}, task)
    parts = [_judged(evidence, repeat, task, whole[repeat]) for repeat in repeats]
    columns = {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}
    names = [n for n in dict.fromkeys(["nearest", "forest", *evidence.members, "stack"]) if n in columns]
    folds = scorecard.per_fold(columns, names, kind, maximize=maximize)
    metrics = {
        "models": scorecard.model_table(columns, folds, kind, share, maximize=maximize),
        "way": trust.way,
        "weights": dict(zip(evidence.members, trust.weights.tolist(), strict=True)),
        **scorecard.comparisons(columns, folds, names, evidence.baselines, kind, share),
        "interval": scorecard.coverage(columns, kind),
        "selection": scorecard.selection(columns, kind, maximize=maximize),
        "domain": {**trust.domain.settings(), **scorecard.domain_errors(columns)},
        "error_by_similarity": error_by(
            columns["nearest_similarity"], columns["stack"] - columns["y"], (np.arange(11) / 10).tolist()
        ),
    }
    if kind == CLASSIFICATION:
        metrics["base_rate"] = float(columns["y"].mean())
        metrics["calibration"] = scorecard.calibration(columns)
        metrics["confusion"] = scorecard.confusion_per_repeat(columns)
    return Evaluation(trust, metrics, folds, pa.table(columns))


def _judged(evidence: Evidence, repeat: int, task: int, whole: dict[str, np.ndarray]) -> dict[str, Any]:
    """Columns of `oof` for one repeat; each fold is judged by trust that never saw it."""
    plan = evidence.folds[repeat]
    reported = plan.rows(*plan.judged)[whole["rows"]]
    whole = {name: values[reported] for name, values in whole.items()}
    folds = whole["fold"]
    n = len(folds)
    mean, std, low, high = np.empty((4, n))
    judged, raw = Judged(mean, std, low, high, np.empty(n, bool), np.empty(n, np.int8)), np.empty(n)
    for fold in np.unique(folds).tolist():
        here = folds == fold
        trust = evidence.trust(evidence.table(repeat, task, fold), task)
        parts = trust.judge(whole["mean"][here], whole["spread"][here], whole["similarity"][here])
        raw[here] = whole["mean"][here] @ trust.weights
        for column, part in zip(judged, parts, strict=True):
            column[here] = part
    columns = {
        "repeat": whole["repeat"],
        "fold": folds,
        "row": whole["rows"],
        "y": whole["y"],
        "nearest_similarity": whole["similarity"],
    }
    for model in evidence.baselines:
        outcome = outer(evidence.outcomes, model, repeat, plan, plan.judged)
        columns[model] = evidence.raw(outcome.mean[np.isin(outcome.rows, whole["rows"]), task], task)
    columns |= {model: evidence.raw(whole["mean"][:, i], task) for i, model in enumerate(evidence.members)}
    columns |= {
        "stack": judged.mean,
        "stack_std": judged.std,
        "stack_low": judged.low,
        "stack_high": judged.high,
        "in_domain": judged.in_domain,
    }
    if evidence.y.kinds[task] == CLASSIFICATION:
        columns |= {"stack_raw": raw, "stack_set": judged.sets}
    return columns

"""How good a model is: against its baselines, with spread; in campaigns, of models, on new data."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from yaokit.models.metrics import reliability
from yaokit.models.targets import CLASSIFICATION, REGRESSION
from yaokit.report import class_figures, model_figures
from yaokit.report.axes import finite
from yaokit.report.choices import choices
from yaokit.report.findings import findings, how, is_known, verdicts
from yaokit.report.measures import kind_of, measured, name_of, ordered, primary
from yaokit.report.run import Run
from yaokit.report.sheet import Sheet

MAX_DOTS = 1_500
_ERRORS = {  # of a similarity bin: what is shown, the first that is there
    REGRESSION: (("rmse", "RMSE"),),
    CLASSIFICATION: (("brier", "Brier score"), ("rmse", "RMS error of the probability")),
}
_ROLES = {"nearest": " (baseline)", "forest": " (baseline)", "stack": " (used)"}
_STATISTICS = {"p90": "90 % of errors below", "rms": "root mean square error"}
_DOMAIN = (("similarity_bins", "similarity to training"), ("spread_bins", "spread of the models"))


@dataclass(frozen=True)
class Judged:
    """One task as it was judged: its entry in metrics.json, and the rows of one repeat."""

    metrics: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]  # id, y, a column a model, stack_low, …; may be empty

    @property
    def task(self) -> str:
        return self.metrics["task"]

    @property
    def kind(self) -> str:
        return kind_of(self.metrics)

    def labels(self) -> np.ndarray:
        """(n,) float64: the measured."""
        return np.array([row["y"] for row in self.rows], np.float64)

    def scores(self, *names: str) -> dict[str, np.ndarray]:
        """(n,) float64 a model, of those that every row has."""
        found = [name for name in names if self.rows and self.rows[0].get(name) is not None]
        return {name: np.array([row[name] for row in self.rows], np.float64) for name in found}

    def mean(self, model: str, key: str) -> float | None:
        """A model's number."""
        return ((self.metrics.get("models") or {}).get(model, {}).get(key) or {}).get("mean")


@dataclass(frozen=True)
class Figure:
    """A chart and what must be known to read it."""

    svg: Markup
    caption: str


Draw = Callable[[Judged], Iterator[Figure]]


def build(run: Run, sheet: Sheet) -> dict[str, Any] | None:
    """One block a task of a campaign's model."""
    if not run.metrics:
        return None
    oof = [step.table("oof.parquet") for step in run.of("train")]
    rows = [row for table in oof if table is not None for row in table.to_pylist()]
    return {"tasks": [task_block(metrics, rows) for metrics in run.metrics]}


def task_block(metrics: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """All that task.html shows of one task; `rows` are those of oof.parquet, or of a test set."""
    mine = [row for row in rows if row.get("task", metrics["task"]) == metrics["task"]]
    first = min((row.get("repeat", 0) for row in mine), default=0)
    judged = Judged(metrics, [row for row in mine if row.get("repeat", 0) == first])
    models = metrics.get("models") or {}
    domain = metrics.get("domain") or {}
    first, more = measured(judged.kind, models)
    return {
        "metrics": metrics,
        "how": how(metrics),
        "verdicts": verdicts(metrics),
        "findings": findings(metrics),
        "choices": " ".join(choices(metrics)),
        "measures": first,
        "more_measures": more,
        "models": [(name, name_of(name) + _ROLES.get(name, ""), models[name]) for name in ordered(models)],
        "figures": [figure for draw in FIGURES[judged.kind] for figure in draw(judged)],
        "domain": _domain(domain),
    }


def _domain(domain: Mapping[str, Any]) -> dict[str, Any] | None:
    """The tables of bins with their errors, and what those are; None without bins."""
    tables = [(label, domain[key]) for key, label in _DOMAIN if domain.get(key)]
    if not tables:
        return None
    what = next((name for name in _STATISTICS if f"{name}_error" in tables[0][1][0]), "")
    rows = [
        (label, [{**b, "error": b.get(f"{what}_error"), "guess": b.get(f"{what}_guess")} for b in bins])
        for label, bins in tables
    ]
    whole = {"whole": domain.get(f"whole_{what}_error"), "limit": domain.get("limit")}
    return {"what": _STATISTICS.get(what, "error"), "tables": rows, **whole, "rule": domain.get("rule")}


def _parity(judged: Judged) -> Iterator[Figure]:
    rows = judged.rows
    dots = rows[:: -(-len(rows) // MAX_DOTS)] if rows else []
    if not dots:
        return
    shown = f"{len(dots):,} of " if len(dots) < len(rows) else ""
    lines = " lines: 90 % intervals;" if len(dots) <= model_figures.MAX_WHISKERS else ""
    yield _figure(
        model_figures.parity(dots, judged.task),
        f"Predicted and measured {judged.task};{lines} hollow: outside the domain.",
        judged,
        f"{shown}n = {len(rows):,}",
        "the diagonal is perfect",
    )


def _models(judged: Judged) -> Iterator[Figure]:
    models, main = judged.metrics.get("models") or {}, primary(judged.kind)
    if any((m.get(main.key) or {}).get("mean") is not None for m in models.values()):
        shown = {name: models[name] for name in ordered(models)}
        svg = model_figures.model_metric(shown, main.key, main.label, main.better)
        caption = f"{main.label} and its 95 % interval."
        yield _figure(svg, caption, judged, baseline="nearest neighbor and forest")


def _rivals(judged: Judged) -> Iterator[Figure]:
    tests, main = judged.metrics.get("comparison") or {}, primary(judged.kind)
    if any(map(is_known, tests.values())):
        svg = model_figures.comparison(tests, main.label, main.better)
        caption = (
            f"{main.label} of the stack minus that of others, paired, with 95 % interval and effect size "
            "(difference over its standard deviation). Better is said only outside the noise."
        )
        yield _figure(svg, caption, judged, baseline="no difference, dashed")


def _pairs(judged: Judged) -> Iterator[Figure]:
    models, main = judged.metrics.get("models") or {}, primary(judged.kind)
    tests = [test for test in judged.metrics.get("pairs") or [] if is_known(test)]
    if len(judged.metrics.get("weights") or {}) < 2 or not tests:
        return
    paired = {test[which] for test in tests for which in ("first", "second")}
    means = {name: judged.mean(name, main.key) or 0.0 for name in models if name in paired}
    best_first = sorted(means, key=means.__getitem__, reverse=main.better == "higher")
    caption = (
        f"How far each model is ahead of each other one in {main.label}, best on top. Colored, with *: "
        "beyond the noise, by paired tests of all pairs together (Holm), which asks for more than one test "
        "alone; the others are not told apart."
    )
    svg = model_figures.pairs(tests, best_first, main.label)
    yield _figure(svg, caption, judged, baseline="no difference")


def _by_similarity(judged: Judged) -> Iterator[Figure]:
    bins = judged.metrics.get("error_by_similarity") or []
    for key, label in _ERRORS[judged.kind]:
        if finite(b.get(key) for b in bins):
            whole = judged.mean("stack", key)
            svg = model_figures.by_similarity(bins, key, f"{label}, {judged.task}", whole)
            caption = "The stack’s error by similarity to training; count above each bar."
            line = f"{label} of all, dashed" if finite([whole]) else "none"
            yield _figure(svg, caption, judged, baseline=line)
            return


def _curves(judged: Judged) -> Iterator[Figure]:
    y, scores = judged.labels(), judged.scores("stack", "forest", "nearest")
    if not scores or not 0 < y.mean() < 1:
        return
    n = f"n = {len(y):,}, {int(y.sum()):,} of class 1"
    for draw, key, what, baseline in (
        (class_figures.roc, "auroc", "ROC curve", "chance, dashed"),
        (class_figures.precision_recall, "auprc", "Precision against recall", "the share of class 1, dashed"),
    ):
        areas = {name: judged.mean(name, key) for name in scores}
        yield _figure(draw(y, scores, areas), f"{what}, of one repeat.", judged, n, baseline)
    wanted = 0 if judged.metrics.get("minimize") else 1
    how = "is found when the best predicted are tested first; dotted: the best there can be."
    svg = class_figures.enrichment(y, scores, wanted)
    yield _figure(svg, f"How fast class {wanted} {how}", judged, n, "chance, dashed")


def _probabilities(judged: Judged) -> Iterator[Figure]:
    y, scores = judged.labels(), judged.scores("stack")
    if "stack" not in scores:
        return
    n = f"n = {len(y):,}, {int(y.sum()):,} of class 1"
    found = judged.metrics.get("calibration") or {}
    groups = {"stack": found.get("bins") or reliability(y, scores["stack"]), "raw": found.get("bins_before")}
    svg = class_figures.reliability(
        {k: v for k, v in groups.items() if v}, judged.metrics.get("repeats") or 1
    )
    caption = "Measured share of class 1 among molecules given like probabilities, with 95 % intervals."
    yield _figure(svg, caption, judged, n, "perfect calibration, dashed")
    svg = class_figures.class_scores(y, scores["stack"])
    caption = "Probabilities of the molecules of class 1 (up) and of class 0 (down)."
    yield _figure(svg, caption, judged, n, "the border of 0.5, dashed")
    rarer = min(y.mean(), 1 - y.mean())
    svg = class_figures.confusion(y, scores["stack"])
    line = f"always saying the commoner class is wrong {100 * rarer:.0f} % of the time"
    yield _figure(svg, "Measured and predicted classes at a probability of 0.5.", judged, n, line)


def _learning(judged: Judged) -> Iterator[Figure]:
    curve = judged.metrics.get("learning_curve") or {}
    if points := curve.get("points"):
        main = primary(judged.kind)
        whole = {name: judged.mean(name, main.key) for name in ("nearest", "forest")}
        svg = model_figures.learning_curve(points, main.label, whole)
        caption = (
            f"{main.label} of {curve.get('model', 'a member')} by how many molecules it learned from; bars: "
            "standard deviation over folds."
        )
        yield _figure(svg, caption, judged, baseline="both baselines, taught all molecules, dashed")


def _figure(svg: str, what: str, judged: Judged, n: str = "", baseline: str = "") -> Figure:
    """A figure whose caption says n, split, seed and baseline."""
    count = n or f"n = {judged.metrics.get('n', len(judged.rows)):,}"
    made = how(judged.metrics)
    return Figure(Markup(svg), f"{what} {made[:1].upper()}{made[1:]}; {count}. Baseline: {baseline}.")


FIGURES: dict[str, tuple[Draw, ...]] = {
    REGRESSION: (_parity, _models, _rivals, _pairs, _by_similarity, _learning),
    CLASSIFICATION: (_curves, _probabilities, _models, _rivals, _pairs, _by_similarity, _learning),
}

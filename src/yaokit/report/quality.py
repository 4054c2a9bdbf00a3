"""How good the model is: against its baselines, over folds, with spread."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from yaokit.report import figures
from yaokit.report.axes import finite
from yaokit.report.run import Run
from yaokit.report.sheet import Sheet

METRICS = (  # key, label, digits
    ("rmse", "RMSE", 3),
    ("mae", "MAE", 3),
    ("r2", "R²", 3),
    ("spearman", "Spearman ρ", 3),
    ("hit_rate_top50", "hits in top 50", 3),
)
MAX_DOTS = 1_500
NAMES = {
    "nearest": "nearest neighbor (baseline)",
    "forest": "random forest (baseline)",
    "stack": "stack (used)",
}


def build(run: Run, sheet: Sheet) -> dict[str, Any] | None:
    """One block a task."""
    if not run.metrics:
        return None
    oof = [step.table("oof.parquet") for step in run.of("train")]
    rows = [row for table in oof if table is not None for row in table.to_pylist()]
    return {"tasks": [_task(metrics, rows) for metrics in run.metrics], "names": NAMES, "columns": METRICS}


def verdict(test: Mapping[str, Any], baseline: str) -> str:
    """The paired comparison with a baseline, in words."""
    size = abs(test["difference"])
    side = "lower" if test["difference"] < 0 else "higher"
    name = NAMES.get(baseline, baseline).replace(" (baseline)", "")
    numbers = f"{size:.3f} {side} than that of the {name}"
    if len(finite([test.get("low"), test.get("high"), test.get("p")])) < 3:
        return f"Not tested: its RMSE is {numbers}; too few folds for a test."
    ends = f"{test['low']:+.3f} to {test['high']:+.3f}".replace("-", "−")
    spread = f"95 % interval {ends}, p {_p(test['p'])}, {test['n_folds']} folds"
    if test["better"]:
        return f"Better: its RMSE is {numbers} ({spread})."
    return f"Not better beyond the noise: its RMSE is {numbers} ({spread})."


def _task(metrics: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    name = metrics["task"]
    shown = [row for row in rows if row["task"] == name and row["repeat"] == 0]
    dots = shown[:: -(-len(shown) // MAX_DOTS)] if shown else []
    stack = metrics["models"].get("stack") or {}
    bins = metrics.get("error_by_similarity") or []
    whole = stack.get("rmse", {}).get("mean")
    return {
        "metrics": metrics,
        "verdicts": [(test["better"], verdict(test, b)) for b, test in metrics.get("comparison", {}).items()],
        "scatter": Markup(figures.predicted_measured(dots, name)) if dots else None,
        "n_shown": len(shown),
        "n_dots": len(dots),
        "errors": Markup(figures.model_errors(metrics["models"])),
        "by_similarity": Markup(figures.error_by_similarity(bins, whole, name)) if bins else None,
        "top50": stack.get("hit_rate_top50", {}).get("mean"),
        "domain_bins": [
            (label, metrics["domain"].get(key) or [])
            for key, label in (
                ("similarity_bins", "similarity to training"),
                ("spread_bins", "spread of the models"),
            )
        ]
        if metrics.get("domain")
        else [],
    }


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"

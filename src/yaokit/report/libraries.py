"""What was screened: how near each library lies to the measured molecules, and its best hits."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from yaokit.report.axes import finite
from yaokit.report.figures import similarity_histogram
from yaokit.report.run import Run, StepFolder
from yaokit.report.sheet import Sheet

N_BEST = 6


def build(run: Run, sheet: Sheet) -> dict[str, Any] | None:
    """One block a screen."""
    screens = run.of("screen")
    trusted = trusted_similarities(run)
    return {"libraries": [_library(run, step, sheet, trusted) for step in screens]} if screens else None


def trusted_similarities(run: Run) -> list[tuple[float, float]]:
    """The ranges of similarity inside the main task's domain."""
    bins = (run.metrics[0].get("domain") or {}).get("similarity_bins", []) if run.metrics else []
    return [(b["low"], b["high"]) for b in bins if b["in_domain"]]


def _library(run: Run, step: StepFolder, sheet: Sheet, trusted: list[tuple[float, float]]) -> dict[str, Any]:
    summary = step.summary
    histogram = summary.get("similarity_histogram") or {}
    best = _best(run, step)
    return {
        "name": step.title,
        "notes": summary.get("notes") or [],
        "summary": summary,
        "share": summary["n_in_domain"] / summary["n_scored"]
        if summary.get("n_scored") and summary.get("n_in_domain") is not None
        else None,
        "figure": Markup(similarity_histogram(histogram["edges"], histogram["counts"], trusted, step.title))
        if histogram.get("counts")
        else None,
        "best": [
            {
                "row": {"in_domain": None, "nearest_similarity": None, **row},
                "picture": sheet.show(row["smiles"], f"structure of {row['id']}"),
                "pred": row.get(f"{run.main_task}_pred"),
                "low": row.get(f"{run.main_task}_low"),
                "high": row.get(f"{run.main_task}_high"),
            }
            for row in best
        ],
        "n_best_outside": sum(not row.get("in_domain") for row in best),
    }


def _best(run: Run, step: StepFolder) -> list[Mapping[str, Any]]:
    table = step.table("hits.parquet")
    rows = table.to_pylist() if table is not None else []
    column = f"{run.main_task}_pred"
    known = [row for row in rows if finite([row.get(column)])]
    sign = 1 if run.lower_is_better else -1
    return sorted(known, key=lambda row: (sign * row[column], row["id"]))[:N_BEST]

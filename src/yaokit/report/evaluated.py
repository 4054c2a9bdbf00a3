"""OUT/report.html of `yaokit evaluate`: how good a model is on molecules measured elsewhere."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
from markupsafe import Markup

from yaokit.core.reasons import REASONS
from yaokit.core.store import read_json, write_text
from yaokit.data.leakage import told
from yaokit.report.axes import finite
from yaokit.report.figures import share_bar
from yaokit.report.findings import share, warnings
from yaokit.report.html import page_environment
from yaokit.report.measures import kind_of, measured, name_of, ordered, primary
from yaokit.report.quality import task_block
from yaokit.report.train import leakage_figure, overview

SPREAD = "Value ± its standard deviation when molecules are drawn again (bootstrap). Tests: paired bootstrap."
LEAD = "Numbers of measured molecules that had no part in making the model"
LEARNED = "Numbers of measured molecules, all {n:,} of which the model learned from"
_MANY = 0.05  # a share of molecules learned from, above which the reader is warned


def write(folder: Path) -> Path:
    """Write report.html from metrics.json and predictions.csv."""
    found = read_json(folder / "metrics.json")
    tasks = [_new(task) for task in found["tasks"]]
    page = page_environment().get_template("evaluated.html")
    text = page.render(
        title=f"{', '.join(t['task'] for t in tasks)} on {found['file']}",
        found=found,
        tasks=[_task(task, folder / "predictions.csv", found.get("id")) for task in found["tasks"]],
        tiles=list(_tiles(tasks[0])) if len(tasks) == 1 else [],
        overview=[overview(task) for task in tasks],
        warnings=list(_warnings(found)),
        leakage=leakage_figure(found["leakage"], tasks[0]),
        leakage_told=told(found["leakage"]),
        funnel=Markup(share_bar(list(_funnel(found)))),
        reasons=[(code, REASONS.get(code, ""), n) for code, n in found["codes"].items()],
        version=found["yaokit"],
    )
    path = folder / "report.html"
    write_text(path, text)
    return path


def _new(metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """The entry of a task without the molecules that were learned from, if others are left."""
    new = metrics.get("without_learned")
    if not new:
        return metrics
    domain = {**(metrics.get("domain") or {}), **new["domain"]}
    return {**metrics, **new, "domain": domain, "n_learned": 0, "n_left_out": metrics["n_learned"]}


def _task(metrics: Mapping[str, Any], predictions: Path, id_column: str | None) -> dict[str, Any]:
    shown, rows = _new(metrics), _rows(predictions, metrics["task"], id_column)
    lead = LEARNED.format(**shown) if shown["n_learned"] else LEAD
    if shown is not metrics:
        rows = [row for row in rows if row["is_new"]]
    block = task_block({**shown, "spread_told": SPREAD, "lead": lead}, rows)
    if shown is not metrics:
        models = metrics["models"]
        block["every"] = {
            "n": metrics["n"],
            "n_learned": metrics["n_learned"],
            "coverage": share(metrics["interval"].get("coverage"), 1),
            "measures": measured(kind_of(metrics), models)[0],
            "models": [(name, name_of(name), models[name]) for name in ordered(models)],
        }
    return block


def _rows(path: Path, task: str, id_column: str | None) -> list[dict[str, Any]]:
    """The judged rows by the names that the figures know, and whether the molecule is new to the model."""
    names = {f"{task}_measured": "y", f"{task}_pred": "stack", f"{task}_low": "stack_low"}
    names |= {f"{task}_high": "stack_high", f"{task}_nearest": "nearest", f"{task}_forest": "forest"}
    read = pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.float64()))
    parse = pacsv.ParseOptions(newlines_in_values=True)
    table = pacsv.read_csv(path, parse_options=parse, convert_options=read)
    inside = f"{task}_in_domain" if f"{task}_in_domain" in table.column_names else "in_domain"
    rows = []
    for i, row in enumerate(table.to_pylist()):
        values = {new: row[old] for old, new in names.items()}
        if row[f"{task}_judged"]:
            name = row.get(id_column or "") or f"row {i + 1}"
            told = {"in_domain": bool(row[inside]), "is_new": not row["in_training"]}
            rows.append({**values, "id": str(name), **told})
    return rows


def _tiles(metrics: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Label, number and note."""
    main = primary(kind_of(metrics))
    models = metrics["models"]
    beside = f"{metrics['n_learned']:,} of them learned from"
    if more := metrics.get("n_left_out"):
        beside = f"without {more:,} that it learned from"
    yield "molecules judged", f"{metrics['n']:,}", beside
    value = models["stack"][main.key]
    beside = [
        f"{name_of(name)} {models[name][main.key]['mean']:.3f}"
        for name in ordered(models)
        if name != "stack" and finite([models[name][main.key]["mean"]])
    ]
    if finite([value["mean"]]):
        ends = finite([value["low"], value["high"]])
        interval = f"95 % interval {ends[0]:.3f} to {ends[1]:.3f}; " if len(ends) == 2 else ""
        yield main.label, f"{value['mean']:.3f}", f"{interval}{', '.join(beside)}"
    promised = ((metrics.get("promised") or {}).get(main.key) or {}).get("mean")
    if finite([promised]):
        yield f"{main.label} in cross-validation", f"{promised:.3f}", "what training had promised"
    held = metrics["interval"].get("coverage")
    what = "sets" if kind_of(metrics) == "classification" else "intervals"
    yield f"{what} that held", share(held, 1), f"{share(metrics['interval']['level'])} asked for"
    inside = (metrics.get("domain") or {}).get("share_in_domain")
    yield "inside the domain", share(inside), "of the molecules judged"


def _warnings(found: Mapping[str, Any]) -> Iterator[str]:
    for task in found["tasks"]:
        shown = _new(task)
        yield from warnings(shown)
        if task["n"] and task["n_learned"] / task["n"] > _MANY:
            why = "they are left out" if shown is not task else "they say nothing of others"
            yield (
                f"{task['task']}: the model learned from {task['n_learned']:,} of these {task['n']:,} "
                f"molecules; {why}."
            )
        if shown["n"] < 30:
            yield f"{task['task']}: {shown['n']:,} molecules say little; the intervals are wide."
    yield from found.get("notes") or []


def _funnel(found: Mapping[str, Any]) -> Iterator[tuple[str, int, str]]:
    yield "measured molecules", found["n_kept"], "kept"
    yield "merged into one of them", found["n_merged"], "merged"
    for code, n in found["codes"].items():
        yield REASONS.get(code) or code, n, "dropped"

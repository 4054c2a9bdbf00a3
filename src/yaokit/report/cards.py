"""The candidates: one card each, with all that is known about why it is here."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from yaokit.report.axes import extent, finite
from yaokit.report.figures import candidate_intervals, interval_bar
from yaokit.report.head import best_measured
from yaokit.report.run import Run
from yaokit.report.sheet import Sheet

Row = Mapping[str, Any]

PROPERTIES = (  # column, label, digits
    ("desirability", "score", 2),
    ("mw", "MW", 0),
    ("clogp", "cLogP", 1),
    ("tpsa", "TPSA", 0),
    ("hbd", "H donors", 0),
    ("hba", "H acceptors", 0),
    ("rotatable_bonds", "rotatable bonds", 0),
    ("aromatic_rings", "aromatic rings", 0),
    ("heavy_atoms", "heavy atoms", 0),
    ("fsp3", "Fsp³", 2),
    ("formal_charge", "charge", 0),
    ("qed", "QED", 2),
    ("sa_score", "SA score", 1),
    ("le", "LE", 2),
    ("lle", "LLE", 1),
)
READ = (  # columns the template reads; a run without one shows it as unknown
    *("in_domain", "near_duplicate_of", "n_unspecified_stereo", "n_alerts", "alerts", "source"),
    *("desirability", "pareto_front", "scaffold", "admet", "route"),
)
SHOWN = ("desirability", "mw", "clogp", "tpsa", "qed", "sa_score", "le", "lle")
_SETS = {"0": "class 0", "1": "class 1", "both": "either class", "none": "neither class"}
SORTS = (  # key, label, whether large comes first
    ("rank", "rank", False),
    ("pred", "prediction", True),
    ("bound", "pessimistic bound", True),
    ("similarity", "similarity to measured", True),
    ("desirability", "desirability", True),
    ("qed", "QED", True),
    ("sa_score", "synthetic accessibility", False),
    ("lle", "LLE", True),
    ("mw", "molecular weight", False),
)


def build(run: Run, sheet: Sheet) -> dict[str, Any]:
    """Cards of all candidates, and what the controls above them offer."""
    rows = run.candidates
    measured = {row["id"]: row["smiles"] for row in run.measured}
    top = _contribution_scale(rows)
    spans = {task: _span(run, task) for task in run.targets}
    best = best_measured(run)
    flips = {"pred", "bound"} if run.lower_is_better else set()
    return {
        "cards": [_card(run, row, sheet, measured, spans, top) for row in rows],
        "is_class": run.main_task in run.classes,
        "overview": Markup(candidate_intervals(rows, run.main_task, best)) if rows else None,
        "sources": sorted({str(row["source"]) for row in rows if row.get("source")}),
        "sorts": [(key, label, descending != (key in flips)) for key, label, descending in SORTS],
        "contribution_scale": top,
        "steps_of_color": [
            color for color in (contribution_color(v, 1.0) for v in (-1, -0.5, 0.5, 1)) if color
        ],
    }


def contribution_color(value: float, top: float) -> str | None:
    """The color of an atom: green raises, magenta lowers; None when it hardly matters."""
    share = min(abs(value) / top, 1.0) if top else 0.0
    if not share >= 0.08:  # also when NaN
        return None
    return f"rgb({'22 150 84' if value > 0 else '205 45 130'}/{0.1 + 0.6 * share:.2f})"


def _contribution_scale(rows: Sequence[Row]) -> float:
    """The size of contribution that gets full color, the same on all cards: their 98th percentile."""
    sizes = sorted(abs(v) for row in rows for v in finite(row.get("contributions") or []))
    return sizes[int(0.98 * (len(sizes) - 1))] if sizes else 0.0


def _span(run: Run, task: str) -> tuple[float, float]:
    if task in run.classes:
        return 0.0, 1.0
    columns = [f"{task}_{part}" for part in ("pred", "low", "high")]
    values = [row.get(c) for row in run.candidates for c in columns]
    return extent([*values, *(row.get(task) for row in run.measured)], 0.02)


def _card(
    run: Run,
    row: Row,
    sheet: Sheet,
    measured: Mapping[str, str],
    spans: Mapping[str, tuple[float, float]],
    top: float,
) -> dict[str, Any]:
    neighbors = _neighbors(row, sheet, measured)
    colors = [contribution_color(v, top) for v in row.get("contributions") or []]
    marks = [n["value"] for n in neighbors]
    return {
        "row": {**dict.fromkeys(READ), **row},
        "picture": sheet.show(row["smiles"], f"structure of {row['id']}"),
        "contributions": sheet.show(row["smiles"], f"atom contributions of {row['id']}", colors)
        if len(colors) and top
        else None,
        "predictions": [
            _prediction(row, task, spans[task], marks if task == run.main_task else [])
            | {"is_class": task in run.classes}
            for task in run.targets
        ],
        "neighbors": neighbors,
        "shown": [p for p in _properties(row) if p["column"] in SHOWN],
        "more": [p for p in _properties(row) if p["column"] not in SHOWN],
        "rules": _rules(row),
        "terms": [(k[2:], v) for k, v in row.items() if k.startswith("d_")],
        "sort": _sort_values(run, row),
        "text": " ".join(
            str(row.get(k) or "") for k in ("id", "smiles", "scaffold", "alerts", "source")
        ).lower(),
    }


def _prediction(row: Row, task: str, span: tuple[float, float], marks: Sequence[float]) -> dict[str, Any]:
    mean, low, high, std = (row.get(f"{task}_{part}") for part in ("pred", "low", "high", "std"))
    bar = interval_bar(span, mean, (low, high), "in" if row.get("in_domain") else "out", marks)
    numbers = {"task": task, "mean": mean, "low": low, "high": high, "std": std}
    return {**numbers, "bar": Markup(bar), "set": _SETS.get(row.get(f"{task}_set") or "")}


def _neighbors(row: Row, sheet: Sheet, measured: Mapping[str, str]) -> list[dict[str, Any]]:
    ids = row.get("nearest_ids") or []
    similarities = [*(row.get("nearest_similarities") or []), *[None] * len(ids)]
    values = [*(row.get("nearest_values") or []), *[None] * len(ids)]
    return [
        {
            "id": i,
            "similarity": similarity,
            "value": value,
            "picture": sheet.show(measured[i], f"structure of {i}") if i in measured else None,
        }
        for i, similarity, value in zip(ids, similarities, values, strict=False)
    ]


def _properties(row: Row) -> list[dict[str, Any]]:
    return [
        {"column": column, "label": label, "value": row.get(column), "digits": digits}
        for column, label, digits in PROPERTIES
        if column in row
    ]


def _rules(row: Row) -> list[tuple[str, str, bool]]:
    """Name, result and whether it is fine, of the rule columns."""
    rules = []
    for column, value in row.items():
        name = column.rsplit("_", 1)[0].replace("_", " ").capitalize()
        if column.endswith("_violations"):
            result = "passes" if not value else f"{value} violation{'s' if value > 1 else ''}"
            rules.append((name, result, not value))
        elif column.endswith("_ok") and value is not None:
            rules.append((name, "passes" if value else "fails", bool(value)))
    return rules


def _sort_values(run: Run, row: Row) -> dict[str, float | None]:
    task = run.main_task
    values = {
        "pred": row.get(f"{task}_pred"),
        "bound": row.get(f"{task}_{'high' if run.lower_is_better else 'low'}"),
        "similarity": row.get("nearest_similarity"),
    }
    named = {key: finite([values.get(key, row.get(key))]) for key, *_ in SORTS}
    return {key: round(known[0], 4) if known else None for key, known in named.items()}

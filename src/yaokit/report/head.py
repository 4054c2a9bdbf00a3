"""The report's first screen: what this is, the main numbers, and what to beware of."""

from collections.abc import Iterator, Sequence
from typing import Any

from yaokit.report import findings
from yaokit.report.axes import finite
from yaokit.report.measures import kind_of, primary
from yaokit.report.run import Run
from yaokit.report.sheet import Sheet

FAR = 0.05  # a library with a smaller share inside the domain is called far


def build(run: Run, sheet: Sheet) -> dict[str, Any]:
    """Numbers and warnings for the head."""
    task = run.main_task
    known = [c for c in run.candidates if finite([c.get(f"{task}_pred")])]
    best = (min if run.lower_is_better else max)(known, key=lambda c: c[f"{task}_pred"], default=None)
    return {
        "best": best
        and {part: best.get(f"{task}_{part}") for part in ("pred", "low", "high")} | {"row": best},
        "n_measured": len(run.measured),
        "n_in_domain": sum(bool(c.get("in_domain")) for c in run.candidates),
        "n_found": sum(step.summary.get("n_in", 0) for kind in ("screen", "design") for step in run.of(kind)),
        "model": run.metrics[0] if run.metrics else None,
        "measure": primary(kind_of(run.metrics[0])) if run.metrics else None,
        "is_class": task in run.classes,
        "n_ones": sum(row.get(task) == 1 for row in run.measured),
        "best_measured": best_measured(run),
        "warnings": list(_warnings(run)),
    }


def best_measured(run: Run) -> float | None:
    """The best measured value of the main task; None if nothing is measured, or classes are."""
    if run.main_task in run.classes:
        return None
    values = finite(row.get(run.main_task) for row in run.measured)
    return (min if run.lower_is_better else max)(values, default=None)


def _warnings(run: Run) -> Iterator[str]:
    yield from _of_candidates(run)
    yield from _of_units(run)
    yield from _of_libraries(run)
    for metrics in run.metrics:
        yield from findings.warnings(metrics)
    for step in run.of("curate"):
        yield from step.summary.get("notes", [])


def _of_candidates(run: Run) -> Iterator[str]:
    rows, task = run.candidates, run.main_task
    if not rows:
        yield "There are no candidates. The counts in the next section show where the molecules went."
        return
    if missing := sum(not finite([c.get(f"{task}_pred")]) for c in rows):
        yield f"{_of(missing, rows, 'has', 'have')} no prediction."
    if outside := sum(not c.get("in_domain") for c in rows):
        yield (
            f"{_of(outside, rows, 'lies', 'lie')} outside the model's domain: "
            "treat predictions there as guesses."
        )
    if twins := sum(c.get("near_duplicate_of") is not None for c in rows):
        yield f"{_of(twins, rows, 'nearly repeats', 'nearly repeat')} a measured molecule."
    if stereo := sum((c.get("n_unspecified_stereo") or 0) > 0 for c in rows):
        yield f"{_of(stereo, rows, 'has', 'have')} stereo centers that the structure leaves open."
    empty = [
        label
        for column, label in (("admet", "ADMET"), ("route", "synthesis routes"))
        if all(c.get(column, "not computed") == "not computed" for c in rows)
    ]
    if empty:
        yield f"Not computed in this run: {' and '.join(empty)}."


def _of(n: int, rows: Sequence[object], one: str, many: str) -> str:
    return f"{n} of {len(rows)} candidates {one if n == 1 else many}"


def _of_units(run: Run) -> Iterator[str]:
    for name, target in run.targets.items():
        if not target.get("unit") and name not in run.classes:
            yield f"The unit of {name} is not known; compare its values only with each other."


def _of_libraries(run: Run) -> Iterator[str]:
    for step in run.of("screen"):
        scored, inside = step.summary.get("n_scored") or 0, step.summary.get("n_in_domain")
        if scored and inside is not None and inside / scored < FAR:
            yield (
                f"{step.title} is far from the measured molecules: "
                f"{inside:,} of {scored:,} are inside the domain."
            )

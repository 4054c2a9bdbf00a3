"""How the run was made: settings, seeds, versions, sources, time, and what the model cannot know."""

from typing import Any

from yaokit.core.store import content_key
from yaokit.report.run import Run
from yaokit.report.sheet import Sheet


def build(run: Run, sheet: Sheet) -> dict[str, Any]:
    """Everything somebody needs to make or judge this run again."""
    steps = [step for step in run.folders if step.summary]
    return {
        "sources": [(step.name, *step.source) for step in steps if step.source],
        "tasks": [task for step in steps for task in step.summary.get("tasks") or []],
        "files": [file for step in steps for file in step.summary.get("files") or []],
        "standardizers": [
            (s.name, s.summary["standardizer"]) for s in steps if s.summary.get("standardizer")
        ],
        "settings": _flat(run.about["settings"]),
        "settings_key": content_key(run.about["settings"]),
        "total_seconds": sum(run.about["seconds"].values()),
    }


def _flat(settings: dict[str, Any], above: str = "") -> list[tuple[str, Any]]:
    """Nested settings as (dotted name, value)."""
    rows: list[tuple[str, Any]] = []
    for name, value in settings.items():
        rows += _flat(value, f"{above}{name}.") if isinstance(value, dict) else [(f"{above}{name}", value)]
    return rows

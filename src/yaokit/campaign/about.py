"""What the report says of the run itself: versions, seeds, time, memory, targets."""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from yaokit import __version__
from yaokit.core.store import read_json
from yaokit.models.card import PACKAGES
from yaokit.report.run import StepFolder


def versions() -> dict[str, str]:
    """Versions of yaokit, Python and the packages that make the numbers."""
    found = {"yaokit": __version__, "python": platform.python_version()}
    return found | {name: version(name) for name in PACKAGES}


def about_run(folders: Sequence[StepFolder], *, title: str, plan: str, seed: int) -> dict[str, Any]:
    """The `about` of report.html.write_report."""
    records = {folder.name: read_json(folder.path / "step.json") for folder in folders}
    tasks = next((f.summary.get("tasks", []) for f in folders if f.kind == "curate"), [])
    return {
        "title": title,
        "created_from": plan,
        "seed": seed,
        "command": "yaokit campaign run FILE.toml",
        "versions": versions(),
        "settings": {name: record["settings"] for name, record in records.items()},
        "seconds": {name: record["seconds"] for name, record in records.items()},
        "peak_memory_mb": max((r["peak_memory_mb"] for r in records.values()), default=None),
        "targets": {
            task["name"]: {"goal": task["goal"], "unit": task["unit"], "main": i == 0}
            for i, task in enumerate(tasks)
        },
    }

"""A finished run as the report reads it: step folders, their summaries and tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from yaokit.core.store import read_json
from yaokit.data.catalog.builtin import builtin, is_builtin
from yaokit.models.targets import CLASSIFICATION


@dataclass(frozen=True)
class StepFolder:
    """One finished step: what it does (curate, train, …), its name in the campaign, its folder."""

    kind: str
    name: str
    path: Path

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Its summary.json; empty if it wrote none."""
        path = self.path / "summary.json"
        return read_json(path) if path.exists() else {}

    @property
    def title(self) -> str:
        """The name a reader knows: of a screen its library's, else the step's."""
        library = self.summary.get("library")
        if not library:
            return self.name
        if library == "series":
            return "The series’ own parts, recombined"
        return builtin(library).title if is_builtin(library) else str(library)

    @property
    def source(self) -> tuple[str, str] | None:
        """Where its data come from, and their licence; None if it says nothing of it."""
        library = self.summary.get("library", "")
        if is_builtin(library):
            return builtin(library).source, builtin(library).licence
        told = self.summary.get("source")
        return (told, self.summary.get("licence") or "not stated") if told else None

    def table(self, name: str) -> pa.Table | None:
        """One of its .parquet or .csv files; None if it is absent or an empty file."""
        path = self.path / name
        if not path.exists() or not path.stat().st_size:
            return None
        return pq.read_table(path) if path.suffix == ".parquet" else pacsv.read_csv(path)


@dataclass(frozen=True)
class Run:
    """All folders of a run in their order, and what the campaign says about it."""

    folders: Sequence[StepFolder]
    about: Mapping[str, Any]

    def of(self, kind: str) -> list[StepFolder]:
        """The steps of one kind."""
        return [step for step in self.folders if step.kind == kind]

    @cached_property
    def targets(self) -> dict[str, dict[str, Any]]:
        """Goal, unit and main of each task; the tasks of the curated table if none are told."""
        if self.about.get("targets"):
            return dict(self.about["targets"])
        tasks = [task for step in self.of("curate") for task in step.summary.get("tasks", [])]
        return {
            t["name"]: {"goal": t.get("goal"), "unit": t.get("unit"), "main": not i}
            for i, t in enumerate(tasks)
        }

    @cached_property
    def main_task(self) -> str:
        """The task that molecules are ranked by; "" if there is none."""
        main = [name for name, target in self.targets.items() if target.get("main")]
        return next(iter([*main, *self.targets]), "")

    @cached_property
    def classes(self) -> frozenset[str]:
        """The tasks whose values are classes, their predictions probabilities."""
        judged = {task["task"] for task in self.metrics if task.get("kind") == CLASSIFICATION}
        curated = (task for step in self.of("curate") for task in step.summary.get("tasks", []))
        return frozenset(judged | {task["name"] for task in curated if task.get("unit") == "class"})

    @property
    def lower_is_better(self) -> bool:
        """Whether the main task is to be made small."""
        return str(self.targets.get(self.main_task, {}).get("goal") or "").startswith("min")

    @cached_property
    def measured(self) -> list[dict[str, Any]]:
        """The curated rows."""
        return self._rows("curate", "table.parquet")

    @cached_property
    def candidates(self) -> list[dict[str, Any]]:
        """The ranked rows, best first."""
        return sorted(self._rows("rank", "candidates.parquet"), key=lambda row: row["rank"])

    @cached_property
    def pool(self) -> list[dict[str, Any]]:
        """Every unmeasured molecule found, with its source; the screens' hits if there is no profile."""
        if self.of("profile"):
            return self._rows("profile", "pool.parquet")
        hits = ((step.name, step.table("hits.parquet")) for step in self.of("screen"))
        return [
            {**row, "source": name} for name, table in hits if table is not None for row in table.to_pylist()
        ]

    @cached_property
    def metrics(self) -> list[dict[str, Any]]:
        """One entry for each task of the trained model, the main one first."""
        paths = [step.path / "metrics.json" for step in self.of("train")]
        tasks = [task for path in paths if path.exists() for task in read_json(path)["tasks"]]
        return sorted(tasks, key=lambda task: task["task"] != self.main_task)

    def _rows(self, kind: str, name: str) -> list[dict[str, Any]]:
        tables = (step.table(name) for step in self.of(kind))
        return [row for table in tables if table is not None for row in table.to_pylist()]

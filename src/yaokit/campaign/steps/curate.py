"""Measurements → one clean table."""

from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq
from pydantic import Field

from yaokit.campaign.step import Inputs, Settings, Step
from yaokit.chem.standardize import Standardizer
from yaokit.core.errors import UsageError
from yaokit.core.store import writing
from yaokit.data.curation.classes import Classes
from yaokit.data.curation.curate import ValueColumn, curate
from yaokit.data.curation.stamp import stamp
from yaokit.data.export import write_csv


class Value(Settings):
    """A measured quantity: its column, unit and whether more is better.

    With task = "classification" it becomes 1 or 0: by the labels in the column, or by `threshold`
    with a gray zone around it that belongs to neither.
    """

    column: str
    name: str | None = None
    unit: str = "p"
    unit_column: str | None = None
    relation: str | None = None
    goal: Literal["maximize", "minimize"] = "maximize"
    task: Literal["regression", "classification"] = "regression"
    threshold: float | None = None
    gray: float = 0.0

    def as_column(self) -> ValueColumn:
        """The same for `curate`, which does not care about goals."""
        try:
            return ValueColumn(
                self.column, self.name, self.unit, self.unit_column, self.relation, self._classes()
            )
        except ValueError as error:
            raise UsageError(f"value column {self.column!r}: {error}") from None

    def _classes(self) -> Classes | None:
        if self.task == "classification":
            return Classes(self.threshold, self.gray)
        if self.threshold is not None or self.gray:
            raise UsageError(
                f'value column {self.column!r}: threshold and gray make classes; add task = "classification"'
            )
        return None


class CurateSettings(Settings):
    files: tuple[str, ...] = Field(min_length=1)
    smiles: str | None = None
    id: str | None = None
    values: tuple[Value, ...] = Field(min_length=1)
    tautomer: bool = False
    remove_isotopes: bool = False
    remove_stereo: bool = False
    lenient: bool = False


def _run(out: Path, inputs: Inputs, settings: CurateSettings) -> dict[str, Any]:
    curated = curate(
        settings.files,
        smiles=settings.smiles,
        id=settings.id,
        values=[value.as_column() for value in settings.values],
        standardizer=Standardizer(
            isotopes=not settings.remove_isotopes,
            stereo=not settings.remove_stereo,
            tautomer=settings.tautomer,
            strict=not settings.lenient,
        ),
        workers=inputs.workers,
        progress=inputs.progress,
    )
    table = curated.table
    table.write(out / "table")
    with writing(out / "table.parquet") as part:
        pq.write_table(table.data.replace_schema_metadata(stamp(curated.summary)), part)
    write_csv(table.rejects, out / "rejects.csv")
    write_csv(table.merged, out / "merged.csv")
    dropped = table.counts()["codes"]
    if table.n_merged:
        dropped = {"MERGED": table.n_merged, **dropped}
    goals = {value.as_column().task: value.goal for value in settings.values}
    tasks = [{**task, "goal": goals[task["name"]]} for task in curated.summary["tasks"]]
    return {**curated.summary, "tasks": tasks, "n_out": len(table), "dropped": dropped}


CURATE = Step("curate", _run, CurateSettings, files=lambda settings: settings.files)

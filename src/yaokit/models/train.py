"""From a measured table to a model folder: what `yaokit train` does."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from yaokit.chem.standardize import Standardizer
from yaokit.core.errors import UsageError
from yaokit.core.progress import SILENT, Progress
from yaokit.core.store import locked, publish, write_json, writing
from yaokit.core.table import MolTable
from yaokit.data.curation.curate import Curated
from yaokit.data.export import write_csv
from yaokit.models.trusted import Trusted, Validation, finite


def train_model(
    curated: Curated,
    out: Path,
    *,
    models: Sequence[str] = ("boosting", "mlp"),
    validation: Validation | None = None,
    minimize: Sequence[str] = (),
    workers: int = 2,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Cross-validate, fit on all rows and write the model folder `out`; gives its metrics.

    Beside the model the folder holds oof.parquet, curation.json and rejects.csv. Interrupted, the
    same call continues in `out`.part. UsageError if `out` exists and is not a model folder.
    """
    if out.exists() and not (out / "card.json").exists():
        raise UsageError(f"{out} exists and is not a model folder; choose another one")
    part = out.with_name(out.name + ".part")
    part.mkdir(parents=True, exist_ok=True)
    with locked(part):
        model = fit_trusted(
            curated.table,
            curated.summary,
            cache=part / "folds",
            models=models,
            validation=validation,
            minimize=minimize,
            workers=workers,
            progress=progress,
        )
        model.save(part)
        write_oof(model, part / "oof.parquet")
        write_json(part / "curation.json", finite(curated.summary))
        write_csv(curated.table.rejects, part / "rejects.csv")
        shutil.rmtree(part / "folds")
    (part / ".lock").unlink(missing_ok=True)
    publish(part, out)
    return model.metrics()


def fit_trusted(
    table: MolTable,
    summary: dict[str, Any],
    *,
    cache: Path,
    models: Sequence[str],
    validation: Validation | None,
    minimize: Sequence[str],
    workers: int,
    progress: Progress,
) -> Trusted:
    """A fitted stack on all tasks of a curated table; finished folds in `cache` are not done again."""
    tasks = [task["name"] for task in summary["tasks"]]
    model = Trusted(
        models,
        validation=validation,
        standardizer=Standardizer.from_settings(summary["standardizer"]),
        minimize=minimize,
        workers=workers,
        cache=cache,
        progress=progress,
    )
    model.provenance = {key: summary.get(key) for key in ("files", "source", "licence")}
    model.provenance["noise"] = {task["name"]: task.get("noise") for task in summary["tasks"]}
    return model.fit(table, tasks)


def write_oof(model: Trusted, path: Path) -> None:
    """The out-of-fold predictions as parquet."""
    with writing(path) as part:
        pq.write_table(model.oof(), part)

"""Clean table → a model with intervals, domain and honest numbers."""

import shutil
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from yaokit.campaign.step import Inputs, Settings, Step, one_of
from yaokit.chem.split import parse_split
from yaokit.core.errors import UsageError
from yaokit.core.lazy import choices
from yaokit.core.table import MolTable
from yaokit.models import MODELS
from yaokit.models.train import fit_trusted, write_oof
from yaokit.models.trusted import Trusted, Validation

Member = Annotated[str, one_of(lambda: choices(MODELS, "model").keys() - {"trusted"})]


def _split(text: str) -> str:
    try:
        parse_split(text)
    except UsageError as error:
        raise ValueError(str(error)) from None
    return text


class TrainSettings(Settings):
    models: tuple[Member, ...] = Field(default=("boosting", "mlp"), min_length=1)
    split: Annotated[str, AfterValidator(_split)] = "scaffold"
    folds: int = Field(default=5, ge=3, le=20)
    repeats: int | None = Field(default=None, ge=1, le=20)
    seed: int = 0


def _run(out: Path, inputs: Inputs, settings: TrainSettings) -> dict[str, Any]:
    source = inputs.one("curate")
    table = MolTable.read(source.path / "table")
    about = source.summary
    model = fit_trusted(
        table,
        about,
        cache=out / "folds",
        models=settings.models,
        validation=Validation(settings.split, settings.folds, settings.repeats, settings.seed),
        minimize=[task["name"] for task in about["tasks"] if task["goal"] == "minimize"],
        workers=inputs.workers,
        progress=inputs.progress,
    )
    model.save(out / "model")
    shutil.copyfile(out / "model" / "metrics.json", out / "metrics.json")
    write_oof(model, out / "oof.parquet")
    shutil.rmtree(out / "folds")
    without = len(table) - model.n_rows
    return {
        "n_in": len(table),
        "n_out": model.n_rows,
        "dropped": {"NO_VALUE": without} if without else {},
        "notes": _notes(model),
    }


def _notes(model: Trusted) -> list[str]:
    notes = []
    for about in model.metrics()["tasks"]:
        if about["n_censored"]:
            notes.append(
                f"{about['task']}: {about['n_censored']:,} bounds (> or <) are learned from by the models "
                "that can, and judged by none"
            )
        for baseline, test in about["comparison"].items():
            if not test["better"]:
                notes.append(
                    f"{about['task']}: the stack is not better than {baseline} beyond the noise "
                    f"(RMSE difference {test['difference']:+.3f}, p = {test['p']:.2g})"
                )
    return notes


TRAIN = Step("train", _run, TrainSettings, after=("curate",))

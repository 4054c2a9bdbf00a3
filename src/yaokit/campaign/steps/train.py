"""Clean table → a model with intervals, domain and honest numbers."""

import shutil
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from yaokit.campaign.step import Inputs, Settings, Step
from yaokit.chem.split import parse_split
from yaokit.core.errors import UsageError
from yaokit.core.table import MolTable
from yaokit.models.auto import AUTO
from yaokit.models.embedded import DEFAULT
from yaokit.models.labels import check
from yaokit.models.train import Learning, fit_trusted, write_oof
from yaokit.models.trusted import Trusted
from yaokit.models.validation import Validation
from yaokit.nn.pretrained import shipped
from yaokit.report.choices import caveats, untuned
from yaokit.report.findings import verdicts


def _split(text: str) -> str:
    try:
        parse_split(text)
    except UsageError as error:
        raise ValueError(str(error)) from None
    return text


def _label(text: str) -> str:
    try:
        if text != AUTO:
            check([text])
    except UsageError as error:
        raise ValueError(str(error)) from None
    return text


class TrainSettings(Settings):
    models: tuple[Annotated[str, AfterValidator(_label)], ...] = Field(default=(AUTO,), min_length=1)
    features: Literal["fp", "full"] | None = None
    split: Annotated[str, AfterValidator(_split)] = "scaffold"
    folds: int = Field(default=5, ge=3, le=20)
    repeats: int | None = Field(default=None, ge=1, le=20)
    weight: str | None = None
    balanced: bool = False
    scale: Literal["auto", "linear", "log", "rank"] = "auto"
    tune: int = Field(default=0, ge=0)
    time_limit_min: float | None = Field(default=None, gt=0)
    encoder: str | None = None
    seed: int = 0


def _run(out: Path, inputs: Inputs, settings: TrainSettings) -> dict[str, Any]:
    source = inputs.one("curate")
    table = MolTable.read(source.path / "table")
    about = source.summary
    learning = Learning(
        models=settings.models,
        features=settings.features,
        validation=Validation(settings.split, settings.folds, settings.repeats, settings.seed),
        minimize=[task["name"] for task in about["tasks"] if task["goal"] == "minimize"],
        weight=settings.weight,
        balanced=settings.balanced,
        scale=settings.scale,
        tune=settings.tune,
        time_limit_min=settings.time_limit_min,
        encoder=settings.encoder,
    )
    model = fit_trusted(
        table, about, learning, cache=out / "folds", workers=inputs.workers, progress=inputs.progress
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
    tasks = model.metrics()["tasks"]
    notes = list(untuned(tasks[0]))
    for about in tasks:
        if about["n_censored"]:
            notes.append(
                f"{about['task']}: {about['n_censored']:,} bounds (> or <) are learned from by the models "
                "that can, and judged by none"
            )
        notes += [f"{about['task']}: {text}" for text in caveats(about)]
        notes += [
            f"{about['task']}: the stack is {text[0].lower()}{text[1:].rstrip('.')}"
            for is_better, text in verdicts(about)
            if not is_better
        ]
    return notes


def _files(settings: TrainSettings) -> tuple[str, ...]:
    """The folder of the encoder, if it is not a shipped one."""
    encoder = settings.encoder
    return () if encoder in (None, DEFAULT, *shipped()) else (encoder,)


TRAIN = Step("train", _run, TrainSettings, after=("curate",), files=_files)

"""A library through the model; or the series' own parts, recombined."""

import shutil
from pathlib import Path
from typing import Any

from pydantic import Field

from yaokit.campaign.step import Inputs, Settings, Step
from yaokit.chem.fragments import recombine
from yaokit.core.errors import NothingUsable
from yaokit.core.store import read_json, write_json, write_text
from yaokit.core.table import MolTable
from yaokit.screen.stream import screen_files

SERIES = "series"


class ScreenSettings(Settings):
    library: str = SERIES
    top: int = Field(default=1_000, ge=1)
    max_products: int = Field(default=60_000, ge=1)
    seed: int = 0


def _run(out: Path, inputs: Inputs, settings: ScreenSettings) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    library: str | Path = settings.library
    if settings.library == SERIES:
        library, extra = _recombined(out, inputs, settings)
    if extra.get("n_products") == 0:
        return _empty(extra)
    summary = screen_files(
        [library],
        inputs.one("train").path / "model",
        out,
        top=settings.top,
        name=settings.library,
        workers=inputs.workers,
        progress=inputs.progress,
    )
    shutil.rmtree(out / "shards")
    return {**summary, **extra}


def _recombined(out: Path, inputs: Inputs, settings: ScreenSettings) -> tuple[Path, dict[str, Any]]:
    """The library file of the series' recombined parts, and how it was made."""
    path, about = out / "series.smi", out / "series.json"
    if not about.exists():
        table = MolTable.read(inputs.one("curate").path / "table")
        inputs.progress.say("  recombining the series' own parts")
        made = recombine(table.smiles, settings.max_products, settings.seed, inputs.workers)
        lines = (f"{smiles} series-{i:06d}" for i, smiles in enumerate(made.products, start=1))
        write_text(path, "\n".join(lines) + "\n")
        write_json(about, {"cuts": made.cuts, "note": made.note, "n_products": len(made.products)})
    return path, read_json(about)


def _empty(extra: dict[str, Any]) -> dict[str, Any]:
    if not extra["note"]:
        raise NothingUsable("the series gives no new combinations of its parts")
    return {
        "library": SERIES,
        "n_in": 0,
        "n_scored": 0,
        "n_in_domain": 0,
        "n_out": 0,
        "dropped": {},
        "notes": [extra["note"]],
        **extra,
    }


def _files(settings: ScreenSettings) -> tuple[str, ...]:
    return () if settings.library == SERIES else (settings.library,)


SCREEN = Step("screen", _run, ScreenSettings, after=("curate", "train"), files=_files)

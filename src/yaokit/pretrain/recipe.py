"""Recipes: the TOML files that say how shipped weights are made, and how users make their own."""

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from yaokit.core.errors import UsageError
from yaokit.core.progress import SILENT, Progress
from yaokit.data.catalog.builtin import is_builtin
from yaokit.pretrain.corpus import ABOUT, Corpus, open_corpus
from yaokit.pretrain.plan import Plan
from yaokit.pretrain.prepare import Source, prepare


class SourceTable(BaseModel):
    """[[corpus.sources]]: files below the data folder, "*" for several, and how they are taken."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    licence: str
    smiles: str | None = None
    rows: int | None = Field(default=None, ge=1)
    as_is: bool = False


class CorpusTable(BaseModel):
    """[corpus], or the whole of a file that is named there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    sources: tuple[SourceTable, ...] = Field(min_length=1)
    exclude: tuple[str, ...] = ()  # files below the data folder, or else below that of the recipe
    seed: int = 0


class Recipe(BaseModel):
    """A whole recipe."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    kind: Literal["masked", "graph", "causal"] | None = None
    licence: str = "not stated"  # of the weights
    corpus: CorpusTable | None = None
    network: dict[str, Any] = Field(default_factory=dict)  # settings of the objective
    training: Plan = Field(default_factory=Plan)


def read_recipe(path: Path) -> Recipe:
    """The recipe in a file; UsageError says which line or name is wrong and what is allowed.

    `corpus` may be the name of a file beside it that holds that table.
    """
    data = _read(path)
    if isinstance(named := data.get("corpus"), str):
        data["corpus"] = _read(path.parent / named)
    try:
        return Recipe(**data)
    except ValidationError as error:
        raise UsageError(f"{path}: {_told(error)}") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{path}: no such recipe; recipes/ in yaokit's repository has some") from None
    except (IsADirectoryError, UnicodeDecodeError):
        raise UsageError(f"{path} is not a recipe; give a .toml file") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: {error}") from None


def sources_of(table: CorpusTable, data: Path) -> list[Source]:
    """The files of a recipe's corpus; UsageError for a pattern that fits none."""
    found = []
    for source in table.sources:
        how = {"smiles": source.smiles, "rows": source.rows, "as_is": source.as_is, "licence": source.licence}
        if is_builtin(source.path):
            found.append(Source(source.path, source.path, **how))
            continue
        paths = sorted(data.glob(source.path))
        if not paths:
            raise UsageError(
                f"no file {data / source.path}; give --data the folder that the recipe was made for"
            )
        found += [Source(path, path.relative_to(data).as_posix(), **how) for path in paths]
    return found


def excluded_files(table: CorpusTable, data: Path, beside: Path) -> list[Path]:
    """The files of molecules that stay out."""
    found = []
    for name in table.exclude:
        places = [data / name, beside / name]
        path = next((place for place in places if place.is_file()), None)
        if path is None:
            raise UsageError(
                f"no file {' or '.join(map(str, places))}, which holds what the corpus must not; "
                "the recipe says how it is made"
            )
        found.append(path)
    return found


def corpus_of(
    recipe: Recipe, folder: Path, data: Path, beside: Path, *, workers: int = 1, progress: Progress = SILENT
) -> Corpus:
    """The recipe's corpus in `folder`: opened if it is there, else made.

    UsageError if a corpus of another name is there, or the recipe has none.
    """
    table = recipe.corpus
    if (folder / ABOUT).exists():
        corpus = open_corpus(folder)
        if table and corpus.about["name"] != table.name:
            raise UsageError(
                f"{folder} holds the corpus {corpus.about['name']!r}, the recipe wants {table.name!r}"
            )
        return corpus
    if table is None:
        raise UsageError(f"{folder} is no prepared corpus and the recipe has no [corpus] to make it from")
    return prepare(
        folder,
        sources_of(table, data),
        name=table.name,
        exclude=excluded_files(table, data, beside),
        seed=table.seed,
        workers=workers,
        progress=progress,
    )


def _told(error: ValidationError) -> str:
    """Each fault on one line; what is allowed where a name is unknown."""
    faults = []
    for fault in error.errors():
        where = ".".join(map(str, fault["loc"]))
        message = fault["msg"]
        if fault["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
            known = _known(fault["loc"][:-1])
            message = "is no setting" + (f"; there are: {', '.join(known)}" if known else "")
        faults.append(f"{where} {message}" if "no setting" in message else f"{where}: {message}")
    return "; ".join(faults)


def _known(where: tuple[Any, ...]) -> list[str]:
    tables: dict[str, Any] = {"corpus": CorpusTable, "sources": SourceTable}
    names = [part for part in where if isinstance(part, str)]
    if names and names[-1] == "training":
        return [field.name for field in fields(Plan)]
    table = tables.get(names[-1], Recipe) if names else Recipe
    return list(table.model_fields)

"""Recipes: the TOML files that say how shipped weights are made, and how users make their own."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from yaokit.core.errors import UsageError
from yaokit.core.progress import SILENT, Progress
from yaokit.core.store import file_hash
from yaokit.data.catalog.builtin import is_builtin
from yaokit.pretrain.corpus import ABOUT, Corpus, open_corpus
from yaokit.pretrain.held import held_hash
from yaokit.pretrain.plan import Plan
from yaokit.pretrain.prepare import prepare
from yaokit.pretrain.sources import Source

_NAMED = 5  # files that are not what they were


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
        path = _excluded(name, data, beside)
        if path is None:
            raise UsageError(
                f"no file {data / name} or {beside / name}, which holds what the corpus must not; "
                "the recipe says how it is made"
            )
        found.append(path)
    return found


def _excluded(name: str, data: Path, beside: Path) -> Path | None:
    return next((place for place in (data / name, beside / name) if place.is_file()), None)


def corpus_of(
    recipe: Recipe,
    folder: Path,
    data: Path | None,
    beside: Path,
    *,
    workers: int = 1,
    progress: Progress = SILENT,
    is_late: Callable[[], bool] = lambda: False,
) -> Corpus:
    """The recipe's corpus in `folder`: opened if it is there, else made from `data` or the working folder.

    UsageError if the corpus there is not as the recipe says, or not of the files in `data` (by names and
    sizes; it says if there is no such folder), or the recipe has none; Late as `prepare`.
    """
    table, where = recipe.corpus, data or Path.cwd()
    if (folder / ABOUT).exists():
        corpus = open_corpus(folder)
        if table is None:
            return corpus
        found = _differences(table, corpus.about, where, beside)
        if data and data.is_dir():
            found += _other_files(table.sources, corpus.about["sources"], data)
        else:
            missing = f"{data} is not there" if data else "no --data is given"
            progress.say(f"  {folder} is taken as it is: {missing}, so its sources were not looked at")
        if found:
            raise UsageError(
                f"{folder} is not the corpus of the recipe: {'; '.join(found)}. Give another folder or "
                "delete this one to prepare it anew, or take the recipe it was made with"
            )
        return corpus
    if table is None:
        raise UsageError(f"{folder} is no prepared corpus and the recipe has no [corpus] to make it from")
    return prepare(
        folder,
        sources_of(table, where),
        name=table.name,
        exclude=excluded_files(table, where, beside),
        seed=table.seed,
        workers=workers,
        progress=progress,
        is_late=is_late,
    )


def _differences(table: CorpusTable, about: Mapping[str, Any], data: Path, beside: Path) -> list[str]:
    """Where a corpus, as its corpus.json tells, is not what the recipe wants."""
    found = [
        f"its {name} is {about[name]!r}, the recipe wants {getattr(table, name)!r}"
        for name in ("name", "seed")
        if about[name] != getattr(table, name)
    ]
    names = sorted(file["name"] for file in about["excluded"])
    wanted = sorted(Path(name).name for name in table.exclude)
    if names != wanted:
        excluded, asked = (", ".join(every) or "nothing" for every in (names, wanted))
        found.append(f"it excludes {excluded}, the recipe {asked}")
    for name in table.exclude:
        path = _excluded(name, data, beside)
        hashes = [file["sha256"] for file in about["excluded"] if file["name"] == Path(name).name]
        if path and hashes and held_hash(path) not in hashes and file_hash(path) not in hashes:
            found.append(f"{path}, which it excludes, has changed")
    return found + _other_sources(table.sources, about["sources"])


def _other_sources(tables: Sequence[SourceTable], sources: Sequence[Mapping[str, Any]]) -> list[str]:
    """What of a recipe's sources a corpus lacks, has besides, or took otherwise."""
    pairs = [(table, [s for s in sources if _fits(s["name"], table.path)]) for table in tables]
    found = [f"it has no {table.path}" for table, fitting in pairs if not fitting]
    for source in sources:
        wanted = [table for table, fitting in pairs if source in fitting]
        if not wanted:
            found.append(f"it has {source['name']}, which the recipe has not")
            continue
        other = [
            [
                f"{name} of {source['name']} is {source[name]!r}, the recipe wants {value!r}"
                for name, value in table.model_dump(exclude={"path"}).items()
                if source[name] != value
            ]
            for table in wanted
        ]
        found += min(other, key=len)
    return found


def _other_files(
    tables: Sequence[SourceTable], sources: Sequence[Mapping[str, Any]], data: Path
) -> list[str]:
    """Which of the files that a recipe finds now are new, gone or of another size; hashes would take long."""
    patterns = [table.path for table in tables if not is_builtin(table.path)]
    now = {path.relative_to(data).as_posix(): path for pattern in patterns for path in data.glob(pattern)}
    then = {source["name"]: source.get("bytes") for source in sources if not is_builtin(source["name"])}
    new = [f"{name} in {data} is new" for name in sorted(now.keys() - then.keys())]
    lost = sorted(name for name in then.keys() - now.keys() if not (data / name).is_file())
    gone = [f"{name} is no longer in {data}" for name in lost]
    sizes = {name: (then[name], now[name].stat().st_size) for name in sorted(then.keys() & now.keys())}
    changed = [
        f"{data / name} has changed: {b:,} bytes, not {a:,}"
        for name, (a, b) in sizes.items()
        if a not in (None, b)
    ]
    found = [*new, *gone, *changed]
    return found if len(found) <= _NAMED else [*found[:_NAMED], f"and {len(found) - _NAMED:,} more"]


def _fits(name: str, pattern: str) -> bool:
    """Whether a glob pattern finds a path; "**" stands for any folders."""
    parts, patterns = name.split("/"), pattern.split("/")
    if patterns[0] == "**" and len(patterns) > 1:
        rest = "/".join(patterns[1:])
        return any(_fits("/".join(parts[i:]), rest) for i in range(len(parts)))
    if not fnmatchcase(parts[0], patterns[0]) or (len(parts) == 1) != (len(patterns) == 1):
        return False
    return len(parts) == 1 or _fits("/".join(parts[1:]), "/".join(patterns[1:]))


def _told(error: ValidationError) -> str:
    """Each fault on one line; what is allowed where a name is unknown."""
    faults = []
    for fault in error.errors():
        where = ".".join(map(str, fault["loc"]))
        message = fault["msg"].removeprefix("Value error, ")
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

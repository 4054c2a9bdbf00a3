"""Data sets by name: "builtin:NAME" comes with yaokit's dependencies, "data:NAME" from the catalog."""

import csv
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from yaokit.core.errors import UsageError
from yaokit.data.catalog.catalog import Entry, find, located
from yaokit.data.read.records import Record, Records, existing

PREFIX, FETCHED = "builtin:", "data:"


@dataclass(frozen=True)
class Builtin:
    """An embedded set: "measurements" (a table of values) or a "library" (molecules only)."""

    name: str
    kind: str
    title: str
    task: str
    rows: int
    package: str
    folder: str
    files: tuple[str, ...]
    source: str
    licence: str
    note: str
    unit: str | None = None


@cache
def builtins() -> dict[str, Builtin]:
    """The embedded sets by name."""
    text = files("yaokit.data.catalog").joinpath("builtin.toml").read_text(encoding="utf-8")
    entries: dict[str, dict[str, Any]] = tomllib.loads(text)
    return {name: Builtin(name, **{**e, "files": tuple(e["files"])}) for name, e in entries.items()}


def is_builtin(path: str | Path) -> bool:
    """Whether the path is the name of a data set: "builtin:NAME" or "data:NAME"."""
    return str(path).startswith((PREFIX, FETCHED))


def builtin(spelled: str | Path) -> Builtin | Entry:
    """What "builtin:NAME" or "data:NAME" names; UsageError tells the names there are."""
    text = str(spelled)
    if text.startswith(FETCHED):
        return find(text.removeprefix(FETCHED))
    name = text.removeprefix(PREFIX)
    if name not in builtins():
        names = ", ".join(PREFIX + known for known in builtins())
        raise UsageError(f"no embedded data set is called {name!r}; there are: {names}")
    return builtins()[name]


def source_files(path: str | Path) -> list[Path]:
    """The files that a path stands for: those of the named set, or the file itself."""
    if not is_builtin(path):
        return [existing(path)]
    entry = builtin(path)
    if isinstance(entry, Entry):
        return [_fetched(entry)]
    return [_shipped(entry, file) for file in entry.files]


def open_path(path: str | Path) -> Path:
    """The one file that holds the set; the path itself if it names none."""
    found = source_files(path)
    if len(found) > 1:
        raise UsageError(f"{path} is made of {len(found)} files; read it with read_records")
    return found[0]


def builtin_records(spelled: str) -> Records:
    """The rows of a named set; of the embedded measurements id, smiles and Activity."""
    from yaokit.data.read.files import read_records

    found = source_files(spelled)
    if len(found) == 1:
        return read_records(found[0])
    name = builtin(spelled).name
    return Records(name, ("id", "smiles", "Activity"), _series(name, *found))


def _fetched(entry: Entry) -> Path:
    path = located(entry)
    if path is None:
        raise UsageError(
            f"the data set {entry.name} is not here yet: `yaokit data fetch {entry.name}` brings it, or set "
            "YAOKIT_DATA_DIR to a folder of data sets"
        )
    return path


def _shipped(entry: Builtin, file: str) -> Path:
    path = _folder(entry) / file
    if not path.is_file():
        package = "RDKit" if entry.package == "rdkit" else entry.package
        raise UsageError(
            f"this build of {package} lacks the embedded data set {path.name}; use your own table instead: "
            "yaokit campaign init DIR writes a plan to fill in"
        )
    return path


def _folder(entry: Builtin) -> Path:
    if entry.package == "rdkit":
        from rdkit import RDConfig

        return Path(getattr(RDConfig, entry.folder))
    spec = find_spec(entry.package)
    folder = Path(spec.origin).parent if spec and spec.origin else Path(entry.package)
    return folder / entry.folder


def _series(source: str, structures: Path, activities: Path) -> Iterator[Record]:
    with open(activities, encoding="utf-8", newline="") as file:
        values = {row["Name"]: row["Act"] for row in csv.DictReader(file)}
    with open(structures, encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            smiles, _, name = line.strip().partition(" ")
            yield Record(source, number, {"id": name, "smiles": smiles, "Activity": values.get(name)})

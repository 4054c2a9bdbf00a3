"""The data sets yaokit knows of: where they are, what they hold, under which licence."""

import csv
import difflib
import os
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from yaokit.core.cache import cache_folder
from yaokit.core.errors import UsageError
from yaokit.core.store import file_hash
from yaokit.data.catalog.web import mirrored

_ENDING = re.compile(r"\.\w+(\.gz)?$")
_OPEN = {
    "chembl": (re.compile(r"chembl/(CHEMBL\d+)/(IC50|Ki|Kd|EC50|AC50)"), "chembl/CHEMBL203/IC50"),
    "pubchem": (re.compile(r"pubchem/(\d+)"), "pubchem/1851"),
}


@dataclass(frozen=True)
class Family:
    """Sets that share a source."""

    prefix: str
    title: str
    licence: str
    citation: str
    host: str | None = None
    archive: str | None = None  # a zip file that holds `members` of each set
    members: tuple[str, ...] = ()

    def url(self, address: str) -> str:
        """An address at the family's host or its mirror."""
        return f"{mirrored(self.host or '', _tables()[0][self.host or ''])}/{address}"


@dataclass(frozen=True)
class Entry:
    """A data set; `sha256` and `bytes` are those of its file in a data folder."""

    name: str
    title: str
    task: str  # regression, classification, pairs, molecules
    family: Family
    rows: int | None = None
    value: str = ""
    unit: str = ""
    file: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    address: str | None = None

    @property
    def licence(self) -> str:
        return self.family.licence

    @property
    def source(self) -> str:
        return f"{self.family.title}: {self.family.citation}"

    @property
    def note(self) -> str:
        return f"data:{self.name} is from {self.source}; licence: {self.licence}"

    @property
    def cached(self) -> Path:
        """Its file in the cache; where it would be if it is not there."""
        ending = _ENDING.search(self.address or "") if not self.family.archive else None
        folder = cache_folder() / "data"
        from_web = folder / f"{self.name}{ending[0].lower() if ending else '.csv'}"
        from_folder = folder / self.file if self.file else from_web
        return from_folder if from_folder.is_file() else from_web


def catalog() -> dict[str, Entry]:
    """The listed sets by name; ChEMBL targets and PubChem assays can be named beside them (`find`)."""
    return dict(_tables()[1])


def find(name: str) -> Entry:
    """The set called `name` (its last part is enough if that is unique); UsageError with near names."""
    known = _tables()[1]
    if name in known:
        return known[name]
    for source, (pattern, example) in _OPEN.items():
        if pattern.fullmatch(name):
            return _open_entry(name)
        if name.split("/")[0] == source:
            raise UsageError(f"{name!r} names no set of {source}; it is spelled like {example}")
    last: dict[str, list[str]] = {}
    for full in known:
        last.setdefault(full.rsplit("/", 1)[1].lower(), []).append(full)
    same = last.get(name.lower(), [])
    if len(same) == 1:
        return known[same[0]]
    close = difflib.get_close_matches(name, [*known, *last], n=3)
    near = same or [full for text in close for full in last.get(text, [text])]
    advice = f"; did you mean {' or '.join(dict.fromkeys(near))}?" if near else ";"
    raise UsageError(f"no data set is called {name!r}{advice} `yaokit data list` has them all")


def located(entry: Entry, data_dir: Path | None = None) -> Path | None:
    """The set's file in the data folder (checked) or the cache; None if it is in neither."""
    if (file := in_folder(entry, data_dir)) is not None:
        return file
    return entry.cached if entry.cached.is_file() else None


def in_folder(entry: Entry, data_dir: Path | None = None) -> Path | None:
    """The set's file in `data_dir` or else YAOKIT_DATA_DIR; UsageError if it is not what it should be."""
    file = folder_file(entry, data_dir)
    if file is not None and not is_as_known(entry, file):
        raise UsageError(f"{file}: the checksum is not {entry.sha256}: another version, or damaged")
    return file


def folder_file(entry: Entry, data_dir: Path | None = None) -> Path | None:
    """The same, unchecked."""
    given = data_dir or (Path(found).expanduser() if (found := os.environ.get("YAOKIT_DATA_DIR")) else None)
    if given is None:
        return None
    if not given.is_dir():
        raise UsageError(f"{given}: no such folder of data sets")
    file = given / entry.file if entry.file else None
    return file if file is not None and file.is_file() else None


def is_as_known(entry: Entry, file: Path) -> bool:
    """Whether a file of a data folder has the catalog's checksum."""
    stat = file.stat()
    return _hash(file, stat.st_size, stat.st_mtime_ns) == entry.sha256


@cache
def _hash(file: Path, size: int, changed: int) -> str:
    return file_hash(file)


def _open_entry(name: str) -> Entry:
    source, *rest = name.split("/")
    task = "classification" if source == "pubchem" else "regression"
    title = f"{rest[1]} of {rest[0]}" if source == "chembl" else f"assay {rest[0]}"
    value, unit = ("pchembl_value", "p") if source == "chembl" else ("PUBCHEM_ACTIVITY_OUTCOME", "none")
    return Entry(name, title, task, _family(name), value=value, unit=unit)


def _family(name: str) -> Family:
    return max((f for f in _tables()[2] if name.startswith(f.prefix)), key=lambda f: len(f.prefix))


@cache
def _tables() -> tuple[dict[str, str], dict[str, Entry], tuple[Family, ...]]:
    folder = files("yaokit.data.catalog")
    told = tomllib.loads(folder.joinpath("catalog.toml").read_text(encoding="utf-8"))
    families = tuple(Family(**{**f, "members": tuple(f.get("members", ()))}) for f in told["families"])
    entries = {}
    for row in csv.DictReader(folder.joinpath("catalog.csv").read_text(encoding="utf-8").splitlines()):
        name = _ENDING.sub("", row["file"])
        family = max((f for f in families if name.startswith(f.prefix)), key=lambda f: len(f.prefix))
        entries[name] = Entry(
            name,
            row["title"],
            row["task"],
            family,
            int(row["rows"]),
            row["value"],
            row["unit"],
            row["file"],
            int(row["bytes"]),
            row["sha256"],
            row["address"] or None,
        )
    return told["hosts"], entries, families

"""Input files opened for curation: their columns, the roles of these, and their rows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from yaokit.core.errors import UsageError
from yaokit.core.store import file_hash
from yaokit.data.catalog.builtin import builtin, is_builtin, source_files
from yaokit.data.read.columns import Roles, roles
from yaokit.data.read.files import read_records
from yaokit.data.read.records import AS_FOUND, Reading, Record, Records

_SAMPLE = 200


@dataclass(frozen=True)
class Source:
    """One file: its table (a stream that is read once), the first rows of it, and its roles."""

    path: str | Path
    reading: Reading
    table: Records
    sample: list[Record]
    roles: Roles

    @property
    def name(self) -> str:
        return self.table.source

    def records(self) -> Iterator[Record]:
        """All rows, once."""
        return chain(self.sample, self.table)

    def first(self, n: int) -> "Source":
        """The same file as if it had n rows; its stream is not to be used any more."""
        rows = list(islice(self.records(), n))
        return replace(self, sample=rows, table=replace(self.table, rows=iter(())))

    def reread(self) -> Iterator[Record]:
        """All rows, from a reading of its own."""
        return iter(read_records(self.path, self.reading))

    def notes(self) -> list[str]:
        """What was noticed about the file; complete once its rows are read."""
        return [*self.table.notes, *([builtin(self.path).note] if is_builtin(self.path) else [])]

    def roles_told(self) -> dict[str, Any]:
        """The columns by their roles, those that were found."""
        return {name: found for name, found in asdict(self.roles).items() if isinstance(found, str)}

    def hashes(self) -> list[dict[str, Any]]:
        """Name and SHA-256 of each file that it is made of."""
        return [{"name": file.name, "sha256": file_hash(file)} for file in source_files(self.path)]


def open_sources(
    files: Sequence[str | Path],
    *,
    smiles: str | None = None,
    id: str | None = None,
    reading: Reading = AS_FOUND,
) -> list[Source]:
    """The files, opened; UsageError for one that is missing, unreadable or lacks a named column."""
    if not files:
        raise UsageError("no input; give at least one table of measurements")
    return [_open(path, smiles, id, reading) for path in files]


def _open(path: str | Path, smiles: str | None, id: str | None, reading: Reading) -> Source:
    table = read_records(path, reading)
    sample = list(islice(table, _SAMPLE))
    return Source(path, reading, table, sample, roles(table, sample, smiles, id))


def all_columns(sources: Iterable[Source]) -> list[str]:
    """The columns of all files, in order of appearance."""
    return list(dict.fromkeys(column for source in sources for column in source.table.columns))


def names(sources: Sequence[Source]) -> str:
    """The names of the files, for messages."""
    return ", ".join(source.name for source in sources)

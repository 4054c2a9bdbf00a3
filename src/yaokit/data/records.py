"""Rows of any supported file, as text by column name, one at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from yaokit.core.errors import UsageError
from yaokit.core.reasons import Failure


class Record(NamedTuple):
    """One row: its file, where it stands there, and its cells; an empty cell is None.

    `line` counts from 1 as an editor shows it (a header is line 1; in Parquet the first row is 1).
    A row that could not be split into cells has none and says why in `failure`.
    """

    source: str
    line: int
    cells: dict[str, str | None]
    failure: Failure | None = None


@dataclass(frozen=True)
class Records:
    """A file's columns, what was noticed on opening it, and its rows (a one-time stream)."""

    source: str
    columns: tuple[str, ...]
    rows: Iterator[Record]
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Record]:
        return self.rows


def unique_names(names: Sequence[str], source: str) -> tuple[list[str], list[str]]:
    """The column names made unique ("x", "x_2", …; "column_3" for an empty one), and notes."""
    taken: set[str] = set()
    out, notes = [], []
    for place, raw in enumerate(names, start=1):
        wanted = raw.strip() or f"column_{place}"
        name, k = wanted, 2
        while name in taken:
            name, k = f"{wanted}_{k}", k + 1
        if name != wanted:
            notes.append(f"{source}: column {place} repeats the name {wanted!r}, read as {name!r}")
        taken.add(name)
        out.append(name)
    return out, notes


def existing(path: str | Path) -> Path:
    """The path if it is a file; UsageError otherwise."""
    path = Path(path)
    if path.is_dir():
        raise UsageError(f"{path} is a folder; give a file")
    if not path.exists():
        raise UsageError(f"{path}: no such file")
    return path

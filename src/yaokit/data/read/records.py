"""Rows of any supported file, as text by column name, one at a time."""

import codecs
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from yaokit.core.errors import UsageError
from yaokit.core.reasons import Failure

STDIN = "<stdin>"
SPOOLED = "yaokit-stdin-"  # how the folder begins in which standard input is kept (data/read/stdin.py)

_DELIMITERS = {"comma": ",", "tab": "\t", "\\t": "\t", "semicolon": ";", "bar": "|", "blank": " "}
_ENCODINGS = "utf-8, utf-16, cp1252 (Windows), latin-1, gb18030 (Chinese), shift_jis, big5"


class Record(NamedTuple):
    """One row: its file, where it stands there, and its cells; an empty cell is None.

    `line` counts from 1 as an editor shows it (a header is line 1; in Parquet the first row is 1;
    an SDF record stands where its title is). A row that could not be split into cells has none
    and says why in `failure`.
    """

    source: str
    line: int
    cells: dict[str, str | None]
    failure: Failure | None = None


@dataclass(frozen=True)
class Records:
    """A file's columns, its rows (a one-time stream), and what was noticed.

    `structure` is the column that the format itself knows to hold structures. `notes` can grow
    while the rows are read: read them afterwards.
    """

    source: str
    columns: tuple[str, ...]
    rows: Iterator[Record]
    notes: Sequence[str] = ()
    structure: str | None = None

    def __iter__(self) -> Iterator[Record]:
        return self.rows


@dataclass(frozen=True)
class Reading:
    """How to read text files where they are misjudged; None: as their content tells.

    `delimiter` is one character or comma, tab, semicolon, bar, blank (runs of blanks); `encoding`
    any name that Python knows; `decimal` "." or ",", for whoever reads the numbers.
    """

    delimiter: str | None = None
    encoding: str | None = None
    decimal: str | None = None

    def __post_init__(self) -> None:
        if self.delimiter is not None:
            object.__setattr__(self, "delimiter", _delimiter(self.delimiter))
        if self.encoding is not None and not _is_text_encoding(self.encoding):
            raise UsageError(f"unknown encoding {self.encoding!r}; usual ones are: {_ENCODINGS}")
        if self.decimal not in (None, ".", ","):
            raise UsageError(f'the decimal mark {self.decimal!r} is not known; use "." or ","')


AS_FOUND = Reading()


def _delimiter(given: str) -> str:
    found = _DELIMITERS.get(given.lower(), given)
    if len(found) != 1 or found.isalnum() or found in '"\r\n':
        names = ", ".join(name for name in _DELIMITERS if name != "\\t")
        raise UsageError(f"{given!r} cannot be a delimiter; use one character or one of: {names}")
    return found


def _is_text_encoding(name: str) -> bool:
    try:
        codecs.lookup(name)
        "C".encode(name)
    except (LookupError, ValueError):  # also those that are no text encodings, such as "zlib"
        return False
    return True


def unique_names(names: Sequence[str], source: str) -> tuple[list[str], list[str]]:
    """The column names made unique ("x", "x_2", …; "column_3" for an empty one), and notes."""
    given = {raw.strip() for raw in names}
    taken: set[str] = set()
    out, notes = [], []
    for place, raw in enumerate(names, start=1):
        wanted = raw.strip() or f"column_{place}"
        name, k = wanted, 2
        while name in taken or (name != raw.strip() and name in given):
            name, k = f"{wanted}_{k}", k + 1
        if name != wanted:
            notes.append(f"{source}: column {place} repeats the name {wanted!r}, read as {name!r}")
        taken.add(name)
        out.append(name)
    return out, notes


def existing(path: str | Path) -> Path:
    """The path if it is a file; UsageError otherwise."""
    path = Path(path)
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:  # a loop of links, a name too long or with a NUL
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{path}: cannot be opened ({reason}); give another path") from None
    if stat.S_ISDIR(mode):
        raise UsageError(f"{path} is a folder; give a file")
    if not stat.S_ISREG(mode):
        raise UsageError(f"{path} is a pipe or device; give a file, or - and pipe the data in")
    return path


def shown(path: str | Path) -> str:
    """The path as a message names it: "<stdin>" for standard input kept in a file."""
    return STDIN if Path(path).parent.name.startswith(SPOOLED) else str(path)


def source_of(path: str | Path) -> str:
    """The file's name as its records carry it."""
    return STDIN if shown(path) == STDIN else Path(path).name

"""What a nasty input is: how it is made, and what must become of each of its rows."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class Kept(NamedTuple):
    """The row is used as this molecule (SMILES written by hand) and, if given, with this value.

    `drawn` are other faithful spellings, for tools that do not standardize (charges, counter-ions);
    `raw` is the number in the cell, if a plain number reader may be expected to see it. `note` must
    be found in what was recorded as repaired.
    """

    smiles: str
    value: float | None = None
    relation: str | None = None
    drawn: str = ""
    raw: float | None = None
    note: str = ""


class Merged(NamedTuple):
    """The row went into an earlier one, which is kept as this molecule."""

    smiles: str
    drawn: str = ""


class Rejected(NamedTuple):
    """The row left with one of these codes (blanks between them).

    `faithful` is what a tool without such a rule may keep without having changed anything, and
    `raw` the number it may read.
    """

    codes: str
    faithful: str = ""
    raw: float | None = None


Row = Kept | Merged | Rejected


@dataclass(frozen=True)
class Case:
    """One input file: its name, its bytes or the function that writes it, and the outcome of its rows.

    `rows` None: the file is refused as a whole. `says` is a regular expression for what the program
    must tell (in the error, the notes or the row's message). `args` go to the command line. `alone`
    runs it in a process of its own. `readable` are the rows that another tool may read where we refuse.
    """

    name: str
    group: str
    file: str
    content: bytes | Callable[[Path], object]
    rows: tuple[Row, ...] | None = None
    code: int = 0
    says: str = ""
    args: tuple[str, ...] = ()
    alone: bool = False
    readable: tuple[Row, ...] | None = None

    def write(self, folder: Path) -> Path:
        """Make the input in this folder; its path."""
        path = folder / self.file
        if callable(self.content):
            self.content(path)
        else:
            path.write_bytes(self.content)
        return path


class Cell(NamedTuple):
    """One cell of a table and what must become of its row."""

    name: str
    text: str
    outcome: Row
    says: str = ""


def refused(
    group: str, name: str, file: str, content: bytes | Callable[[Path], object], says: str, **more: object
) -> Case:
    """A file that must be refused with a message, exit code 2 unless said otherwise."""
    return Case(name, group, file, content, None, says=says, **{"code": 2, **more})  # type: ignore[arg-type]


def table(*lines: str, header: str = "smiles,id", end: str = "\n") -> bytes:
    """A CSV file in UTF-8."""
    return (end.join([header, *lines]) + end).encode()

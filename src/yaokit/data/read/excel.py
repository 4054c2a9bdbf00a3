"""Rows of the first sheet of an Excel workbook as text cells."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.reasons import Failure
from yaokit.data.read.header import named
from yaokit.data.read.parquet import as_text
from yaokit.data.read.records import AS_FOUND, Reading, Record, Records, existing, shown, source_of

_UNCALCULATED = re.compile(rb"(?:</f>|<f[^<>]*/>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")
_MAX_RATIO = 300  # unpacked to packed; tables reach 10 to 40
_MAX_SMALL = 50_000_000  # bytes unpacked below which no ratio is too high
_MAX_TOTAL = 8_000_000_000
_MAX_IN_MEMORY = 1_000_000_000  # of shared texts and styles, which are held while reading


def read_excel(path: str | Path, reading: Reading = AS_FOUND) -> Records:
    """The first visible sheet of an .xlsx file; its first row that is not blank names the columns.

    Formulas give the values that Excel stored with them. Dates are ISO text. A row with cells
    beyond the last column gives a record with a RAGGED failure.
    """
    path = existing(path)
    source = source_of(path)
    _refuse_bomb(path)
    notes: list[str] = []
    rows = _rows(path, notes)
    first = next(rows, None)
    if first is None:
        raise NothingUsable(
            f"the first sheet of {shown(path)} is empty; give a table with a column of SMILES"
        )
    cells = [text or "" for text in first[1]]
    while not cells[-1]:
        cells.pop()
    columns, noted, is_row = named(cells, source)
    if is_row:
        rows = chain([first], rows)
    return Records(source, tuple(columns), _records(source, columns, rows), [*notes, *noted])


def is_workbook(path: str | Path) -> bool:
    """Whether a file is a zip archive with a workbook in it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError):
        return False


def n_rows(path: str | Path) -> int:
    """How many rows the sheet that is read says it has; quick, for progress only."""
    with _book(existing(path)) as book:
        return _sheet(book, path).max_row or 0


def _records(
    source: str, columns: list[str], rows: Iterator[tuple[int, list[str | None]]]
) -> Iterator[Record]:
    width = len(columns)
    for number, cells in rows:
        if any(cells[width:]):
            last = max(i for i, cell in enumerate(cells, start=1) if cell)
            yield Record(source, number, {}, Failure("RAGGED", f"{last} cells where the header has {width}"))
        else:
            padded = chain(cells, [None] * (width - len(cells)))
            yield Record(source, number, dict(zip(columns, padded, strict=False)))


def _rows(path: Path, notes: list[str]) -> Iterator[tuple[int, list[str | None]]]:
    """Number (from 1) and cells of each row that is not blank; notes come before the first."""
    with _book(path) as book:
        sheet = _sheet(book, path)
        notes += _noticed(path, sheet.title, [other.title for other in book.worksheets])
        sheet.reset_dimensions()  # a file may claim a million columns
        number = 0
        try:
            for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
                cells = [as_text(value) for value in row]
                if any(cells):
                    yield number, cells
        except (ParseError, zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError) as error:
            raise UsageError(
                f"{shown(path)}: damaged after row {number:,} ({error}); save it again"
            ) from None


@contextmanager
def _book(path: Path) -> Iterator[Any]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    with open(path, "rb") as file:  # by name, openpyxl would judge the ending
        try:
            book = load_workbook(file, read_only=True, data_only=True)
        except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, ParseError) as error:
            raise _no_workbook(path, error) from None
        with closing(book):
            yield book


def _sheet(book: Any, path: str | Path) -> Any:
    """The first visible sheet with cells (a chart can stand before it)."""
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if not (sheets := visible or book.worksheets):
        raise NothingUsable(f"{shown(path)} has no sheet of cells")
    return sheets[0]


def _noticed(path: Path, title: str, titles: list[str]) -> list[str]:
    """Notes on sheets that are not read and on formulas without a value."""
    source, notes = source_of(path), []
    if others := [other for other in titles if other != title]:
        notes.append(f"{source}: read the sheet {title!r}, not {', '.join(map(repr, others))}")
    if _has_uncalculated(path):
        notes.append(
            f"{source}: some formulas have no stored value and are read as empty; "
            "open and save the workbook in Excel"
        )
    return notes


def _has_uncalculated(path: Path) -> bool:
    """Whether some cell has a formula whose value was never stored with it."""
    with zipfile.ZipFile(path) as archive, suppress(zipfile.BadZipFile, zlib.error, EOFError):
        for name in archive.namelist():
            if not name.startswith("xl/worksheets/") or not name.endswith(".xml"):
                continue
            with archive.open(name) as part:
                tail = b""
                while chunk := part.read(1 << 20):
                    if b"<f" in (tail + chunk) and _UNCALCULATED.search(tail + chunk):
                        return True
                    tail = chunk[-10_000:]
    return False


def _refuse_bomb(path: Path) -> None:
    """UsageError for a workbook whose parts unpack to what no table needs; nothing is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise _no_workbook(path, error) from None
    sizes = [part.file_size for part in parts]
    in_memory = [part.file_size for part in parts if "worksheets/" not in part.filename]
    swollen = any(part.file_size > max(_MAX_SMALL, _MAX_RATIO * part.compress_size) for part in parts)
    if swollen or sum(sizes) > _MAX_TOTAL or max(in_memory, default=0) > _MAX_IN_MEMORY:
        raise UsageError(
            f"{shown(path)} unpacks to {sum(sizes) / 1e9:.1f} GB and is not opened; save the table as .csv"
        )


def _no_workbook(path: Path, error: Exception) -> UsageError:
    return UsageError(f"{shown(path)} is not an Excel workbook ({error}); save it as .xlsx or .csv")

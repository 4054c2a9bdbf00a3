"""Rows of the first sheet of an Excel workbook as text cells."""

import zipfile
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

from yaokit.core.errors import NothingUsable, UsageError
from yaokit.data.parquet import as_text
from yaokit.data.records import Record, Records, existing, unique_names


def read_excel(path: str | Path) -> Records:
    """The first sheet of an .xlsx file; its first row that is not blank names the columns."""
    path = existing(path)
    rows = _rows(path)
    first = next(rows, None)
    if first is None:
        raise NothingUsable(f"the first sheet of {path} is empty; give a table with a column of SMILES")
    named = [text or "" for text in first[1]]
    while named and not named[-1]:
        named.pop()
    columns, notes = unique_names(named, path.name)
    return Records(path.name, tuple(columns), _records(path.name, columns, rows), tuple(notes))


def _records(
    source: str, columns: list[str], rows: Iterator[tuple[int, list[str | None]]]
) -> Iterator[Record]:
    for number, cells in rows:
        padded = chain(cells, [None] * (len(columns) - len(cells)))
        yield Record(source, number, dict(zip(columns, padded, strict=False)))


def _rows(path: Path) -> Iterator[tuple[int, list[str | None]]]:
    """Number (from 1) and cells of each row that is not blank."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book: Any = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError) as error:
        raise UsageError(f"{path} is not an Excel workbook ({error}); save it as .xlsx or .csv") from None
    with closing(book):
        for number, row in enumerate(book.worksheets[0].iter_rows(values_only=True), start=1):
            cells = [as_text(value) for value in row]
            if any(cells):
                yield number, cells

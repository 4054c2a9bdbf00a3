"""Rows of .csv, .tsv, .smi and .txt files, read one by one however damaged the file is."""

import csv
import re
from collections import deque
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NoReturn

from yaokit.chem.parse import parse
from yaokit.core.errors import NothingUsable
from yaokit.core.reasons import Failure
from yaokit.data.records import Record, Records, unique_names
from yaokit.data.text import lines

_MAX_QUOTED_LINES = 100
_UNCLOSED = Failure("RAGGED", "a quotation mark opens here and does not close")
_NUMBER = re.compile(r"[<>=~]*\s*[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?")
_LIKELY_SMILES = re.compile(r"[=#()\[\]1-9]")
_DECLARED = re.compile(r"sep=([,;\t|])", re.IGNORECASE)  # as Excel writes it above the table
Line = tuple[int, str]


def read_delimited(path: str | Path) -> Records:
    """A table with commas, tabs, semicolons or bars between cells; which, its first line tells.

    Blank lines are no rows. A line with more or fewer cells than the header gives a record with
    a RAGGED failure. Without a header line the columns are column_1, column_2, …
    """
    path = Path(path)
    first, rest = _first_line(path)
    if declared := _DECLARED.fullmatch(first[1].strip()):
        first = next(rest, None) or _empty(path)
        return _table(path, first, rest, declared[1])
    return _table(path, first, rest, _delimiter(first[1]))


def read_smiles(path: str | Path) -> Records:
    """A .smi or .txt file: SMILES, then a name; columns "smiles" and "id".

    A first line that names its columns or has commas makes it a delimited table; one whose first
    cell reads as a molecule is a row.
    """
    path = Path(path)
    first, rest = _first_line(path)
    cells = first[1].split()
    if "smiles" in cells[0].lower() or "," in cells[0] or ";" in cells[0]:
        delimiter = _delimiter(first[1])
        delimiter = delimiter if delimiter in first[1] else " "
        is_row = not isinstance(parse(first[1].split(delimiter)[0]), Failure)
        return _table(path, first, rest, delimiter, is_row)
    return Records(path.name, ("smiles", "id"), _smiles_records(path.name, chain([first], rest)))


def _smiles_records(source: str, numbered: Iterator[Line]) -> Iterator[Record]:
    for number, line in numbered:
        smiles, name = smiles_and_name(line)
        yield Record(source, number, {"smiles": smiles, "id": name})


def smiles_and_name(line: str) -> tuple[str, str | None]:
    """The two fields of a SMILES line; a CXSMILES block between bars stays with the SMILES."""
    smiles, *rest = line.split(None, 1)
    name = rest[0].strip() if rest else ""
    if name.startswith("|") and (end := name.find("|", 1)) > 0:
        smiles, name = f"{smiles} {name[: end + 1]}", name[end + 1 :].strip()
    return smiles, name.split("\t")[0].strip() or None


def _first_line(path: Path) -> tuple[Line, Iterator[Line]]:
    """The first line that is not blank, and the others that are not."""
    numbered = ((i, line) for i, line in enumerate(lines(path), start=1) if not line.isspace() and line)
    first = next(numbered, None)
    return first or _empty(path), numbered


def _empty(path: Path) -> NoReturn:
    raise NothingUsable(f"{path} is empty; give a table with a column of SMILES")


def _delimiter(line: str) -> str:
    """The most frequent of comma, tab, semicolon and bar outside quotes; a comma if none is there."""
    bare = re.sub(r'"[^"]*"', "", line)
    return max(",\t;|", key=bare.count)


def _table(path: Path, first: Line, rest: Iterator[Line], delimiter: str, is_row: bool = False) -> Records:
    rows = _split(chain([first], rest), delimiter)
    line, cells = next(rows)
    if isinstance(cells, Failure):
        raise NothingUsable(f"{path}, line {line}: {cells.message}; the first line must name the columns")
    if is_row or _is_data(cells):
        columns = [f"column_{i}" for i in range(1, len(cells) + 1)]
        notes = [f"{path.name}: no line of column names; the columns are called {', '.join(columns)}"]
        rows = chain([(line, cells)], rows)
    else:
        columns, notes = unique_names(cells, path.name)
    return Records(path.name, tuple(columns), _records(path.name, columns, rows), tuple(notes))


def _is_data(cells: list[str]) -> bool:
    """Whether a first line holds a row rather than names: a number or a structure is in it."""
    if any("smiles" in cell.lower() for cell in cells):
        return False
    return any(
        _NUMBER.fullmatch(cell.strip())
        or (_LIKELY_SMILES.search(cell) and not isinstance(parse(cell), Failure))
        for cell in cells
    )


def _records(
    source: str, columns: list[str], rows: Iterator[tuple[int, list[str] | Failure]]
) -> Iterator[Record]:
    for line, cells in rows:
        if isinstance(cells, Failure):
            yield Record(source, line, {}, cells)
        elif len(cells) != len(columns):
            message = f"{len(cells)} cells where the header has {len(columns)}"
            yield Record(source, line, {}, Failure("RAGGED", message))
        else:
            yield Record(
                source, line, {c: cell.strip() or None for c, cell in zip(columns, cells, strict=True)}
            )


def _split(numbered: Iterator[Line], delimiter: str) -> Iterator[tuple[int, list[str] | Failure]]:
    """Each row's line number and cells; a row may span lines inside quotes."""
    waiting: deque[Line] = deque()
    width = None
    while line := waiting.popleft() if waiting else next(numbered, None):
        number, text = line
        if '"' not in text:
            cells = text.rstrip("\r\n").split(delimiter)
        else:
            cells, taken = _quoted(text, waiting, numbered, delimiter)
            if taken and width and not isinstance(cells, Failure) and len(cells) != width:
                cells = _UNCLOSED
            if isinstance(cells, Failure):
                waiting.extendleft(reversed(taken))
        width = width or (None if isinstance(cells, Failure) else len(cells))
        yield number, cells


def _quoted(
    text: str, waiting: deque[Line], numbered: Iterator[Line], delimiter: str
) -> tuple[list[str] | Failure, list[Line]]:
    """The cells of a line with quotes, and the lines taken to find where the last quote closes."""
    taken: list[Line] = []
    while True:
        try:
            return _parse([text], delimiter, strict=True), taken
        except csv.Error as error:
            is_open = "unexpected end" in str(error)
        if not is_open and not taken:
            return _lenient(text, delimiter), taken
        more = waiting.popleft() if waiting else next(numbered, None)
        if more:
            taken.append(more)
            text += more[1]
        if not is_open or more is None or len(taken) > _MAX_QUOTED_LINES:
            return _UNCLOSED, taken


def _lenient(text: str, delimiter: str) -> list[str] | Failure:
    try:
        return _parse([text], delimiter, strict=False)
    except csv.Error as error:
        return Failure("RAGGED", f"cannot be split into cells: {error}")


def _parse(text: list[str], delimiter: str, *, strict: bool) -> list[str]:
    return next(csv.reader(text, delimiter=delimiter, strict=strict))

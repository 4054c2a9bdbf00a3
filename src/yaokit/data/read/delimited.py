"""Rows of .csv, .tsv, .smi and .txt files, read one by one however damaged the file is."""

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain, dropwhile
from pathlib import Path
from typing import NoReturn

from yaokit.chem.parse import parse
from yaokit.core.errors import NothingUsable
from yaokit.core.reasons import Failure
from yaokit.data.read.delimiter import BLANKS, find_delimiter, split_line, words
from yaokit.data.read.header import named
from yaokit.data.read.records import AS_FOUND, Reading, Record, Records, shown, source_of
from yaokit.data.read.text import Text, open_text

_SAMPLE = 100
_MAX_QUOTED_LINES = 2_000
_UNCLOSED = Failure("RAGGED", "a quotation mark opens here and does not close")
_DECLARED = re.compile(r"sep=([,;\t|])", re.IGNORECASE)  # as Excel writes it above the table
Line = tuple[int, str]


def read_delimited(path: str | Path, reading: Reading = AS_FOUND) -> Records:
    """A table with commas, tabs, semicolons, bars or blanks between cells; which, its lines tell.

    Blank lines are no rows. A line with more or fewer cells than the header gives a record with
    a RAGGED failure, unless the cells too many are empty. Without a header line the columns are
    column_1, column_2, …
    """
    text, sample = _opened(path, reading)
    lines = enumerate(text.lines(), start=1)
    if declared := _DECLARED.fullmatch(sample[0].strip()):
        lines = dropwhile(lambda line: line[1] != sample[0], lines)
        next(lines)
        if not (sample := sample[1:]):
            _empty(path)
    told = declared[1] if declared else find_delimiter(sample, reading.decimal)
    return _table(path, lines, reading.delimiter or told, text.notes)


def read_smiles(path: str | Path, reading: Reading = AS_FOUND) -> Records:
    """A .smi or .txt file: SMILES, then a name; columns "smiles" and "id".

    It is read as a table if its first line names its columns, if it has commas, or if every line
    has the same number, three or more, of cells between tabs.
    """
    source = source_of(path)
    text, sample = _opened(path, reading)
    lines = enumerate(text.lines(), start=1)
    if delimiter := reading.delimiter or _table_delimiter(sample, reading.decimal):
        is_row = _reads(split_line(sample[0], delimiter)[0])
        return _table(path, lines, delimiter, text.notes, is_row=is_row)
    return Records(source, ("smiles", "id"), _smiles_records(source, _listed(lines, sample)), text.notes)


def smiles_list(path: str | Path, reading: Reading = AS_FOUND) -> Iterator[Line] | None:
    """Numbers and text of the lines of a file that is a plain list of SMILES; None for a table."""
    text, sample = _opened(path, reading)
    if reading.delimiter or _table_delimiter(sample, reading.decimal):
        return None
    return _listed(enumerate(text.lines(), start=1), sample)


def smiles_and_name(line: str) -> tuple[str, str | None]:
    """The two fields of a SMILES line; a CXSMILES block between bars stays with the SMILES."""
    smiles, *rest = words(line, 1)
    name = rest[0].strip() if rest else ""
    if name.startswith("|") and (end := name.find("|", 1)) > 0:
        smiles, name = f"{smiles} {name[: end + 1]}", name[end + 1 :].strip()
    return smiles, name.split("\t")[0].strip() or None


def _opened(path: str | Path, reading: Reading) -> tuple[Text, list[str]]:
    """The text and its first lines that are not blank; NothingUsable if there is none."""
    text = open_text(path, reading.encoding)
    sample: list[str] = []
    for line in text.head.split("\n"):
        if line and not line.isspace():
            sample.append(line)
        if len(sample) == _SAMPLE:
            break
    if not sample:
        first = next((line for line in text.lines() if line and not line.isspace()), None)
        return _opened_late(path, reading, first)
    return text, sample


def _opened_late(path: str | Path, reading: Reading, first: str | None) -> tuple[Text, list[str]]:
    """Of a file that begins with a whole block of blank lines."""
    if first is None:
        _empty(path)
    return open_text(path, reading.encoding), [first]


def _empty(path: str | Path) -> NoReturn:
    raise NothingUsable(f"{shown(path)} is empty; give a table with a column of SMILES")


def _table_delimiter(sample: Sequence[str], decimal: str | None) -> str | None:
    """What separates the cells if a .smi or .txt file is a table; None if it is a list of SMILES."""
    first = words(sample[0])[0]
    found = find_delimiter(sample, decimal)
    if found not in sample[0].strip():
        return None
    if "," in first or ";" in first or "smiles" in first.lower():
        return found
    if _reads(first) or _are_structures([words(line)[0] for line in sample[1:21]]):
        n_cells = {line.count("\t") for line in sample}
        return "\t" if len(n_cells) == 1 and n_cells.pop() > 1 else None
    return found


def _reads(smiles: str) -> bool:
    return not isinstance(parse(smiles), Failure)


def _are_structures(cells: Sequence[str]) -> bool:
    return 2 * sum(map(_reads, cells)) >= len(cells)


def _listed(lines: Iterator[Line], sample: Sequence[str]) -> Iterator[Line]:
    """The lines of a list of SMILES, without blank ones and the one that names the columns."""
    is_named = "smiles" in words(sample[0])[0].lower()
    for number, line in lines:
        if is_named and line == sample[0]:
            is_named = False
        elif line and not line.isspace():
            yield number, line


def _smiles_records(source: str, numbered: Iterator[Line]) -> Iterator[Record]:
    for number, line in numbered:
        smiles, name = smiles_and_name(line)
        yield Record(source, number, {"smiles": smiles, "id": name})


def _table(
    path: str | Path, lines: Iterator[Line], delimiter: str, noted: list[str], *, is_row: bool = False
) -> Records:
    source = source_of(path)
    rows = _split(lines, delimiter)
    line, cells = next(rows)
    if isinstance(cells, Failure):
        raise NothingUsable(
            f"{shown(path)}, line {line}: {cells.message}; the first line must name the columns"
        )
    columns, notes, is_row = named(cells, source, is_row=is_row)
    noted += notes
    if is_row:
        rows = chain([(line, cells)], rows)
    return Records(source, tuple(columns), _records(source, columns, rows), noted)


def _records(
    source: str, columns: list[str], rows: Iterator[tuple[int, list[str] | Failure]]
) -> Iterator[Record]:
    width = len(columns)
    for line, cells in rows:
        if isinstance(cells, Failure):
            yield Record(source, line, {}, cells)
        elif len(cells) == width or (len(cells) > width and not "".join(cells[width:]).strip()):
            stripped = [cell.strip() or None for cell in cells]
            yield Record(source, line, dict(zip(columns, stripped, strict=False)))
        else:
            message = f"{len(cells)} cells where the header has {width}"
            yield Record(source, line, {}, Failure("RAGGED", message))


def _split(numbered: Iterator[Line], delimiter: str) -> Iterator[tuple[int, list[str] | Failure]]:
    """Each row's line number and cells; a row may span lines inside quotes."""
    waiting: deque[Line] = deque()
    width = None
    while line := waiting.popleft() if waiting else next(numbered, None):
        number, text = line
        if not text or text.isspace():
            continue
        if '"' not in text:
            cells = words(text) if delimiter == BLANKS else text.split(delimiter)
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
            return _parse(text, delimiter, strict=True), taken
        except csv.Error as error:
            is_open = "unexpected end" in str(error)
        if not is_open:
            return (_UNCLOSED if taken else _lenient(text, delimiter)), taken
        more: list[str] = []
        while not more or '"' not in more[-1]:  # only a quotation mark can close it
            line = waiting.popleft() if waiting else next(numbered, None)
            if line is None or len(taken) >= _MAX_QUOTED_LINES:
                taken += [line] if line else []
                return _UNCLOSED, taken
            taken.append(line)
            more.append(line[1])
        text = "\n".join([text, *more])


def _lenient(text: str, delimiter: str) -> list[str] | Failure:
    try:
        return _parse(text, delimiter, strict=False)
    except csv.Error as error:
        return Failure("RAGGED", f"cannot be split into cells: {error}")


def _parse(text: str, delimiter: str, *, strict: bool) -> list[str]:
    is_blank = delimiter == BLANKS
    limit = csv.field_size_limit()
    try:
        csv.field_size_limit(max(limit, len(text)))  # a global of the csv module
        rows = csv.reader([text], delimiter=delimiter, strict=strict, skipinitialspace=is_blank)
        cells = next(rows)
    finally:
        csv.field_size_limit(limit)
    return [cell for cell in cells if cell] if is_blank else cells

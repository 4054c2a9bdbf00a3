"""Rows in batches: values read, those that cannot be used told why."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from yaokit.chem.parse import text_failure
from yaokit.core.reasons import Failure
from yaokit.data.curation.activity import Measured, has_decimal_commas, has_error, parse_value
from yaokit.data.curation.measurements import ValueColumn
from yaokit.data.curation.sources import Source
from yaokit.data.curation.units import is_concentration, unit_key
from yaokit.data.read.records import Record

SIZE = 512
UNREADABLE, WITH_ERROR, DECIMAL_COMMA = 1, 2, 4  # flags of a cell

Cell = tuple[Measured | Failure | None, int]


class Chunk(NamedTuple):
    """Up to SIZE rows of one file; lists have one entry a row.

    `texts` are the structures as given; `failures` say why a row cannot be used already now;
    `values[j]` and `flags[j]` are those of the j-th value column.
    """

    start: int  # number of the first row, from 0 over all files
    source: int  # which file
    records: list[Record]
    texts: list[str | None]
    ids: list[str]
    values: list[list[Measured | None]]
    flags: list[list[int]]
    failures: list[Failure | None]


def chunks(sources: Sequence[Source], values: Sequence[ValueColumn], skip: int = 0) -> Iterator[Chunk]:
    """All rows in order; the first `skip` rows, which must end a chunk, are passed over."""
    start = 0
    for number, source in enumerate(sources):
        reader = _Reader(source, values)
        rows = source.records()
        while records := list(islice(rows, SIZE)):
            if start >= skip:
                yield reader.chunk(start, number, records)
            start += len(records)


class _Reader:
    """Reads the cells of one file's rows."""

    def __init__(self, source: Source, values: Sequence[ValueColumn]) -> None:
        self._source = source
        self._values = values
        self._decimal_commas: dict[str, bool] = {}
        self._with_commas = {
            value.column
            for value in values
            if any("," in (record.cells.get(value.column) or "") for record in source.sample)
        }

    def chunk(self, start: int, number: int, records: list[Record]) -> Chunk:
        roles = self._source.roles
        texts = [record.cells.get(roles.smiles) for record in records]
        ids = [record.cells.get(roles.id or "") or str(start + i) for i, record in enumerate(records)]
        columns = [[self._cell(value, record.cells) for record in records] for value in self._values]
        failures = [record.failure for record in records]
        if columns:
            rows = zip(records, texts, zip(*columns, strict=True), strict=True)
            failures = [self._failure(record, text, cells) for record, text, cells in rows]
        return Chunk(
            start,
            number,
            records,
            texts,
            ids,
            [[found if isinstance(found, Measured) else None for found, _ in column] for column in columns],
            [[flag for _, flag in column] for column in columns],
            failures,
        )

    def _failure(self, record: Record, text: str | None, cells: Sequence[Cell]) -> Failure | None:
        """Why a row cannot be used: its line, its structure's text, or no value at all."""
        if record.failure or any(isinstance(found, Measured) for found, _ in cells):
            return record.failure
        if "\n" not in (text or "") and (failure := text_failure(text)):
            return failure
        asked = ", ".join(value.column for value in self._values)
        failures = (found for found, _ in cells if isinstance(found, Failure))
        return next(failures, None) or Failure("VALUE_MISSING", f"no value in {asked}")

    def _cell(self, value: ValueColumn, cells: dict[str, str | None]) -> Cell:
        text = cells.get(value.column)
        if text is None:
            return None, 0
        found = self._read(value, text, cells)
        if isinstance(found, Failure):
            return Failure(found.code, f"{value.column}: {found.message}"), UNREADABLE
        comma = DECIMAL_COMMA if "," in text and self._has_decimal_commas(value.column, text) else 0
        return found, comma | (WITH_ERROR if has_error(text) else 0)

    def _read(self, value: ValueColumn, text: str, cells: dict[str, str | None]) -> Measured | Failure | None:
        classes = value.classes
        if classes is not None and classes.threshold is None:
            return classes.of_label(text)
        unit = (cells.get(value.unit_column) if value.unit_column else None) or value.unit
        relation = cells.get(value.relation) if value.relation else None
        commas = self._has_decimal_commas(value.column, text)
        found = parse_value(text, unit, relation, decimal_comma=commas)
        if value.unit_column and isinstance(found, Measured) and not _fits(unit, value):
            return Failure("UNIT", f"{unit!r} where {value.unit!r} was expected")
        return classes.of_value(found) if classes is not None and isinstance(found, Measured) else found

    def _has_decimal_commas(self, column: str, text: str) -> bool:
        """Whether commas are decimal points: as told, or else as the whole column of the file shows.

        The file is looked through only if this cell has a comma, or a point where others have commas.
        """
        if self._source.reading.decimal is not None:
            return self._source.reading.decimal == ","
        if "," not in text and column not in self._with_commas:
            return False
        if column not in self._decimal_commas:
            cells = (record.cells.get(column) for record in self._source.reread())
            self._decimal_commas[column] = has_decimal_commas(cells)
        return self._decimal_commas[column]


def _fits(unit: str, value: ValueColumn) -> bool:
    if unit_key(value.unit) not in ("%", "none"):
        return is_concentration(unit) or unit_key(unit) == "p"
    return unit_key(unit) == unit_key(value.unit)

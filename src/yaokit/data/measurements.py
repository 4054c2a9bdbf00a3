"""Measurement tables as rows of molecule and values, each with the reason if it cannot be used."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from yaokit.chem.parse import text_failure
from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.reasons import Failure
from yaokit.core.store import file_hash
from yaokit.data.activity import Measured, has_decimal_commas, is_concentration, known_unit, parse_value
from yaokit.data.builtin import builtin, is_builtin, source_files
from yaokit.data.columns import no_column, roles_of
from yaokit.data.files import Record, read_records

_SAMPLE = 50
RESERVED = {"row", "id", "smiles", "n", "spread", "repaired", "source", "source_rows", "input_smiles"}


@dataclass(frozen=True)
class ValueColumn:
    """One measured quantity: the column it stands in, its unit, and what it is to be called.

    `unit` is one of pM nM uM mM M (put on the p-scale), "p" (is on it), "%" or "none" (left as
    they are); `unit_column` and `relation` name columns that give unit and relation row by row.
    """

    column: str
    name: str | None = None
    unit: str = "p"
    unit_column: str | None = None
    relation: str | None = None

    def __post_init__(self) -> None:
        known_unit(self.unit)

    @property
    def task(self) -> str:
        """The column's name in the curated table: "IC50_nM" in nM becomes "pIC50"."""
        if self.name:
            return self.name
        is_converted = is_concentration(self.unit) or (self.unit_column is not None and self.on_p_scale)
        if not is_converted or self.column.startswith("p"):
            return self.column
        return "p" + re.sub(r"[\s_(\[]*[mnpuµμ]?M[\])]?$", "", self.column)

    @property
    def on_p_scale(self) -> bool:
        """Whether the curated values are -log10 of molar concentrations."""
        return known_unit(self.unit) not in ("%", "none")

    def columns(self) -> list[str]:
        """All input columns it reads."""
        return [name for name in (self.column, self.unit_column, self.relation) if name]


@dataclass(frozen=True)
class Row:
    """One input row; `values` holds one entry per value column, `failure` why it cannot be used."""

    number: int
    record: Record
    smiles: str | None
    id: str
    values: tuple[Measured | None, ...] = ()
    failure: Failure | None = None


@dataclass(frozen=True)
class Measurements:
    """All rows of some files, their columns in order of appearance, and what was noticed.

    `roles` gives each file's column of structures and of ids; `carried` are the other columns.
    """

    rows: list[Row]
    columns: list[str]
    carried: list[str]
    roles: dict[str, tuple[str, str | None]]
    files: list[dict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_measurements(
    files: Sequence[str | Path],
    *,
    smiles: str | None = None,
    id: str | None = None,
    values: Sequence[ValueColumn] = (),
    limit: int | None = None,
) -> Measurements:
    """The rows of all files, with values read; `limit` stops each file after that many rows.

    Columns not given are found per file (data/columns.py). A row without an id is called by its
    number, from 0 over all files. UsageError names a column that is missing.
    """
    if not files:
        raise UsageError("no input; give at least one table of measurements")
    found: list[tuple[Record, str | None, str | None]] = []
    columns: dict[str, None] = {}
    roles: dict[str, tuple[str, str | None]] = {}
    infos, notes = [], []
    for path in files:
        table = read_records(path)
        sample = list(islice(table, _SAMPLE))
        structure, name = roles_of(table, sample, smiles, id)
        records = list(islice(chain(sample, table), limit))
        found += [(record, record.cells.get(structure), record.cells.get(name or "")) for record in records]
        columns |= dict.fromkeys(table.columns)
        roles[table.source] = structure, name
        notes += table.notes
        notes += [builtin(path).note] if is_builtin(path) else []
        infos += [
            {"name": file.name, "sha256": file_hash(file), "rows": len(records)}
            for file in source_files(path)
        ]
    if not found:
        raise NothingUsable(f"{_names(infos)}: a line of column names, but no rows")
    _check_values(values, list(columns), _names(infos))
    read = _ValueReader(values, [record for record, _, _ in found])
    rows = [
        read.row(i, record, structure, name or str(i)) for i, (record, structure, name) in enumerate(found)
    ]
    special = {column for pair in roles.values() for column in pair}
    carried = [column for column in columns if column not in special]
    return Measurements(rows, list(columns), carried, roles, infos, [*notes, *read.notes()])


class _ValueReader:
    """Reads the value cells of rows; remembers cells that were left out of rows it could use."""

    def __init__(self, values: Sequence[ValueColumn], records: Sequence[Record]) -> None:
        self._values = values
        self._commas = {
            value.column
            for value in values
            if has_decimal_commas(record.cells.get(value.column) for record in records)
        }
        self._left_out: dict[str, int] = {}

    def row(self, number: int, record: Record, smiles: str | None, id: str) -> Row:
        failure = record.failure or text_failure(smiles)
        if failure or not self._values:
            return Row(number, record, smiles, id, (None,) * len(self._values), failure)
        read = [self._value(value, record.cells) for value in self._values]
        failures = [found for found in read if isinstance(found, Failure)]
        kept = tuple(None if isinstance(found, Failure) else found for found in read)
        if not any(kept):
            asked = ", ".join(value.column for value in self._values)
            failure = failures[0] if failures else Failure("VALUE_MISSING", f"no value in {asked}")
        else:
            for value, found in zip(self._values, read, strict=True):
                if isinstance(found, Failure):
                    self._left_out[value.column] = self._left_out.get(value.column, 0) + 1
        return Row(number, record, smiles, id, kept, failure)

    def _value(self, value: ValueColumn, cells: dict[str, str | None]) -> Measured | Failure | None:
        text = cells.get(value.column)
        unit = (cells.get(value.unit_column) if value.unit_column else None) or value.unit
        relation = cells.get(value.relation) if value.relation else None
        found = parse_value(text, unit, relation, decimal_comma=value.column in self._commas)
        if isinstance(found, Measured) and not _fits(unit, value):
            found = Failure("UNIT", f"{unit!r} where {value.unit!r} was expected")
        return (
            Failure(found.code, f"{value.column}: {found.message}") if isinstance(found, Failure) else found
        )

    def notes(self) -> list[str]:
        commas = [f"{column}: commas are read as decimal points" for column in sorted(self._commas)]
        return commas + [
            f"{column}: {n} cells could not be read; their rows are kept for their other values"
            for column, n in self._left_out.items()
        ]


def _fits(unit: str, value: ValueColumn) -> bool:
    if value.on_p_scale:
        return is_concentration(unit) or known_unit(unit) == "p"
    return known_unit(unit) == known_unit(value.unit)


def _check_values(values: Sequence[ValueColumn], columns: Sequence[str], source: str) -> None:
    for value in values:
        for name in value.columns():
            if name not in columns:
                raise no_column(name, columns, source)
    tasks = [value.task for value in values]
    if reserved := RESERVED.intersection(tasks):
        raise UsageError(
            f"a value cannot be called {sorted(reserved)[0]!r}, a column of its own; give it a name"
        )
    if repeated := {task for task in tasks if tasks.count(task) > 1}:
        raise UsageError(f"two value columns would both be called {sorted(repeated)[0]!r}; give one a name")


def _names(infos: Sequence[dict]) -> str:
    return ", ".join(info["name"] for info in infos)

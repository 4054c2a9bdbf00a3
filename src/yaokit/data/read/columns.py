"""Which column holds what: structures, names, values, units and more, by header and content."""

import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from yaokit.chem.parse import parse
from yaokit.core.errors import UsageError
from yaokit.core.reasons import Failure
from yaokit.data.curation.activity import (
    Measured,
    has_decimal_commas,
    is_concentration,
    known_unit,
    parse_value,
)
from yaokit.data.curation.units import relation as relation_of
from yaokit.data.read.records import Record, Records

_ENDPOINT = re.compile(r"(?:^|[^a-z])(p?)-?(ic50|ec50|ac50|xc50|gi50|cc50|ki|kd|mic)(?![a-z0-9])", re.I)
_UNIT = r"([munpµμ]?M|[munpµμ]?mol/L)"
_UNIT_IN_NAME = re.compile(rf"(?:^|[\s_(\[,/]){_UNIT}[)\]]?$|[(\[]\s*(?:in )?{_UNIT}\s*[)\],;]")
_MOLAR_AFTER = re.compile(r"(?:[\s_,/])([munpµμ]M|[munpµμ]mol/L)(?![A-Za-z0-9])")
_NO_STRUCTURE = re.compile(r"[\d\s.,:;/<>=~%+-]*")
_SHARE = 0.6
_PARSED = 20  # cells of a column that are parsed to see whether they are structures

Rows = Sequence[dict[str, str | None]]
Value = tuple[str, str, str | None, str | None]


@dataclass(frozen=True)
class Roles:
    """The columns of one table by what they hold; None where there is none.

    `values` are columns of measured activities: column, unit, unit column, relation column.
    """

    smiles: str
    id: str | None = None
    values: tuple[Value, ...] = ()
    unit: str | None = None
    relation: str | None = None
    date: str | None = None
    assay: str | None = None
    organism: str | None = None
    measurement_type: str | None = None
    vendor: str | None = None


def roles(
    table: Records, sample: Sequence[Record], smiles: str | None = None, id: str | None = None
) -> Roles:
    """What each column holds: those named, which must exist, and those found on a sample of rows."""
    structure, name = roles_of(table, sample, smiles, id)
    rows = [record.cells for record in sample]
    others = [column for column in table.columns if column not in (structure, name)]
    found = {
        role: _by_header(others, role)
        for role in ("unit", "relation", "date", "assay", "organism", "measurement_type", "vendor")
    }
    return Roles(structure, name, tuple(value_columns(others, rows)), **found)


def roles_of(
    table: Records, sample: Sequence[Record], smiles: str | None, id: str | None
) -> tuple[str, str | None]:
    """The columns of structures and of ids: those named, which must exist, or those found."""
    for wanted in (smiles, id):
        if wanted is not None and wanted not in table.columns:
            raise no_column(wanted, table.columns, table.source)
    rows = [record.cells for record in sample]
    structure = smiles or table.structure or smiles_column(table.columns, rows, table.source)
    filled = [column for column in table.columns if not rows or _cells(rows, column)]
    return structure, id or id_column(filled, structure)


def no_column(name: str, columns: Sequence[str], source: str) -> UsageError:
    """The error for a column that is not there, with those that are."""
    return UsageError(f"{source} has no column {name!r}; its columns are: {', '.join(columns)}")


def smiles_column(columns: Sequence[str], sample: Rows, source: str) -> str:
    """The column of structures: by name if its cells read as such, otherwise one whose cells do.

    Where no cell reads as a structure, the name decides: the rows then say what is wrong.
    """
    named = _named(columns, "smiles")
    cells = {column: _cells(sample, column) for column in columns}
    if found := next((c for c in named if not cells[c] or any(map(_is_structure, cells[c][:_PARSED]))), None):
        return found
    also = _named(columns, "structure")
    if found := next((c for c in also if _readable(cells[c]) >= _SHARE), None):
        return found
    shares = {c: _readable(cells[c]) for c in columns}
    best = max(shares, key=shares.__getitem__, default=None)
    if best is not None and shares[best] >= _SHARE:
        return best
    if named or also:
        return [*named, *also][0]
    raise UsageError(f"{source}: no column of SMILES found; name it. The columns are: {', '.join(columns)}")


def id_column(columns: Sequence[str], smiles: str) -> str | None:
    """The column that names molecules, by its header; None if there is none."""
    return _by_header([c for c in columns if c != smiles], "id")


def value_columns(columns: Sequence[str], sample: Rows) -> list[Value]:
    """Columns that look like measured activities: column, unit, unit column, relation column."""
    relation = _by_header(columns, "relation")
    found: list[Value] = []
    for column in columns:
        endpoint = _ENDPOINT.search(column.replace("_", " "))
        is_log = _plain(column).startswith("pchembl") or bool(endpoint and endpoint[1])
        is_activity = endpoint or _plain(column) in _words()["value"]["names"]
        if is_activity and _is_numeric(_cells(sample, column)):
            unit, unit_column = ("p", None) if is_log else _unit_of(column, columns, sample)
            found.append((column, unit, unit_column, relation))
    return found


def column_beside(column: str, role: str, columns: Sequence[str], sample: Rows) -> tuple[str, bool] | None:
    """The column of units or of relations that may belong to a column of values, and whether it surely does.

    It does if it is named after it, or if no other column of measured activities could be meant.
    """
    found = [c for c in _named(columns, role) if c != column and _holds(role, _cells(sample, c))]
    own = [c for c in found if _is_named_after(c, column)]
    if column.lower().startswith("standard"):
        own += [c for c in found if c.lower().startswith("standard")]
    free = [c for c in found if not any(_is_named_after(c, other) for other in columns)]
    others = {other for other, *_ in value_columns(columns, sample)} - {column}
    first = next(iter([*own, *free]), None)
    return None if first is None else (first, bool(own) or not others)


def _is_named_after(column: str, other: str) -> bool:
    """Whether it begins with another column's whole name: "IC50_relation", "IC50 units"."""
    return (
        column.lower().startswith(other.lower())
        and not column[len(other) : len(other) + 1].isalnum()
        and column != other
    )


def _holds(role: str, cells: list[str]) -> bool:
    """Whether the cells are what the header says: relations, or mostly units of concentration."""
    if role == "relation":
        return all(relation_of(cell) is not None for cell in cells)
    return any(is_concentration(unit) for unit, _ in Counter(cells).most_common(1))


def numeric_columns(columns: Sequence[str], sample: Rows) -> list[str]:
    """The columns that hold numbers."""
    return [column for column in columns if _is_numeric(_cells(sample, column))]


def _unit_of(column: str, columns: Sequence[str], sample: Rows) -> tuple[str, str | None]:
    """The unit and the unit column: from the column's name, from a column of units, or "none"."""
    if written := _UNIT_IN_NAME.search(column) or _MOLAR_AFTER.search(column):
        return known_unit(next(filter(None, written.groups()))), None
    units = _named(columns, "unit")
    if column.lower().startswith("standard"):
        units.sort(key=lambda name: not name.lower().startswith("standard"))
    for unit, _ in Counter(_cells(sample, units[0]) if units else []).most_common(1):
        if is_concentration(unit):
            return known_unit(unit), units[0]
    return "none", None


@cache
def _words() -> dict[str, dict[str, Any]]:
    return tomllib.loads(files("yaokit.data.read").joinpath("columns.toml").read_text(encoding="utf-8"))


def _by_header(columns: Sequence[str], role: str) -> str | None:
    return next(iter(_named(columns, role)), None)


def _named(columns: Sequence[str], role: str) -> list[str]:
    """The columns whose header tells this role, the best first."""
    words = _words()[role]
    other_things = words.get("other_things")
    usable = [c for c in columns if not (other_things and re.search(other_things, c, re.I))]
    plain = [(c, _plain(c)) for c in columns]
    whole = [c for name in words["names"] for c, header in plain if header == name]
    cased = [c for c in usable if "cased" in words and re.search(words["cased"], c)]
    partly = [c for pattern in words["patterns"] for c in usable if re.search(pattern, c, re.I)]
    return list(dict.fromkeys([*whole, *cased, *partly]))


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())


def _cells(sample: Rows, column: str) -> list[str]:
    return [cell for row in sample if (cell := row.get(column))]


def _readable(cells: list[str]) -> float:
    """The share of different cells that read as molecules; 0 if none has more than three characters."""
    different = list(dict.fromkeys(cells))[:_PARSED]
    if not any(len(cell) > 3 for cell in different):
        return 0.0
    return sum(map(_is_structure, different)) / len(different)


def _is_structure(cell: str) -> bool:
    return not _NO_STRUCTURE.fullmatch(cell) and not isinstance(parse(cell), Failure)


def _is_numeric(cells: list[str]) -> bool:
    """Whether most cells that are not "n.d." or the like hold a number."""
    commas = has_decimal_commas(cells)
    read = [parse_value(cell, "none", decimal_comma=commas) for cell in cells]
    given = [value for value in read if value is not None]
    return bool(given) and sum(isinstance(value, Measured) for value in given) >= _SHARE * len(given)

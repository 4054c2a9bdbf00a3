"""Which column holds what: structures, names, values and their units, told by header and content."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from yaokit.chem.parse import parse
from yaokit.core.errors import UsageError
from yaokit.core.reasons import Failure
from yaokit.data.activity import Measured, has_decimal_commas, is_concentration, known_unit, parse_value
from yaokit.data.records import Record, Records

_SMILES = ("smiles", "canonicalsmiles", "isomericsmiles", "smi", "inputsmiles")
_ID = (
    *("id", "name", "compoundid", "moleculechemblid", "chemblid", "moleculeid", "molid", "compound"),
    *("compoundname", "drugid", "moleculename", "drugname", "title", "ligandid", "pubchemcid", "cid"),
)
_UNIT = ("units", "unit", "standardunits", "standardunit")
_RELATION = ("relation", "standardrelation", "qualifier", "operator", "modifier")
_ENDPOINT = re.compile(r"\b(p?)-?(ic50|ec50|ac50|xc50|gi50|cc50|ki|kd|mic)\b", re.I)
_UNIT_IN_NAME = re.compile(r"(?:^|[\s_(\[])([munpµμ]?M|[munpµμ]mol/L)[\])]?$")
_OTHER_THINGS = re.compile(r"target|assay|document|doc_|protein|gene|cell|source|src_", re.I)
_SHARE = 0.6

Rows = Sequence[dict[str, str | None]]


def roles_of(
    table: Records, sample: Sequence[Record], smiles: str | None, id: str | None
) -> tuple[str, str | None]:
    """The columns of structures and of ids: those named, which must exist, or those found."""
    for wanted in (smiles, id):
        if wanted is not None and wanted not in table.columns:
            raise no_column(wanted, table.columns, table.source)
    structure = smiles or smiles_column(table.columns, [record.cells for record in sample], table.source)
    return structure, id or id_column(table.columns, structure)


def no_column(name: str, columns: Sequence[str], source: str) -> UsageError:
    """The error for a column that is not there, with those that are."""
    return UsageError(f"{source} has no column {name!r}; its columns are: {', '.join(columns)}")


def smiles_column(columns: Sequence[str], sample: Rows, source: str) -> str:
    """The column of structures: by name, otherwise the one whose cells read as SMILES."""
    if found := _by_name(columns, _SMILES) or next((c for c in columns if "smiles" in c.lower()), None):
        return found
    shares = {c: _readable(_cells(sample, c)) for c in columns}
    best = max(shares, key=shares.__getitem__, default=None)
    if best is None or shares[best] < _SHARE:
        raise UsageError(
            f"{source}: no column of SMILES found; name it. The columns are: {', '.join(columns)}"
        )
    return best


def id_column(columns: Sequence[str], smiles: str) -> str | None:
    """The column that names molecules, by its header; None if there is none."""
    others = [c for c in columns if c != smiles and not _OTHER_THINGS.search(c)]
    return (
        _by_name(others, _ID)
        or next((c for c in others if re.search(r"([^a-z]|^)ids?$|[a-z]ID$", c)), None)
        or next((c for c in others if re.search(r"name|compound|(^|_)id$", c, re.I)), None)
    )


def value_columns(columns: Sequence[str], sample: Rows) -> list[tuple[str, str, str | None, str | None]]:
    """Columns that look like measured activities: column, unit, unit column, relation column."""
    relation = _by_name(columns, _RELATION)
    found = []
    for column in columns:
        endpoint = _ENDPOINT.search(column.replace("_", " "))
        is_activity = endpoint or _plain(column) in ("activity", "standardvalue")
        if is_activity and _is_numeric(_cells(sample, column)):
            is_log = endpoint is not None and bool(endpoint[1])
            found.append((column, *(("p", None) if is_log else _unit_of(column, columns, sample)), relation))
    return found


def _unit_of(column: str, columns: Sequence[str], sample: Rows) -> tuple[str, str | None]:
    """The unit and the unit column: from the column's name, from a column of units, or "none"."""
    if written := _UNIT_IN_NAME.search(column):
        return known_unit(written[1]), None
    is_standard = column.lower().startswith("standard")
    unit_column = _by_name(columns, _UNIT[::-1] if is_standard else _UNIT)
    for unit, _ in Counter(_cells(sample, unit_column) if unit_column else []).most_common(1):
        if is_concentration(unit):
            return known_unit(unit), unit_column
    return "none", None


def _by_name(columns: Iterable[str], wanted: Sequence[str]) -> str | None:
    plain = {_plain(column): column for column in reversed(list(columns))}
    return next((plain[name] for name in wanted if name in plain), None)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _cells(sample: Rows, column: str) -> list[str]:
    return [cell for row in sample if (cell := row.get(column))]


def _readable(cells: list[str]) -> float:
    """The share of cells that read as molecules; 0 if none has more than three characters."""
    if not any(len(cell) > 3 for cell in cells):
        return 0.0
    return sum(not isinstance(parse(cell), Failure) for cell in cells) / len(cells)


def _is_numeric(cells: list[str]) -> bool:
    commas = has_decimal_commas(cells)
    read = [parse_value(cell, "none", decimal_comma=commas) for cell in cells]
    return bool(read) and sum(isinstance(value, Measured) for value in read) >= _SHARE * len(read)

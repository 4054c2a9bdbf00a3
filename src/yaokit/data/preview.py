"""What curation would do, seen on the first rows; nothing is written."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from yaokit.chem.standardize import Standardizer
from yaokit.core.reasons import Failure
from yaokit.data.columns import value_columns
from yaokit.data.curate import STANDARD
from yaokit.data.files import read_records
from yaokit.data.measurements import Row, ValueColumn, read_measurements

_SAMPLE = 200


def guessed_values(path: str | Path) -> list[ValueColumn]:
    """The columns of a file that look like measured activities, with their units; maybe none.

    Of columns that would get the same name (IC50 in nM and pIC50) only the first is taken.
    """
    table = read_records(path)
    sample = [record.cells for record in islice(table, _SAMPLE)]
    found: dict[str, ValueColumn] = {}
    for column, unit, units, relation in value_columns(table.columns, sample):
        value = ValueColumn(column, unit=unit, unit_column=units, relation=relation)
        found.setdefault(value.task, value)
    return list(found.values())


def preview(
    files: Sequence[str | Path],
    *,
    smiles: str | None = None,
    id: str | None = None,
    values: Sequence[ValueColumn] = (),
    standardizer: Standardizer = STANDARD,
    n: int = 5,
) -> dict[str, Any]:
    """Columns and their roles, and the first n rows of each file as they would come out.

    Without `values` they are guessed from the first file (`values_are_guessed`). Each row has
    line, id, input_smiles, smiles, its values by task name, and code and message if rejected.
    """
    wanted = list(values) or guessed_values(files[0] if files else "")
    read = read_measurements(files, smiles=smiles, id=id, values=wanted, limit=n)
    return {
        "files": [
            {"name": name, "smiles": structure, "id": label}
            for name, (structure, label) in read.roles.items()
        ],
        "columns": read.columns,
        "values": [{**asdict(value), "name": value.task} for value in wanted],
        "values_are_guessed": not values and bool(wanted),
        "rows": [_row(row, wanted, standardizer) for row in read.rows],
        "notes": read.notes,
    }


def _row(row: Row, values: Sequence[ValueColumn], standardizer: Standardizer) -> dict[str, Any]:
    found = row.failure or standardizer(row.smiles)
    shown = {
        "source": row.record.source,
        "line": row.record.line,
        "id": row.id,
        "input_smiles": row.smiles,
        "smiles": None if isinstance(found, Failure) else found.smiles,
    }
    for value, measured in zip(values, row.values, strict=True):
        bound = measured.relation.strip("=") if measured else ""
        shown[value.task] = f"{bound}{measured.value:.3g}" if measured else None
    if isinstance(found, Failure):
        shown |= {"code": found.code, "message": found.message}
    return shown

"""What curation would do, seen on the first rows; nothing is written."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from yaokit.chem.standardize import Standardizer
from yaokit.core.reasons import Failure
from yaokit.data.curation.activity import Measured
from yaokit.data.curation.chunks import chunks
from yaokit.data.curation.clean import Clean, cleaned
from yaokit.data.curation.curate import STANDARD, carried_columns, with_words
from yaokit.data.curation.measurements import ValueColumn, check_values
from yaokit.data.curation.sources import Source, all_columns, names, open_sources
from yaokit.data.read.columns import numeric_columns, value_columns
from yaokit.data.read.records import AS_FOUND, Reading


def guessed_values(path: str | Path, reading: Reading = AS_FOUND) -> list[ValueColumn]:
    """The columns of a file that look like measured activities, with their units; maybe none.

    Of columns that would get the same name (IC50 in nM and pIC50) only the first is taken.
    """
    [source] = open_sources([path], reading=reading)
    return _guessed(source)


def _guessed(source: Source) -> list[ValueColumn]:
    found: dict[str, ValueColumn] = {}
    cells = [record.cells for record in source.sample]
    for column, unit, units, relation in value_columns(source.table.columns, cells):
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
    reading: Reading = AS_FOUND,
    n: int = 5,
) -> dict[str, Any]:
    """Columns and their roles, and the first n rows of each file as they would come out.

    Without `values` they are guessed from the first file (`values_are_guessed`). Each row has
    line, id, input_smiles, smiles, repaired, its values by task name, and code and message if
    rejected. `carried` are the columns that go on as they are, `numeric` those with numbers.
    """
    sources = open_sources(files, smiles=smiles, id=id, reading=reading)
    wanted = list(values) or _guessed(sources[0])
    columns = all_columns(sources)
    check_values(wanted, columns, names(sources))
    wanted, notes = with_words(wanted, sources)
    first = [source.first(n) for source in sources]
    return {
        "files": [{"name": source.name, **asdict(source.roles)} for source in sources],
        "columns": columns,
        "numeric": [c for c in columns if any(c in _numeric(source) for source in sources)],
        "carried": carried_columns(columns, sources, wanted),
        "values": [{**asdict(value), "name": value.task} for value in wanted],
        "values_are_guessed": not values and bool(wanted),
        "rows": list(_rows(first, wanted, standardizer)),
        "notes": [note for source in sources for note in source.notes()] + notes,
    }


def _numeric(source: Source) -> list[str]:
    roles = source.roles
    others = [c for c in source.table.columns if c not in (roles.smiles, roles.id)]
    return numeric_columns(others, [record.cells for record in source.sample])


def _rows(
    sources: Sequence[Source], values: Sequence[ValueColumn], standardizer: Standardizer
) -> Iterator[dict[str, Any]]:
    """One entry a row, in guarded processes: a first row may be one that would hang."""
    for chunk, found in cleaned(chunks(sources, values), standardizer, 1):
        for i, (record, result) in enumerate(zip(chunk.records, found, strict=True)):
            row: dict[str, Any] = {"source": record.source, "line": record.line, "id": chunk.ids[i]}
            row["input_smiles"] = result.shown if isinstance(result, Clean) else chunk.texts[i]
            row["smiles"] = result.smiles if isinstance(result, Clean) else None
            row["repaired"] = result.notes if isinstance(result, Clean) else None
            for value, column in zip(values, chunk.values, strict=True):
                row[value.task] = _shown(column[i])
            if isinstance(result, Failure):
                row |= {"code": result.code, "message": result.message}
            yield row


def _shown(measured: Measured | None) -> str | None:
    return f"{measured.relation.strip('=')}{measured.value:.3g}" if measured else None

"""Columns of units and relations that stand beside a column of values and nobody named."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from yaokit.data.curation.measurements import ValueColumn
from yaokit.data.curation.sources import Source, open_sources
from yaokit.data.curation.units import is_concentration
from yaokit.data.read.columns import column_beside
from yaokit.data.read.records import AS_FOUND, Reading


def completed(
    files: Sequence[str | Path],
    values: Sequence[ValueColumn],
    *,
    unit_asked: bool = True,
    smiles: str | None = None,
    id: str | None = None,
    reading: Reading = AS_FOUND,
) -> tuple[list[ValueColumn], list[str]]:
    """The values with the columns of units and relations that surely are theirs, and notes on these.

    A column that may be another value's is only noted. Units are followed row by row if the value was
    said to be a concentration, or nothing was said and its header tells an activity.
    """
    sources = open_sources(files, smiles=smiles, id=id, reading=reading)
    done, notes = [], []
    for value in values:
        source = next((s for s in sources if value.column in s.table.columns), None)
        if source is None or value.is_label:
            done.append(value)
            continue
        found, told = _completed(value, source, unit_asked)
        done.append(found)
        notes += told
    return done, notes


def _completed(value: ValueColumn, source: Source, unit_asked: bool) -> tuple[ValueColumn, list[str]]:
    columns = [c for c in source.table.columns if c not in (source.roles.smiles, source.roles.id)]
    rows, notes = [record.cells for record in source.sample], []
    if value.relation is None and (found := column_beside(value.column, "relation", columns, rows)):
        name, is_sure = found
        if is_sure:
            is_ours = name == f"{value.column}_relation"  # as curated tables have it
            notes += [] if is_ours else [f"{value.column}: which values are bounds is read from {name!r}"]
            value = replace(value, relation=name)
        else:
            notes.append(_maybe(value, name, "say which values are bounds", "--relation"))
    if value.unit_column is None and (found := column_beside(value.column, "unit", columns, rows)):
        name, is_sure = found
        unit = value.unit if unit_asked else _guessed(value.column, name, source)
        if is_sure and unit is not None and is_concentration(unit):
            value = replace(value, unit=unit, unit_column=name)
            notes.append(f"{value.column}: units are read from {name!r}; where it is empty, {unit}")
        elif is_sure and unit is not None and _guessed(value.column, name, source):
            notes.append(f"{value.column}: {name!r} is not read: the unit is {unit}, as asked for or learned")
        elif not is_sure and is_concentration(unit or value.unit):
            notes.append(_maybe(value, name, "hold its units", "--unit-column"))
    return value, notes


def _guessed(column: str, unit_column: str, source: Source) -> str | None:
    """The usual unit of a column of activities that has this column of units."""
    return next(
        (unit for c, unit, units, _ in source.roles.values if (c, units) == (column, unit_column)), None
    )


def _maybe(value: ValueColumn, name: str, what: str, option: str) -> str:
    return f"{value.column}: {name!r} may {what}; it is not read unless named with {option}"

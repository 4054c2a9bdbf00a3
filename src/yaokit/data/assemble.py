"""The curated table made of groups of rows."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from yaokit.core.reasons import Failure
from yaokit.core.table import REJECTS, MolTable
from yaokit.data.groups import Group
from yaokit.data.measurements import Measurements, Row, ValueColumn
from yaokit.data.replicates import combined

_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})")
_NUMBER = re.compile(r"-?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?")


def assembled(
    groups: Sequence[Group],
    failed: Sequence[tuple[Row, Failure]],
    read: Measurements,
    values: Sequence[ValueColumn],
) -> MolTable:
    """One row per group; which columns there are, `curate` says."""
    kept = [group.rows[0] for group in groups]
    columns: dict[str, Any] = {
        "row": pa.array([row.number for row in kept], pa.int64()),
        "id": pa.array([group.id for group in groups], pa.string()),
        "smiles": pa.array([group.clean.smiles for group in groups], pa.string()),
        **_value_arrays(groups, values),
        "n": pa.array([len(group.rows) for group in groups], pa.int64()),
        "spread": pa.array([group.spread(range(len(values))) for group in groups], pa.float64()),
        "repaired": pa.array([group.clean.notes for group in groups], pa.string()),
        "source": pa.array([row.record.source for row in kept], pa.string()),
        "source_rows": pa.array([[r.record.line for r in g.rows] for g in groups], pa.list_(pa.int64())),
        "input_smiles": pa.array([row.smiles for row in kept], pa.string()),
    }
    tasks = {value.column for value in values if value.task == value.column}
    for name in read.carried:
        if name not in tasks:
            cells = [row.record.cells.get(name) for row in kept]
            columns[_free_name(name, columns)] = typed(cells)
    return MolTable(pa.table(columns), _rejects(failed), _merged(groups), len(read.rows))


def _value_arrays(groups: Sequence[Group], values: Sequence[ValueColumn]) -> dict[str, pa.Array]:
    arrays: dict[str, pa.Array] = {}
    for j, value in enumerate(values):
        found = [combined(group.measured(j)) for group in groups]
        arrays[value.task] = pa.array([m.value if m else None for m in found], pa.float64())
        arrays[f"{value.task}_relation"] = pa.array([m.relation if m else None for m in found], pa.string())
    return arrays


def _free_name(name: str, taken: Mapping[str, Any]) -> str:
    while name in taken:
        name = f"input_{name}"
    return name


def typed(cells: Sequence[str | None]) -> pa.Array:
    """Text cells as int64 or float64 if all of them are plain numbers ("007" is none), else text."""
    given = [cell for cell in cells if cell is not None]
    if given and all(_INTEGER.fullmatch(cell) for cell in given):
        return pa.array([None if cell is None else int(cell) for cell in cells], pa.int64())
    if given and all(_NUMBER.fullmatch(cell) for cell in given):
        return pa.array([None if cell is None else float(cell) for cell in cells], pa.float64())
    return pa.array(list(cells), pa.string())


def _rejects(failed: Sequence[tuple[Row, Failure]]) -> pa.Table:
    return pa.table(
        {
            "row": [row.number for row, _ in failed],
            "source": [row.record.source for row, _ in failed],
            "line": [row.record.line for row, _ in failed],
            "smiles": [row.smiles for row, _ in failed],
            "code": [failure.code for _, failure in failed],
            "message": [failure.message for _, failure in failed],
        },
        schema=REJECTS,
    )


def _merged(groups: Sequence[Group]) -> pa.Table:
    """Which row went into which molecule, and where it stood; in input order."""
    merged = sorted(
        ((row, group.id) for group in groups for row in group.rows[1:]), key=lambda m: m[0].number
    )
    return pa.table(
        {
            "row": pa.array([row.number for row, _ in merged], pa.int64()),
            "kept_id": pa.array([kept for _, kept in merged], pa.string()),
            "source": pa.array([row.record.source for row, _ in merged], pa.string()),
            "line": pa.array([row.record.line for row, _ in merged], pa.int64()),
            "smiles": pa.array([row.smiles for row, _ in merged], pa.string()),
        }
    )

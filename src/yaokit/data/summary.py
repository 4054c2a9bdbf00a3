"""What curation did, in numbers and sentences."""

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from yaokit.core.reasons import Failure
from yaokit.core.table import MolTable
from yaokit.data.builtin import builtin, is_builtin
from yaokit.data.groups import Clean, Group
from yaokit.data.measurements import Measurements, ValueColumn
from yaokit.data.replicates import combined, noise

_CONFLICT = 1.0  # replicates further apart than this on the p-scale contradict each other
_P_RANGE = (-3.0, 15.0)


def summary(
    table: MolTable,
    groups: Sequence[Group],
    clean: Mapping[str, Clean | Failure],
    read: Measurements,
    values: Sequence[ValueColumn],
) -> dict[str, Any]:
    """Counts of rows and codes, tasks, replicate noise, contradictions, repairs, files and notes."""
    counts = table.counts()
    tasks = [_task(groups, j, value) for j, value in enumerate(values)]
    return {
        **counts,
        "n_out": table.n_kept,
        "dropped": {**({"MERGED": table.n_merged} if table.n_merged else {}), **counts["codes"]},
        "tasks": tasks,
        "noise": tasks[0]["noise"] if tasks else None,
        "conflicts": _conflicts(groups, values),
        "repaired": _repairs(groups, clean),
        "files": read.files,
        "notes": [*read.notes, *_odd_scales(tasks)],
    }


def _conflicts(groups: Sequence[Group], values: Sequence[ValueColumn]) -> int:
    on_p_scale = [j for j, value in enumerate(values) if value.on_p_scale]
    spreads = [group.spread(on_p_scale) for group in groups]
    return sum(width is not None and width > _CONFLICT for width in spreads)


def _repairs(groups: Sequence[Group], clean: Mapping[str, Clean | Failure]) -> dict[str, int]:
    """How many usable rows each step of standardizing changed."""
    found = [clean[str(row.smiles)] for group in groups for row in group.rows]
    notes = [note for c in found if isinstance(c, Clean) for note in c.notes.split("; ") if note]
    return dict(Counter(notes).most_common())


def _task(groups: Sequence[Group], j: int, value: ValueColumn) -> dict[str, Any]:
    replicates = [values for group in groups if (values := group.measured(j))]
    found = [m for values in replicates if (m := combined(values)) is not None]
    numbers = [m.value for m in found]
    return {
        "name": value.task,
        "column": value.column,
        "unit": "p" if value.on_p_scale else value.unit,
        "input_unit": value.unit if value.unit_column is None else f"column {value.unit_column}",
        "n": len(found),
        "n_censored": sum(m.relation != "=" for m in found),
        "min": min(numbers, default=None),
        "max": max(numbers, default=None),
        "median": statistics.median(numbers) if numbers else None,
        "noise": noise(replicates),
    }


def _odd_scales(tasks: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    low, high = _P_RANGE
    for task in tasks:
        if task["unit"] == "p" and task["n"] and (task["min"] < low or task["max"] > high):
            yield (
                f"{task['name']} runs from {task['min']:g} to {task['max']:g}, which no p-scale does; "
                f"is the unit of {task['column']!r} right ({task['input_unit']})?"
            )


def origin(files: Sequence[str | Path]) -> dict[str, str | None]:
    """Where the data are from and under which licence; None where nothing is known of it."""
    known = [builtin(path) for path in files if is_builtin(path)]
    own = [Path(path).name for path in files if not is_builtin(path)]
    return {
        "source": "; ".join([*(entry.source for entry in known), *own]),
        "licence": "; ".join(entry.licence for entry in known) or None,
    }

"""From table columns to targets, and whether there is enough to learn and to judge."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from yaokit.chem.folds import Folds
from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.table import MolTable
from yaokit.models.base import kind_of
from yaokit.models.targets import CLASSIFICATION, KINDS, REGRESSION, Targets

MIN_ROWS = 25
MIN_CLASS = 5  # molecules of each class
MIN_FIT = 5
_BOUNDS = {">": 1, ">=": 1, "<": -1, "<=": -1}


def read_targets(
    table: MolTable,
    tasks: Sequence[str],
    kinds: Mapping[str, str],
    weight: str | None = None,
    *,
    balanced: bool = False,
    columns: Mapping[str, str] = MappingProxyType({}),
) -> Targets:
    """The task columns; `<task>_relation` beside one says which values are bounds.

    UsageError for a column that is not there or cannot be read so, and if no task has classes to balance.
    `kinds`: what a task is, where that is asked for; else two values 0 and 1 make a class task.
    `columns`: what `weight` is called in the table if that differs.
    """
    for task, kind in kinds.items():
        if kind not in KINDS:
            raise UsageError(f"{task} cannot be {kind!r}; choose from: {', '.join(KINDS)}")
    values = np.stack([_column(table, task) for task in tasks], axis=1)
    found = [kinds.get(task) or kind_of(values[:, j]) for j, task in enumerate(tasks)]
    for j, task in enumerate(tasks):
        if found[j] == CLASSIFICATION and kind_of(values[:, j]) == REGRESSION:
            odd = next(v for v in values[:, j] if v not in (0.0, 1.0) and not np.isnan(v))
            raise UsageError(
                f"{task!r} holds {odd:g}, which is no class (0 or 1); curate with --task classification "
                "and --threshold, or train with --task regression"
            )
    if balanced:
        check_balanced(CLASSIFICATION in found)
    bounds = np.stack([_bounds(table, task) for task in tasks], axis=1)
    weights = np.ones(len(values)) if weight is None else _weights(table, weight, columns.get(weight, weight))
    y = Targets.of(values, found, np.where(np.isnan(values), 0, bounds).astype(np.int8), weights)
    return _balance(y) if balanced else y


def check_balanced(has_classes: bool) -> None:
    """UsageError if there are no classes to let count the same."""
    if not has_classes:
        raise UsageError(
            "balancing lets both classes count the same, and no target has classes; leave out --balanced, or "
            "make classes with --task classification"
        )


def check_targets(y: Targets, tasks: Sequence[str]) -> None:
    """NothingUsable unless every task has enough different exact values."""
    for j, task in enumerate(tasks):
        known = y.values[_counting(y)[:, j], j]
        if len(known) < MIN_ROWS:
            raise NothingUsable(
                f"{len(known)} molecules have an exact value of {task!r} that counts; "
                f"a model needs at least {MIN_ROWS}"
            )
        if known.min() == known.max():
            raise NothingUsable(f"every value of {task!r} is {known[0]:g}: there is nothing to learn")
        if y.kinds[j] == CLASSIFICATION:
            rare = int(known.mean() < 0.5)
            count = int((known == rare).sum())
            if count < MIN_CLASS:
                raise NothingUsable(
                    f"class {rare} of {task!r} has {count} molecules; "
                    f"a model needs at least {MIN_CLASS} of each"
                )


def check_folds(y: Targets, tasks: Sequence[str], folds: Sequence[Folds], split: str, k: int) -> None:
    """Each fit, and what weights and intervals are measured on, must hold values; so must some fold."""
    for fold in folds:
        for j, task in enumerate(tasks):
            counts = np.bincount(fold.numbers[_counting(y)[:, j]], minlength=fold.k)
            if not counts[list(fold.judged)].any():
                raise NothingUsable(f"no row that the {split} split judges has a value of {task!r}")
            if min(_values_left(fold, counts)) < MIN_FIT:
                raise NothingUsable(
                    f"the values of {task!r} lie in too few of the {k} {split} folds to judge "
                    'a model; choose split = "random", fewer folds or give more measured molecules'
                )
            if y.kinds[j] == CLASSIFICATION:
                _check_classes(y, j, task, fold, split, k)


def _check_classes(y: Targets, j: int, task: str, fold: Folds, split: str, k: int) -> None:
    """NothingUsable if both classes stand in a fold that is judged by models that have seen one alone.

    With one class in it nothing can be told of the fold, which the report says.
    """
    known = _counting(y)[:, j]
    counts = np.array(
        [np.bincount(fold.numbers[known & (y.values[:, j] == c)], minlength=fold.k) for c in (0, 1)]
    )
    for judged in fold.judged:
        seen = counts.sum(axis=1) - counts[:, list(fold.left_out(judged))].sum(axis=1)
        if counts[:, judged].all() and not seen.all():
            raise NothingUsable(
                f"a {split} fold holds both classes of {task!r}, and the models that it judges have seen "
                f"no molecule of class {int(seen.argmin())}; choose --split random, fewer folds than {k} or "
                "give more of that class"
            )


def _counting(y: Targets) -> np.ndarray:
    """(n, tasks) bool: exact values that have a weight."""
    return y.exact & (y.weights > 0)


def _column(table: MolTable, task: str) -> np.ndarray:
    if task not in table.data.column_names:
        raise UsageError(f"no column {task!r} to learn; there are: {', '.join(table.data.column_names)}")
    values = table.column(task)
    if values.dtype == object:
        raise UsageError(f"the column {task!r} holds text, not numbers")
    values = values.astype(np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _bounds(table: MolTable, task: str) -> np.ndarray:
    relation = f"{task}_relation"
    if relation not in table.data.column_names:
        return np.zeros(len(table), np.int8)
    return np.array([_BOUNDS.get(str(r), 0) for r in table.column(relation)], np.int8)


def _weights(table: MolTable, name: str, column: str) -> np.ndarray:
    if column not in table.data.column_names:
        raise UsageError(f"no column {name!r} to weigh by; there are: {', '.join(table.data.column_names)}")
    cells = table.column(column)
    weights = np.array([_number(cell) for cell in cells])
    bad = np.flatnonzero(~((weights >= 0) & (weights < np.inf)))
    if len(bad):
        cell = "" if cells[bad[0]] is None else str(cells[bad[0]])[:40]
        raise UsageError(
            f"{len(bad):,} of {len(cells):,} molecules have no usable weight in {name!r} (the first, "
            f"{table.ids[bad[0]]!r}, has {repr(cell) if cell not in ('', 'nan') else 'an empty cell'}); "
            "weights are numbers of 0 or more"
        )
    if not weights.any():
        raise UsageError(f"every weight in {name!r} is 0: nothing would count")
    return weights / weights[weights > 0].mean()


def _number(cell: object) -> float:
    try:
        return float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return np.nan


def _balance(y: Targets) -> Targets:
    """Both classes of a class task count the same in all."""
    weights = y.weights.copy()
    for j, kind in enumerate(y.kinds):
        if kind == CLASSIFICATION:
            known = y.exact[:, j]
            for label in (0.0, 1.0):
                here = known & (y.values[:, j] == label)
                weights[here, j] *= known.sum() / (2 * max(1, here.sum()))
    return Targets(y.values, y.bounds, weights, y.kinds)


def _values_left(folds: Folds, counts: np.ndarray) -> Iterator[int]:
    """How many values each fit and each calibration can use; `counts` has those of each fold."""
    total = int(counts.sum())
    for fold in folds.judged:
        yield int(counts[list(folds.calibrating(fold))].sum())
        for other in folds.calibrating(fold):
            yield total - int(counts[list(folds.left_out(fold, other))].sum())

"""Folds for judging models: at random, by scaffold, by cluster, by time, by a given column.

SPLITS need only the molecules, COLUMN_SPLITS a column of the table as well; a split of the second
kind is spelled "time:COLUMN". Other packages add to the first under the entry point "yaokit.split".
"""

from collections.abc import Mapping, Sequence

import numpy as np

from yaokit.chem.folds import Folds
from yaokit.chem.scaffold import scaffolds
from yaokit.core.errors import UsageError
from yaokit.core.lazy import choices, pick, resolve
from yaokit.core.seed import rng

SPLITS = {
    "random": "yaokit.chem.split:random_folds",
    "scaffold": "yaokit.chem.split:scaffold_folds",
    "butina": "yaokit.chem.cluster:butina_folds",
}
COLUMN_SPLITS = {
    "time": "yaokit.chem.order:time_folds",
    "column": "yaokit.chem.given:column_folds",
}


def make_folds(
    split: str, smiles: Sequence[str], k: int, seed: int, columns: Mapping[str, np.ndarray] | None = None
) -> Folds:
    """The folds of a split as it is spelled; `columns` holds what time:COLUMN and column:COLUMN may name.

    UsageError for an unknown split or column, too few groups or too few different times.
    """
    name, column = parse_split(split)
    if column is None:
        return Folds.cross(pick(SPLITS, name, "split")(smiles, k, seed))
    known = columns or {}
    if column not in known:
        raise UsageError(f"--split {split}: no column {column!r}; there are: {', '.join(known) or 'none'}")
    return resolve(COLUMN_SPLITS[name])(known[column], smiles, k, seed, column)


def parse_split(split: str) -> tuple[str, str | None]:
    """Name and column of a split; UsageError with the choices if it is none."""
    name, colon, column = split.partition(":")
    if name in COLUMN_SPLITS and column:
        return name, column
    if name in COLUMN_SPLITS:
        raise UsageError(f"the split {name!r} needs a column: {name}:COLUMN")
    if name in choices(SPLITS, "split") and not colon:
        return name, None
    spelled = [*sorted(choices(SPLITS, "split")), *(f"{other}:COLUMN" for other in COLUMN_SPLITS)]
    raise UsageError(f"no split is called {split!r}; choose one of: {', '.join(spelled)}")


def random_folds(smiles: Sequence[str], k: int, seed: int) -> np.ndarray:
    """(n,) int64 fold numbers 0..k-1, equal sizes."""
    if len(smiles) < k:
        raise UsageError(f"{k} folds need at least {k} molecules; there are {len(smiles)}")
    folds = np.arange(len(smiles)) % k
    return rng(seed, "random folds").permutation(folds)


def scaffold_folds(smiles: Sequence[str], k: int, seed: int) -> np.ndarray:
    """(n,) int64 fold numbers; molecules with the same Murcko scaffold share a fold.

    Scaffolds come in random order, each to the fold that is smallest so far. A molecule without
    rings is a group of its own.
    """
    groups = [core or f"acyclic {text}" for core, text in zip(scaffolds(smiles), smiles, strict=True)]
    return group_folds(groups, k, seed)


def group_folds(
    groups: Sequence[str], k: int, seed: int, kind: str = "scaffolds", advice: str = "split at random"
) -> np.ndarray:
    """(n,) int64 fold numbers; rows of one group share a fold. UsageError with fewer than k groups."""
    names, member, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    if len(names) < k:
        raise UsageError(f"{k} folds need at least {k} different {kind}; there are {len(names)}: {advice}")
    fold_of, load = np.zeros(len(names), np.int64), np.zeros(k, np.int64)
    order = rng(seed, "group folds").permutation(len(names))
    order = order[np.argsort(sizes[order] < len(groups) / (2 * k), kind="stable")]  # large groups first
    for group in order:
        fold = load.argmin()
        fold_of[group] = fold
        load[fold] += sizes[group]
    return fold_of[member]

"""Folds from a column that says which rows belong together."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from yaokit.chem.folds import Folds
from yaokit.chem.split import group_folds, random_folds, scaffold_folds
from yaokit.core.errors import UsageError

TRAIN = {"train", "training", "trainval", "valid", "validation", "val", "dev"}
TEST = {"test", "testing", "holdout"}


def column_folds(values: np.ndarray, smiles: Sequence[str], k: int, seed: int, column: str) -> Folds:
    """Folds of a series, batch or fold column, or the one test set of a train/test column.

    Rows with the same value share a fold; rows without a value are one group. A column of words
    like train, valid and test judges on the test rows alone, with the others in k scaffold folds
    (random ones if there are too few scaffolds) that set weights and intervals; UsageError if it
    leaves cells empty.
    """
    names = [_name(value) for value in values]
    words = [_word(name) for name in names]
    if set(words) <= TRAIN | TEST | {""} and not TEST.isdisjoint(words):
        if empty := words.count(""):
            raise UsageError(
                f"the column {column!r} says train or test, but in {empty:,} of {len(words):,} rows nothing: "
                "write there which of both they are"
            )
        is_test = np.array([word in TEST for word in words])
        return _held_out(is_test, smiles, k, seed, column)
    advice = "ask for fewer --folds or another --split"
    return Folds.cross(group_folds(names, k, seed, f"values in the column {column!r}", advice))


def _held_out(is_test: np.ndarray, smiles: Sequence[str], k: int, seed: int, column: str) -> Folds:
    train = [text for text, test in zip(smiles, is_test, strict=True) if not test]
    if len(train) < k:
        raise UsageError(
            f"the column {column!r} leaves {len(train)} rows to learn from; {k} folds need at least {k}"
        )
    numbers = np.full(len(is_test), k, np.int64)
    try:
        numbers[~is_test] = scaffold_folds(train, k, seed)
    except UsageError:  # too few scaffolds
        numbers[~is_test] = random_folds(train, k, seed)
    return Folds(numbers, (k,))


def _word(name: str) -> str:
    """The name as it stands in TRAIN and TEST: "Hold-out" is "holdout"."""
    return re.sub(r"[-_ ]", "", name.lower())


def _name(value: Any) -> str:
    """The value as text, a whole number without its ".0"; "" for nothing."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()

"""Train and test parts of drug–target pairs, with drugs, targets or both unseen."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from yaokit.chem.split import group_folds
from yaokit.core.errors import UsageError
from yaokit.core.seed import derived

Cold = Literal["drug", "target", "both"]


class PairSplit(NamedTuple):
    """Row numbers to learn from and to judge on, both ascending; rows in neither are of no use here."""

    train: np.ndarray
    test: np.ndarray


def cold_splits(
    drugs: Sequence[str], targets: Sequence[str], k: int, seed: int, cold: Cold
) -> list[PairSplit]:
    """k splits of pairs (drugs[i], targets[i]) in which the test part asks about what is new.

    "drug": no drug of the test part is in training (its targets may be); "target" the other way
    round; every pair is tested once. "both": neither is; pairs that share only one of the two with
    the test part are left out of training, and only pairs whose drug and target fall into the
    same fold are tested. Drugs that are written differently but are the same molecule count as
    different: give standardized SMILES or ids of unique molecules.
    UsageError for too few drugs or targets, or an empty part.
    """
    if len(drugs) != len(targets):
        raise ValueError(f"{len(drugs)} drugs but {len(targets)} targets; a pair needs both")
    if cold not in ("drug", "target", "both"):
        raise UsageError(f"cold is {cold!r}; choose one of: drug, target, both")
    advice = "ask for fewer folds"
    folds = []
    if cold != "target":
        folds.append(group_folds(drugs, k, derived(seed, "cold drugs"), "drugs", advice))
    if cold != "drug":
        folds.append(group_folds(targets, k, derived(seed, "cold targets"), "targets", advice))
    return [_split(np.stack(folds), fold, cold) for fold in range(k)]


def _split(folds: np.ndarray, fold: int, cold: Cold) -> PairSplit:
    held = folds == fold
    train, test = np.flatnonzero(~held.any(axis=0)), np.flatnonzero(held.all(axis=0))
    if not len(train) or not len(test):
        raise UsageError(
            f"fold {fold + 1} with cold {cold} has {len(train)} pairs to learn from and {len(test)} to judge "
            "on; the pairs are too few or too unevenly spread: ask for fewer folds"
        )
    return PairSplit(train, test)

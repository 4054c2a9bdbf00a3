"""Folds for cross-validation, made from the molecules alone."""

from collections.abc import Sequence

import numpy as np

from yaokit.chem.scaffold import scaffolds
from yaokit.core.errors import UsageError
from yaokit.core.seed import rng


def random_folds(smiles: Sequence[str], k: int, seed: int) -> np.ndarray:
    """(n,) int64 fold numbers 0..k-1, equal sizes."""
    folds = np.arange(len(smiles)) % k
    return rng(seed, "random folds").permutation(folds)


def scaffold_folds(smiles: Sequence[str], k: int, seed: int) -> np.ndarray:
    """(n,) int64 fold numbers; molecules with the same Murcko scaffold share a fold.

    Scaffolds come in random order, each to the fold that is smallest so far. A molecule without
    rings is a group of its own.
    """
    groups = [core or f"acyclic {text}" for core, text in zip(scaffolds(smiles), smiles, strict=True)]
    return group_folds(groups, k, seed)


def group_folds(groups: Sequence[str], k: int, seed: int) -> np.ndarray:
    """(n,) int64 fold numbers; rows of one group share a fold. UsageError with fewer than k groups."""
    names, member, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    if len(names) < k:
        raise UsageError(
            f"{k} folds need at least {k} different scaffolds; there are {len(names)}: split at random"
        )
    fold_of, load = np.zeros(len(names), np.int64), np.zeros(k, np.int64)
    order = rng(seed, "group folds").permutation(len(names))
    order = order[np.argsort(sizes[order] < len(groups) / (2 * k), kind="stable")]  # large groups first
    for group in order:
        fold = load.argmin()
        fold_of[group] = fold
        load[fold] += sizes[group]
    return fold_of[member]


SPLITS = {"scaffold": scaffold_folds, "random": random_folds}

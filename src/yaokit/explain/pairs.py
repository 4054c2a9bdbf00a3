"""What the training data say of changes that fit a molecule: matched pairs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from rdkit import Chem

from yaokit.chem.matched import Change, Effect, Pairs
from yaokit.core.seed import rng
from yaokit.explain.moderated import Spread
from yaokit.explain.subject import Training

MAX_MOLECULES = 5_000  # of the training set in which pairs are sought
MIN_PAIRS = 3  # and as many different molecules before and after


@dataclass(frozen=True)
class Measured:
    """The matched pairs of a task."""

    pairs: Pairs
    ids: Sequence[str]  # of the molecules that they count
    common: Spread

    @classmethod
    def of(cls, pairs: Pairs, ids: Sequence[str]) -> Self:
        once = (e for e in pairs.effects if e.change.before < e.change.after and _is_enough(e))
        return cls(pairs, ids, Spread.of(once))


@dataclass(frozen=True)
class Evidence:
    """A change that fits a molecule, with what it did in measured pairs."""

    before: str
    after: str
    at: str  # the atoms the part is bound to
    product: str  # SMILES of the molecule with the change, at the first place where it fits
    n_places: int
    mean: float  # measured change of the value
    low: float  # its 95 % interval
    high: float
    spread: float  # standard deviation between these pairs
    n: int
    n_effective: float  # less than n where pairs share molecules
    example: tuple[str, str]  # ids of one pair


def training_pairs(training: Training, task: int, seed: int = 0, workers: int = 1) -> Measured:
    """The matched pairs of a task."""
    rows = np.flatnonzero(~np.isnan(training.values[:, task]))
    if len(rows) > MAX_MOLECULES:
        rows = np.sort(rng(seed, "pairs").choice(rows, MAX_MOLECULES, replace=False))
    ids, smiles = ([column[i] for i in rows.tolist()] for column in (training.ids, training.smiles))
    return Measured.of(Pairs(smiles, training.values[rows, task], workers), ids)


def evidence(measured: Measured, mol: Chem.Mol, n: int = 5) -> tuple[list[Evidence], int]:
    """The `n` changes that most surely raised the value, then that lowered it; how many were looked at.

    Only those whose 95 % interval leaves out 0, ordered by its end next to 0. One in twenty changes
    without any effect is among them.
    """
    found: dict[Change, list[tuple[Effect, str]]] = {}
    for _, effect, product in measured.pairs.suggestions(mol, MIN_PAIRS):
        if _is_enough(effect):
            found.setdefault(effect.change, []).append((effect, product))
    every = [_evidence(its, measured) for its in found.values()]
    raising = sorted((e for e in every if e.low > 0), key=lambda e: -e.low)
    lowering = sorted((e for e in every if e.high < 0), key=lambda e: e.high)
    return raising[:n] + lowering[:n], len(every)


def _is_enough(effect: Effect) -> bool:
    return effect.n >= MIN_PAIRS and effect.n_molecules >= MIN_PAIRS


def _evidence(its: Sequence[tuple[Effect, str]], measured: Measured) -> Evidence:
    effect, product = its[0]
    places, (a, b) = len({made for _, made in its}), effect.pairs[0]
    return Evidence(
        *effect.change,
        product,
        places,
        effect.mean,
        *measured.common.interval(effect),
        effect.spread,
        effect.n,
        effect.n_effective,
        (measured.ids[a], measured.ids[b]),
    )

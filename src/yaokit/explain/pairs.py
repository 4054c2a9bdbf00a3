"""What the training data say of changes that fit a molecule: matched pairs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rdkit import Chem

from yaokit.chem.matched import Change, Effect, Pairs
from yaokit.core.seed import rng
from yaokit.explain.subject import Training

MAX_MOLECULES = 5_000  # of the training set in which pairs are sought
MIN_PAIRS = 3


@dataclass(frozen=True)
class Evidence:
    """A change that fits a molecule, with what it did in measured pairs."""

    before: str
    after: str
    at: str  # the atoms the part is bound to
    product: str  # SMILES of the molecule with the change, at the first place where it fits
    n_places: int
    mean: float  # measured change of the value
    spread: float  # its standard deviation between pairs
    n: int
    example: tuple[str, str]  # ids of one pair

    @property
    def error(self) -> float:
        """The standard error of the mean."""
        return self.spread / float(np.sqrt(self.n))


def training_pairs(training: Training, task: int, seed: int = 0, workers: int = 1) -> tuple[Pairs, Training]:
    """The matched pairs of a task, and the molecules they are counted in."""
    rows = np.flatnonzero(~np.isnan(training.values[:, task]))
    if len(rows) > MAX_MOLECULES:
        rows = np.sort(rng(seed, "pairs").choice(rows, MAX_MOLECULES, replace=False))
    ids, smiles = ([column[i] for i in rows.tolist()] for column in (training.ids, training.smiles))
    used = Training(ids, smiles, training.values[rows])
    return Pairs(used.smiles, used.values[:, task], workers), used


def evidence(pairs: Pairs, ids: Sequence[str], mol: Chem.Mol, n: int = 5) -> list[Evidence]:
    """The `n` changes that raised the value most surely, then the `n` that lowered it most surely.

    Ordered by the mean less (or plus) its standard error; those within one error of 0 are left out.
    """
    found: dict[Change, list[tuple[Effect, str]]] = {}
    for _, effect, product in pairs.suggestions(mol, MIN_PAIRS):
        found.setdefault(effect.change, []).append((effect, product))
    every = [_evidence(its, ids) for its in found.values()]
    raising = sorted((e for e in every if e.mean > e.error), key=lambda e: e.error - e.mean)
    lowering = sorted((e for e in every if -e.mean > e.error), key=lambda e: e.mean + e.error)
    return raising[:n] + lowering[:n]


def _evidence(its: Sequence[tuple[Effect, str]], ids: Sequence[str]) -> Evidence:
    effect, product = its[0]
    change, (a, b) = effect.change, effect.pairs[0]
    places = len({made for _, made in its})
    numbers = (effect.mean, effect.spread, effect.n)
    return Evidence(change.before, change.after, change.at, product, places, *numbers, (ids[a], ids[b]))

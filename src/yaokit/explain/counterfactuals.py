"""The smallest change to a molecule that makes the model say something else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from rdkit import Chem

from yaokit.chem.edits import MAX_ATOMS, mutate
from yaokit.chem.fingerprints import morgan
from yaokit.chem.fragments import parts
from yaokit.chem.similarity import nearest
from yaokit.core.guard import Pool
from yaokit.core.reasons import Failure
from yaokit.core.seed import rng
from yaokit.explain.subject import Subject

THRESHOLD = 0.5  # of a class's probability
ROUNDS = 2  # edits that may follow each other
TRIES = 150  # edits tried in each round
_BEAM = 5  # molecules of the first round that are edited again
_SAMPLE = 1_000  # training molecules that give parts


@dataclass(frozen=True)
class Counterfactual:
    """A molecule near another one for which the model says something else."""

    smiles: str
    mean: float
    change: float  # of the prediction
    similarity: float  # Tanimoto, Morgan counts
    n_edits: int
    in_domain: bool | None  # None: the model has no domain


class Search:
    """Seeks counterfactuals in child processes: `with Search(subject, task) as search: search(mol)`.

    `delta`: how far the prediction of a number has to move; half its 90 % interval if not given. The
    edits swap in parts of the training molecules.
    """

    def __init__(
        self, subject: Subject, task: int, *, delta: float | None = None, seed: int = 0, workers: int = 1
    ) -> None:
        self.subject, self.task, self.delta, self.seed, self.workers = subject, task, delta, seed, workers
        smiles = list(subject.training.smiles) if subject.training else []
        sample = sorted(rng(seed, "parts").permutation(len(smiles))[:_SAMPLE])
        self._pool = Pool(_Edit(parts([smiles[i] for i in sample]), seed), workers=workers, cpu_limit_s=30.0)

    def __enter__(self) -> "Search":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()

    def __call__(self, mol: Chem.Mol, n: int = 3) -> list[Counterfactual]:
        """Up to `n` for each direction, the most similar first; inside the domain where there is one.

        One edit is tried first, then a second one on those that moved the prediction most. None may
        be found, or lie in the domain: the list is empty then.
        """
        mean, needed = self._start(mol)
        seen = {Chem.MolToSmiles(mol)}
        starts, found = [Chem.MolToSmiles(mol)], []
        for n_edits in range(1, ROUNDS + 1):
            if not starts:  # no edit lies in the domain
                break
            new = [smiles for smiles in self._edited(starts) if smiles not in seen]
            if not new:
                break
            seen.update(new)
            judged = self._judge(mol, new, mean, n_edits)
            found += judged
            if all(self._crossing(found, mean, needed, up) for up in self._directions(mean)):
                break
            starts = _promising(judged, self._directions(mean))
        return list(
            chain.from_iterable(
                sorted(self._crossing(found, mean, needed, up), key=_by_similarity)[:n]
                for up in self._directions(mean)
            )
        )

    def needed(self, mol: Chem.Mol) -> float:
        """How far the prediction of a number has to move for this molecule; of a class NaN."""
        return self._start(mol)[1]

    def _start(self, mol: Chem.Mol) -> tuple[float, float]:
        """The prediction, and how far a number has to move."""
        known = self.subject.predict([mol])
        mean = float(known.mean[0, self.task])
        if self.subject.is_class(self.task):
            return mean, float("nan")
        half = float(known.high[0, self.task] - known.low[0, self.task]) / 2
        training = self.subject.training
        if np.isnan(half) and training is not None:
            half = float(np.nanstd(training.values[:, self.task]))
        return mean, self.delta if self.delta is not None else half if not np.isnan(half) else abs(mean) / 10

    def _directions(self, mean: float) -> tuple[bool, ...]:
        """Up and down for a number; across the threshold for a class."""
        return (mean < THRESHOLD,) if self.subject.is_class(self.task) else (True, False)

    def _crossing(
        self, found: Sequence[Counterfactual], mean: float, needed: float, up: bool
    ) -> list[Counterfactual]:
        sign = 1 if up else -1
        far = (THRESHOLD - mean) * sign if self.subject.is_class(self.task) else needed
        return [c for c in found if c.change * sign >= far and c.in_domain is not False]

    def _edited(self, starts: Sequence[str]) -> list[str]:
        """Distinct molecules one edit from the starting ones."""
        each = -(-TRIES // len(starts))
        jobs = [(start, i) for start in starts for i in range(each)]
        size = -(-len(jobs) // (2 * self.workers))
        batches = self._pool.map(jobs[i : i + size] for i in range(0, len(jobs), size))
        made = chain.from_iterable(batches)
        return list(dict.fromkeys(one for one in made if one and not isinstance(one, Failure)))

    def _judge(self, mol: Chem.Mol, smiles: list[str], mean: float, n_edits: int) -> list[Counterfactual]:
        read = [self.subject.read(text) for text in smiles]
        mols = [m for m in read if not isinstance(m, Failure)]
        if not mols:
            return []
        known = self.subject.predict(mols)
        similarity = nearest(morgan(mols), morgan([mol]))[0][:, 0]
        domain = known.in_domain[:, self.task].tolist() if self.subject.stack else [None] * len(mols)
        return [
            Counterfactual(Chem.MolToSmiles(m), float(p), float(p - mean), float(s), n_edits, inside)
            for m, p, s, inside in zip(mols, known.mean[:, self.task], similarity, domain, strict=True)
        ]


@dataclass(frozen=True)
class _Edit:
    """(SMILES, number of the try) → a molecule one edit away, or None; what a child process runs."""

    parts: Mapping[int, Sequence[str]]
    seed: int

    def __call__(self, job: tuple[str, int]) -> str | None:
        smiles, i = job
        mol = Chem.MolFromSmiles(smiles)
        made = mutate(mol, rng(self.seed, smiles, i), self.parts, max(MAX_ATOMS, mol.GetNumHeavyAtoms() + 5))
        return None if made is None else Chem.MolToSmiles(made)


def _promising(judged: Sequence[Counterfactual], directions: Sequence[bool]) -> list[str]:
    """The molecules that moved furthest in each direction."""
    inside = [c for c in judged if c.in_domain is not False]
    best = [sorted(inside, key=lambda c, up=up: -c.change if up else c.change)[:_BEAM] for up in directions]
    return [c.smiles for c in chain.from_iterable(best)]


def _by_similarity(found: Counterfactual) -> tuple[float, str]:
    return -found.similarity, found.smiles

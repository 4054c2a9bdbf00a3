"""Repeated cross-validation in child processes, with the models a fair stack needs.

For each repeat every fold is left out once, and every pair of folds once. What the stack says of
fold i is made with weights, intervals and a domain that come from the other folds, predicted by
models that never saw fold i: nothing of a fold touches the numbers reported on it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from yaokit.chem.similarity import nearest
from yaokit.core.errors import YaokitError
from yaokit.core.guard import Pool
from yaokit.core.lazy import pick
from yaokit.core.progress import Progress
from yaokit.core.reasons import Failure
from yaokit.core.seed import derived
from yaokit.models import MODELS
from yaokit.nn.checkpoint import load_arrays, save_arrays

SIMILARITY = "similarity"  # not a model: the highest similarity to the rows a fit learned from


@dataclass(frozen=True)
class Job:
    """One fit: the model learns from all folds of a repeat but `left_out`, and predicts those."""

    model: str
    repeat: int
    left_out: tuple[int, ...]

    @property
    def file(self) -> str:
        return f"{self.model}-{self.repeat}-{'-'.join(map(str, self.left_out))}.safetensors"


@dataclass(frozen=True)
class Outcome:
    """What one fit says of the rows it did not see."""

    rows: np.ndarray  # (m,) int64
    mean: np.ndarray  # (m, tasks)
    spread: np.ndarray  # (m, tasks)


Outcomes = dict[Job, Outcome]


@dataclass(frozen=True)
class _Fit:
    """The work of a child: one Job to its arrays."""

    X: Any
    y: np.ndarray
    folds: list[np.ndarray]
    seed: int

    def __call__(self, job: Job) -> dict[str, np.ndarray]:
        out = np.isin(self.folds[job.repeat], job.left_out)
        rows = np.flatnonzero(out)
        if job.model == SIMILARITY:
            best = nearest(self.X[rows], self.X[~out])[0].astype(np.float64)
            return {"rows": rows, "mean": best, "spread": best}
        seed = derived(self.seed, job.model, job.repeat, *job.left_out)
        model = pick(MODELS, job.model, "model")(seed=seed)
        model.fit_features(self.X[~out], self.y[~out])
        mean, spread = model.predict_features(self.X[rows])
        return {"rows": rows, "mean": mean, "spread": spread}


def cross_validate(
    X: Any,
    y: np.ndarray,
    folds: Sequence[np.ndarray],
    members: Sequence[str],
    baselines: Sequence[str],
    *,
    seed: int,
    workers: int,
    cache: Path,
    progress: Progress,
) -> Outcomes:
    """The outcome of each job; finished ones are kept in `cache` and not done again."""
    jobs = list(_jobs(len(folds), int(folds[0].max()) + 1, members, baselines))
    cache.mkdir(parents=True, exist_ok=True)
    todo = [job for job in jobs if not (cache / job.file).exists()]
    with Pool(_Fit(X, y, list(folds), seed), workers=workers, cpu_limit_s=None, memory_limit_mb=None) as pool:
        results = pool.map([job] for job in todo)
        for job, (arrays,) in zip(todo, progress.track(results, "cross-validation", len(todo)), strict=True):
            if isinstance(arrays, Failure):
                raise YaokitError(f"the model {job.model!r} could not be fitted: {arrays.message}")
            save_arrays(cache / job.file, arrays)
    return {job: Outcome(**load_arrays(cache / job.file)) for job in jobs}


def _jobs(repeats: int, k: int, members: Sequence[str], baselines: Sequence[str]) -> Iterator[Job]:
    for repeat in range(repeats):
        for fold in range(k):
            for model in dict.fromkeys([SIMILARITY, *members, *baselines]):
                yield Job(model, repeat, (fold,))
        for pair in combinations(range(k), 2):
            for model in (SIMILARITY, *members):
                yield Job(model, repeat, pair)


def inner(outcomes: Outcomes, model: str, repeat: int, fold: int, folds: np.ndarray) -> Outcome:
    """What models that saw neither `fold` nor the row's own fold say of the rows outside `fold`."""
    parts = []
    for other in range(int(folds.max()) + 1):
        if other == fold:
            continue
        whole = outcomes[Job(model, repeat, (min(fold, other), max(fold, other)))]
        mine = folds[whole.rows] == other
        parts.append(Outcome(whole.rows[mine], whole.mean[mine], whole.spread[mine]))
    return _join(parts)


def outer(outcomes: Outcomes, model: str, repeat: int, k: int) -> Outcome:
    """What models that did not see the row's fold say of every row of one repeat."""
    return _join([outcomes[Job(model, repeat, (fold,))] for fold in range(k)])


def _join(parts: list[Outcome]) -> Outcome:
    stacked: Callable[[str], np.ndarray] = lambda name: np.concatenate([getattr(p, name) for p in parts])  # noqa: E731
    rows = stacked("rows")
    order = np.argsort(rows, kind="stable")
    return Outcome(rows[order], stacked("mean")[order], stacked("spread")[order])

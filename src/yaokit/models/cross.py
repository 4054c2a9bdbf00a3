"""Repeated cross-validation in child processes, with the models a fair stack needs.

For each repeat every fold is left out once, and every pair of folds once. What the stack says of
fold i is made with weights, intervals and a domain that come from the other folds, predicted by
models that never saw fold i: nothing of a fold touches the numbers reported on it. Folds in order
of time (chem/folds.py) are left out with all that come after them.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from yaokit.chem.folds import Folds
from yaokit.core.errors import YaokitError
from yaokit.core.guard import Pool
from yaokit.core.progress import Progress
from yaokit.core.reasons import Failure
from yaokit.core.seed import derived
from yaokit.models.featurize import Rows
from yaokit.models.labels import folder_name, make
from yaokit.models.nearness import learned_from, similarities
from yaokit.models.targets import Targets
from yaokit.nn.checkpoint import load_arrays, save_arrays

if TYPE_CHECKING:
    from yaokit.models.foldcache import FoldCache

# Not a model: the highest similarity to the rows a fit learned from, as `mean` to those of each task and as
# `spread` to any.
SIMILARITY = "similarities"


@dataclass(frozen=True)
class Job:
    """One fit: the model learns from all folds of a repeat but `left_out`, and predicts those."""

    model: str
    repeat: int
    left_out: tuple[int, ...]

    @property
    def file(self) -> str:
        return f"{folder_name(self.model)}-{self.repeat}-{'-'.join(map(str, self.left_out))}.safetensors"


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

    rows: Rows
    y: Targets  # on the scales the members learn on
    folds: list[Folds]
    seed: int
    settings: Mapping[str, Mapping[str, Any]]  # of members by label
    work: Path

    def __call__(self, job: Job) -> dict[str, np.ndarray]:
        out = self.folds[job.repeat].rows(*job.left_out)
        rows = np.flatnonzero(out)
        if job.model == SIMILARITY:
            fp = self.rows["fp"]
            to_any, of_task = similarities(fp[rows], fp[~out], learned_from(self.y)[~out])
            return {"rows": rows, "mean": of_task, "spread": np.repeat(to_any[:, None], of_task.shape[1], 1)}
        seed = derived(self.seed, job.model, job.repeat, *job.left_out)
        model = make(job.model, seed, self.settings.get(job.model))
        X, work = self.rows[model.features], self.work / Path(job.file).stem
        model.fit_features(X[~out], self.y.take(~out), work)
        mean, spread = model.predict_features(X[rows])
        shutil.rmtree(work, ignore_errors=True)
        return {"rows": rows, "mean": mean, "spread": spread}


def cross_validate(
    rows: Rows,
    y: Targets,
    folds: Sequence[Folds],
    members: Sequence[str],
    baselines: Sequence[str],
    *,
    settings: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    seed: int,
    workers: int,
    cache: Path,
    kept: "FoldCache | None" = None,
    progress: Progress,
) -> Outcomes:
    """The outcome of each job; finished ones are kept in `cache` and not done again.

    `kept`: where other runs kept theirs; what is found there is not done either.
    `rows` holds every kind of features that the members read. YaokitError if a fit fails.
    """
    jobs = list(_jobs(folds, members, baselines))
    cache.mkdir(parents=True, exist_ok=True)
    todo = [job for job in jobs if not (cache / job.file).exists() and not _taken(job, kept, cache)]
    fit = _Fit(rows, y, list(folds), seed, dict(settings), cache / "work")
    with Pool(fit, workers=workers, cpu_limit_s=None, memory_limit_mb=None) as pool:
        results = pool.map([job] for job in todo)
        for job, (arrays,) in zip(todo, progress.track(results, "cross-validation", len(todo)), strict=True):
            if isinstance(arrays, Failure):
                raise YaokitError(f"the model {job.model!r} could not be fitted: {arrays.message}")
            save_arrays(cache / job.file, arrays)
            if kept:
                kept.write(job, arrays)
    if kept:
        kept.trim()
    return {job: Outcome(**load_arrays(cache / job.file)) for job in jobs}


def _taken(job: Job, kept: "FoldCache | None", cache: Path) -> bool:
    """Whether the outcome was kept by another run; it then stands in `cache`."""
    arrays = kept.read(job) if kept else None
    if arrays is not None:
        save_arrays(cache / job.file, arrays)
    return arrays is not None


def _jobs(folds: Sequence[Folds], members: Sequence[str], baselines: Sequence[str]) -> Iterator[Job]:
    """Each fit once, those of one repeat together."""
    stacked = [SIMILARITY, *members]
    for repeat, plan in enumerate(folds):
        jobs = [Job(model, repeat, plan.left_out(fold)) for fold in plan.predicted for model in stacked]
        jobs += [Job(model, repeat, plan.left_out(fold)) for fold in plan.judged for model in baselines]
        for fold in plan.judged:
            left_out = [plan.left_out(fold, other) for other in plan.calibrating(fold)]
            jobs += [Job(model, repeat, folds) for folds in left_out for model in stacked]
        yield from dict.fromkeys(jobs)


def inner(outcomes: Outcomes, model: str, repeat: int, fold: int, folds: Folds) -> Outcome:
    """What models that saw neither `fold` nor the row's own fold say of the rows that calibrate it."""
    return _join(
        [
            _part(outcomes[Job(model, repeat, folds.left_out(fold, other))], folds, other)
            for other in folds.calibrating(fold)
        ]
    )


def outer(outcomes: Outcomes, model: str, repeat: int, folds: Folds, asked: Sequence[int]) -> Outcome:
    """What models that did not see the row's fold say of the rows of the folds asked for."""
    return _join([_part(outcomes[Job(model, repeat, folds.left_out(fold))], folds, fold) for fold in asked])


def _part(outcome: Outcome, folds: Folds, fold: int) -> Outcome:
    mine = folds.numbers[outcome.rows] == fold
    return Outcome(outcome.rows[mine], outcome.mean[mine], outcome.spread[mine])


def _join(parts: list[Outcome]) -> Outcome:
    stacked: Callable[[str], np.ndarray] = lambda name: np.concatenate([getattr(p, name) for p in parts])  # noqa: E731
    rows = stacked("rows")
    order = np.argsort(rows, kind="stable")
    return Outcome(rows[order], stacked("mean")[order], stacked("spread")[order])

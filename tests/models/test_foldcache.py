"""Outcomes of folds are found again by other runs, as long as nothing they hang on has changed."""

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy_runs import TASK, measured, small_trusted

from yaokit.chem.folds import Folds
from yaokit.core.progress import Silent
from yaokit.models import foldcache
from yaokit.models.cross import SIMILARITY, Job
from yaokit.models.foldcache import FOLDER, FoldCache
from yaokit.models.targets import Targets
from yaokit.models.trusted import Trusted

N = 12
JOB = Job("svm", 0, (1,))
SAID = {"rows": np.arange(4), "mean": np.ones((4, 1)), "spread": np.zeros((4, 1))}


class Counting(Silent):
    """Notes how many fits each cross-validation does."""

    def __init__(self) -> None:
        self.fits: list[int | None] = []

    def track(self, items: Iterable, label: str, total: int | None = None, *more: Any) -> Any:
        self.fits.append(total)
        return super().track(items, label, total, *more)


def fitted(place: Path, *members: str) -> tuple[Trusted, int]:
    """A stack fitted in a run of its own, and how many fits of folds it took."""
    model, count = small_trusted(members=members), Counting()
    model.cache, model.progress = place / f"run-{len(list(place.iterdir()))}", count
    model.cache.mkdir()
    model.fit(measured(48), [TASK])
    return model, count.fits[0] or 0


def test_one_more_member_fits_only_what_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("YAOKIT_CACHE", str(tmp_path / "cache"))
    alone, n_alone = fitted(tmp_path, "svm")
    both, n_both = fitted(tmp_path, "svm", "nearest")
    assert 0 < n_both < n_alone  # similarity, both baselines and svm are there
    again, n_again = fitted(tmp_path, "svm", "nearest")
    assert n_again == 0
    assert again.oof().equals(both.oof())
    assert again.metrics() == both.metrics()
    assert alone.oof()["svm"].equals(both.oof()["svm"])


@pytest.fixture
def kept(tmp_path: Path) -> Callable[..., FoldCache]:
    """The cache of a small table; what is given in place of its parts makes another."""

    def make(
        smiles: str = "C",
        value: float = 0.0,
        weight: float = 1.0,
        shift: int = 0,
        settings: dict | None = None,
        seed: int = 0,
    ) -> FoldCache:
        values = np.arange(N)[:, None] + value
        y = replace(Targets.of(values), weights=np.full((N, 1), weight))
        folds = Folds.cross((np.arange(N) + shift) % 3)
        return FoldCache(tmp_path, [smiles] * N, y, [folds, folds], settings or {}, seed)

    return make


def test_what_was_written_is_read(kept: Callable[..., FoldCache]):
    assert kept().read(JOB) is None
    kept().write(JOB, SAID)
    found = kept(settings={"mlp": {"epochs": 3}}).read(JOB)  # another member is told something
    assert found is not None
    assert all((found[name] == SAID[name]).all() for name in SAID)
    kept().write(Job(SIMILARITY, 0, (1,)), SAID)
    assert kept().read(Job(SIMILARITY, 0, (1,)))


@pytest.mark.parametrize(
    "other",
    [
        {"smiles": "CC"},
        {"value": 1.0},
        {"weight": 2.0},
        {"shift": 1},
        {"settings": {"svm": {"cost": 3.0}}},
        {"seed": 1},
    ],
    ids=lambda other: next(iter(other)),
)
def test_nothing_is_taken_from_another_table_seed_or_setting(kept: Callable[..., FoldCache], other: dict):
    kept().write(JOB, SAID)
    assert kept(**other).read(JOB) is None


@pytest.mark.parametrize("job", [Job("svm", 1, (1,)), Job("svm", 0, (2,)), Job("svm:fp", 0, (1,))], ids=str)
def test_nothing_is_taken_from_another_fit(kept: Callable[..., FoldCache], job: Job):
    kept().write(JOB, SAID)
    assert kept().read(job) is None


def test_nothing_is_taken_from_other_code(kept: Callable[..., FoldCache], monkeypatch: pytest.MonkeyPatch):
    kept().write(JOB, SAID)
    monkeypatch.setattr(foldcache, "code", lambda: "other")
    assert kept().read(JOB) is None


def test_members_of_other_packages_are_not_kept(
    kept: Callable[..., FoldCache], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("yaokit.models.foldcache.make", lambda label: Counting())
    kept().write(JOB, SAID)
    assert kept().read(JOB) is None
    assert not (tmp_path / FOLDER).exists()


def test_a_damaged_outcome_is_not_taken(kept: Callable[..., FoldCache], tmp_path: Path):
    kept().write(JOB, SAID)
    (path,) = (tmp_path / FOLDER).rglob("*.safetensors")
    path.write_bytes(b"torn")
    assert kept().read(JOB) is None
    kept().write(JOB, SAID)
    assert kept().read(JOB)


def test_a_cache_that_cannot_be_used_is_told_and_not_needed(kept: Callable[..., FoldCache], tmp_path: Path):
    (tmp_path / FOLDER).write_text("in the way")
    with pytest.warns(UserWarning, match="folds are not cached in"):
        kept().write(JOB, SAID)
    assert kept().read(JOB) is None


def test_what_was_not_asked_for_the_longest_goes_first(
    kept: Callable[..., FoldCache], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for seed in range(3):
        kept(seed=seed).write(JOB, SAID)
    for folder in (tmp_path / FOLDER).iterdir():
        os.utime(folder, (0, 0))
    assert kept(seed=1).read(JOB)
    (size,) = {file.stat().st_size for file in (tmp_path / FOLDER).rglob("*.safetensors")}
    monkeypatch.setattr(foldcache, "LIMIT_MB", 1.5 * size / 2**20)
    kept().trim()
    assert [seed for seed in range(3) if kept(seed=seed).read(JOB)] == [1]

"""Cross-validation: what is said of a fold comes from models, weights and intervals that never saw it."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from toy_runs import series

from yaokit.chem.fingerprints import morgan_counts
from yaokit.chem.folds import Folds
from yaokit.chem.similarity import nearest
from yaokit.core.errors import YaokitError
from yaokit.core.progress import SILENT
from yaokit.models.cross import SIMILARITY, Job, Outcome, Outcomes, _Fit, _jobs, cross_validate, inner, outer
from yaokit.models.evaluate import Evidence, evaluate_task
from yaokit.models.forest import Forest
from yaokit.models.scales import LINEAR, NO_LIMITS
from yaokit.models.targets import CLASSIFICATION, REGRESSION, Targets

K = 4


class Spy:
    """Learns which folds it was shown (the values are fold numbers) and tells them as a bit mask."""

    features = "fp"

    def fit_features(self, X, y, work):
        self.mask = float(sum(1 << int(fold) for fold in np.unique(y.values)))

    def predict_features(self, X):
        mask = np.full((X.shape[0], 1), self.mask)
        return mask, mask


@pytest.fixture
def spied(monkeypatch: pytest.MonkeyPatch) -> tuple[Outcomes, Folds]:
    monkeypatch.setattr("yaokit.models.cross.make", lambda *about: Spy())
    folds = Folds.cross(np.random.default_rng(0).permutation(np.arange(40) % K))
    X = morgan_counts(series(40)[0])
    return in_process(X, folds.numbers[:, None].astype(float), [folds], ("spy",)), folds


def in_process(X, y, folds, members, baselines=(), kind: str = REGRESSION) -> Outcomes:
    """What cross_validate does, without child processes."""
    fit = _Fit({"fp": X}, Targets.of(y, [kind]), folds, 0, {}, Path("unused"))
    return {job: Outcome(**fit(job)) for job in _jobs(folds, members, baselines)}


def saw(mask: np.ndarray, fold: np.ndarray | int) -> np.ndarray:
    return (mask.astype(int) >> fold) & 1 == 1


def test_every_row_is_predicted_by_a_model_that_did_not_see_its_fold(spied):
    outcomes, folds = spied
    found = outer(outcomes, "spy", 0, folds, range(K))
    assert found.rows.tolist() == list(range(40))
    assert not saw(found.mean[:, 0], folds.numbers).any()
    assert [bin(int(mask)).count("1") for mask in found.mean[:, 0]] == [K - 1] * 40


@pytest.mark.parametrize("fold", range(K))
def test_what_calibrates_a_fold_saw_neither_it_nor_the_rows_own_fold(spied, fold: int):
    outcomes, folds = spied
    found = inner(outcomes, "spy", 0, fold, folds)
    assert found.rows.tolist() == np.flatnonzero(folds.numbers != fold).tolist()
    assert not saw(found.mean[:, 0], fold).any()
    assert not saw(found.mean[:, 0], folds.numbers[found.rows]).any()


def test_in_time_no_model_saw_what_came_later(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("yaokit.models.cross.make", lambda *about: Spy())
    numbers = np.random.default_rng(0).permutation(np.arange(40) % 5)
    folds = Folds(numbers, (2, 3, 4), forward=True)
    X = morgan_counts(series(40)[0])
    outcomes = in_process(X, numbers[:, None].astype(float), [folds], ("spy",), ("spy",))
    for fold in folds.judged:
        judged = outer(outcomes, "spy", 0, folds, [fold])
        assert judged.rows.tolist() == np.flatnonzero(numbers == fold).tolist()
        assert set(judged.mean[:, 0]) == {2**fold - 1}  # all folds before it, no other
        found = inner(outcomes, "spy", 0, fold, folds)
        assert found.rows.tolist() == np.flatnonzero((numbers > 0) & (numbers < fold)).tolist()
        assert np.array_equal(found.mean[:, 0], 2.0 ** numbers[found.rows] - 1)
    assert len(outcomes) == 2 * len(folds.predicted)  # the model and the similarity, once each


def test_a_given_test_set_is_in_no_fit_that_judges_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("yaokit.models.cross.make", lambda *about: Spy())
    folds = Folds(np.arange(40) % 5, (4,))
    X = morgan_counts(series(40)[0])
    outcomes = in_process(X, folds.numbers[:, None].astype(float), [folds], ("spy",), ("spy",))
    assert set(outer(outcomes, "spy", 0, folds, folds.judged).mean[:, 0]) == {15}
    found = inner(outcomes, "spy", 0, 4, folds)
    assert not saw(found.mean[:, 0], 4).any()
    assert not saw(found.mean[:, 0], folds.numbers[found.rows]).any()


def test_every_fold_and_every_pair_is_left_out_once():
    jobs = list(_jobs([Folds.cross(np.arange(K))] * 2, ("a",), ("b",)))
    left_out = [job.left_out for job in jobs if job.model == "a" and job.repeat == 1]
    assert sorted(left_out) == sorted([(f,) for f in range(K)] + list(combinations(range(K), 2)))
    assert [job.left_out for job in jobs if job.model == "b" and job.repeat == 0] == [(f,) for f in range(K)]
    assert len({job.file for job in jobs}) == len(jobs) == len(set(jobs))


def test_similarity_is_to_what_each_task_was_learned_from():
    folds = Folds.cross(np.arange(40) % K)
    X, values = morgan_counts(series(40)[0]), np.tile(np.arange(40.0)[:, None], 2)
    values[::3, 1] = np.nan
    fit = _Fit({"fp": X}, Targets.of(values), [folds], 0, {}, Path("unused"))
    found = Outcome(**fit(Job(SIMILARITY, 0, (1,))))
    left = folds.numbers != 1
    for task, own in enumerate((left, left & ~np.isnan(values[:, 1]))):
        assert np.array_equal(found.mean[:, task], nearest(X[found.rows], X[np.flatnonzero(own)])[0][:, 0])
    assert np.array_equal(found.spread, found.mean[:, [0, 0]])  # to any row
    assert (found.mean[:, 1] < found.mean[:, 0]).any()


def evaluated(y: np.ndarray, folds: Folds, kind: str = REGRESSION) -> pa.Table:
    X, names, targets = (
        morgan_counts(series(len(y))[0]),
        ("nearest", "forest"),
        Targets.of(y[:, None], [kind]),
    )
    outcomes = in_process(X, y[:, None], [folds], names, names, kind)
    evidence = Evidence(outcomes, targets, [folds], names, names, [LINEAR], [NO_LIMITS])
    return evaluate_task(evidence, 0, maximize=True).oof


def test_the_values_of_a_fold_do_not_move_anything_said_of_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Forest, "n_trees", 5)
    _, _, y = series(100)
    folds = Folds.cross(np.random.default_rng(1).permutation(np.arange(100) % K))
    other = np.where(folds.numbers == 2, np.random.default_rng(2).uniform(-50, 50, 100), y)
    before, after = evaluated(y, folds), evaluated(other, folds)
    here = before["fold"].to_numpy() == 2
    for name in ("nearest", "forest", "stack", "stack_std", "stack_low", "stack_high", "in_domain"):
        told, now = (table[name].to_numpy()[here] for table in (before, after))
        assert np.array_equal(told, now), name
    assert not np.array_equal(before["stack_low"].to_numpy()[~here], after["stack_low"].to_numpy()[~here])


def test_the_classes_of_a_fold_do_not_move_anything_said_of_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Forest, "n_trees", 5)
    _, _, values = series(100)
    y = (values > np.median(values)).astype(float)
    folds = Folds.cross(np.random.default_rng(1).permutation(np.arange(100) % K))
    other = np.where(folds.numbers == 2, 1 - y, y)
    before, after = (evaluated(labels, folds, CLASSIFICATION) for labels in (y, other))
    here = before["fold"].to_numpy() == 2
    for name in set(before.column_names) - {"y"}:
        told, now = (table[name].to_numpy()[here] for table in (before, after))
        assert np.array_equal(told, now), name
    assert not np.array_equal(before["stack"].to_numpy()[~here], after["stack"].to_numpy()[~here])


def validate(cache: Path, members: tuple[str, ...] = ("nearest",), workers: int = 1) -> Outcomes:
    smiles, _, y = series(40)
    folds = [Folds.cross(np.arange(40) % K)]
    settings = {"seed": 0, "workers": workers, "cache": cache, "progress": SILENT}
    return cross_validate(
        {"fp": morgan_counts(smiles)}, Targets.of(y[:, None]), folds, members, (), **settings
    )


def test_child_processes_give_what_this_one_gives(tmp_path: Path):
    smiles, _, y = series(40)
    wanted = in_process(morgan_counts(smiles), y[:, None], [Folds.cross(np.arange(40) % K)], ("nearest",))
    found = validate(tmp_path, workers=2)
    assert found.keys() == wanted.keys()
    for job, outcome in wanted.items():
        assert np.array_equal(found[job].rows, outcome.rows)
        assert np.array_equal(found[job].mean, outcome.mean)


def test_finished_fits_are_not_done_again(tmp_path: Path):
    first = validate(tmp_path)
    lost, kept = tmp_path / Job("nearest", 0, (1,)).file, tmp_path / Job("nearest", 0, (2,)).file
    content, stamp = lost.read_bytes(), kept.stat().st_mtime_ns
    lost.unlink()
    assert validate(tmp_path).keys() == first.keys()
    assert lost.read_bytes() == content
    assert kept.stat().st_mtime_ns == stamp


def test_a_model_that_cannot_be_fitted_is_named(tmp_path: Path):
    with pytest.raises(YaokitError, match="the model 'trusted' could not be fitted"):
        validate(tmp_path, ("trusted",))

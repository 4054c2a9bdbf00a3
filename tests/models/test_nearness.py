"""Similarity to what each task was learned from: as if the other rows were not there."""

import numpy as np
import pytest
from toy_gaps import library
from toy_runs import series

from yaokit.chem.fingerprints import morgan_counts
from yaokit.chem.similarity import nearest
from yaokit.models import nearness
from yaokit.models.nearness import learned_from, similarities
from yaokit.models.targets import Targets


@pytest.mark.parametrize("n", [60, 1_100])  # the second by an index
def test_each_task_knows_its_own_rows_alone(n: int):
    training, X = morgan_counts([*series(30)[0], *library(n - 30)]), morgan_counts(library(40, 10))
    learned = np.random.default_rng(0).random((n, 4)) < [0.1, 0.5, 1.0, 0.0]
    to_any, of_task = similarities(X, training, learned)
    assert np.array_equal(to_any, nearest(X, training)[0][:, 0])
    for task in range(3):
        alone = nearest(X, training[np.flatnonzero(learned[:, task])])[0][:, 0]
        assert np.array_equal(of_task[:, task], alone)
    assert not of_task[:, 3].any()


@pytest.mark.parametrize(("share", "searches"), [(1.0, 1), (0.5, 2)])
def test_tasks_of_the_same_rows_search_once(share: float, searches: int, monkeypatch: pytest.MonkeyPatch):
    calls = []
    monkeypatch.setattr(nearness, "nearest", lambda *about: calls.append(about) or nearest(*about))
    learned = np.repeat(np.random.default_rng(0).random((40, 1)) < share, 3, axis=1)
    X = morgan_counts(series(40)[0])
    similarities(X, X, learned)
    assert len(calls) == searches


def test_bounds_unknown_values_and_those_of_no_weight_do_not_count():
    values = np.array([[5.0], [6.0], [np.nan], [7.0]])
    y = Targets.of(values, bounds=np.array([[0], [1], [0], [0]], np.int8), weights=np.array([1, 1, 1, 0.0]))
    assert learned_from(y)[:, 0].tolist() == [True, False, False, False]

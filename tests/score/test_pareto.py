"""Fronts against brute force; diverse choice."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_array

from yaokit.score.pareto import diverse_pick, pareto_front


def brute_force(values):
    """Peel off what nothing left dominates, again and again (all columns maximized)."""
    front, left, number = np.zeros(len(values), int), set(range(len(values))), 0
    while left:
        number += 1
        best = {
            i
            for i in left
            if not any((values[j] >= values[i]).all() and (values[j] > values[i]).any() for j in left)
        }
        front[list(best)] = number
        left -= best
    return front


@given(arrays(float, st.tuples(st.integers(0, 25), st.integers(1, 4)), elements=st.integers(0, 4)))
def test_fronts_are_those_of_brute_force(values):
    assert (pareto_front(values, [True] * values.shape[1]) == brute_force(values)).all()


def test_direction_and_nan():
    values = np.array([[1.0, 5.0], [2.0, 5.0], [1.0, 4.0], [np.nan, 1.0]])
    assert pareto_front(values, [True, False]).tolist() == [2, 1, 1, 0]


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="directions"):
        pareto_front(np.zeros((3, 2)), [True])


def test_thousands_of_rows_take_no_time():
    start = time.process_time()
    assert pareto_front(np.random.default_rng(0).random((4000, 4)), [True] * 4).min() == 1
    assert time.process_time() - start < 2


def test_a_pick_is_limited_by_scaffold_and_similarity():
    scaffolds = ["a", "a", "a", "b", "c"]
    assert diverse_pick([2, 1, 0, 4, 3], scaffolds, 3, per_scaffold=2).tolist() == [2, 1, 4]
    assert diverse_pick([0, 1, 2], scaffolds, 10, per_scaffold=1).tolist() == [0]
    rows = csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 1]], np.float32))
    assert diverse_pick(range(5), scaffolds, 5, 3, rows, 0.4).tolist() == [0, 2]
    assert diverse_pick([], [], 3).tolist() == []

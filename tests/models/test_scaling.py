"""Scaling by hand."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from yaokit.models.scaling import LIMIT, Scaling

NAN = np.nan
# a count that is mostly 0, a real number with a gap, a constant, all unknown, two molecules' own bit
ROWS = np.array(
    [[0, 1.5, 7, NAN, 1], [0, 2.5, 7, NAN, 0], [0, NAN, 7, NAN, 0], [3, 3.5, 7, NAN, 0]]
    + [[0, 2.5, 7, NAN, 0]] * 9,
    np.float32,
)
ROWS[3, 0], ROWS[4, 0] = 3, 1


def scaled(rows) -> np.ndarray:
    return Scaling.fit(csr_array(ROWS))(csr_array(np.array(rows, np.float32)))


def test_only_columns_that_tell_rows_apart_are_read():
    assert Scaling.fit(csr_array(ROWS)).columns.tolist() == [0, 1]


def test_a_rare_count_is_its_logarithm():
    assert scaled(ROWS[:5])[:, 0] == pytest.approx([0, 0, 0, np.log(4), np.log(2)])


def test_a_number_is_moved_to_the_median_and_unknown_is_the_median():
    spread = np.sqrt(2 / 12)  # the quartiles are alike: by the distance from the median
    assert scaled(ROWS[:4])[:, 1] == pytest.approx([-1 / spread, 0, 0, 1 / spread])


def test_a_number_is_scaled_by_the_distance_of_its_quartiles():
    numbers = np.random.default_rng(0).normal(50, 4, (4000, 1)).astype(np.float32)
    out = Scaling.fit(csr_array(numbers))(csr_array(numbers))
    assert np.median(out) == pytest.approx(0, abs=1e-3)
    assert out.std() == pytest.approx(1, abs=0.05)


def test_what_lies_far_out_is_limited():
    assert scaled([[0, 1e30, 0, 0, 0], [0, -np.inf, 0, 0, 0], [-5, NAN, 1, 1, 1]]).tolist() == [
        [0, LIMIT],
        [0, -LIMIT],
        [0, 0],
    ]


def test_it_is_kept_as_arrays():
    scaling = Scaling.fit(csr_array(ROWS))
    again = Scaling.from_arrays(scaling.arrays())
    assert (again(csr_array(ROWS)) == scaling(csr_array(ROWS))).all()


def test_few_or_no_rows_and_columns_give_a_matrix():
    assert Scaling.fit(csr_array(ROWS[:2]))(csr_array(ROWS[:0])).shape == (0, 2)
    assert Scaling.fit(csr_array((3, 5), dtype=np.float32))(csr_array(ROWS)).shape == (13, 0)
    assert Scaling.fit(csr_array(ROWS[:0]))(csr_array(ROWS)).shape == (13, 0)

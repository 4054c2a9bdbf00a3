"""Shapes by hand, and what holds for all of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from yaokit.score.desirability import Desirability

read = TypeAdapter(Desirability).validate_python
SHAPES = [
    {"shape": "as_is"},
    {"shape": "up", "low": 5, "high": 8},
    {"shape": "down", "low": 2, "high": 4},
    {"shape": "window", "low": 200, "high": 500, "margin": 100},
    {"shape": "sigmoid", "middle": 6.5, "steepness": 2},
]


@pytest.mark.parametrize(
    ("shape", "values", "wanted"),
    [
        (SHAPES[0], [-1, 0.3, 2], [0, 0.3, 1]),
        (SHAPES[1], [4, 6.5, 9], [0, 0.5, 1]),
        (SHAPES[2], [1, 3, 5], [1, 0.5, 0]),
        (SHAPES[3], [50, 150, 300, 575, 700], [0, 0.5, 1, 0.25, 0]),
        (SHAPES[4], [6.5, 7.5, -1e6, 1e6], [0.5, 1 / (1 + np.exp(-2)), 0, 1]),
    ],
)
def test_shapes_by_hand(shape, values, wanted):
    assert read(shape)(np.array(values, float)) == pytest.approx(wanted)


@given(st.sampled_from(SHAPES), st.floats())
def test_always_between_0_and_1_and_nan_stays_nan(shape, value):
    found = read(shape)(np.array([value]))[0]
    assert np.isnan(found) if np.isnan(value) else 0 <= found <= 1


@pytest.mark.parametrize(
    "bad",
    [
        {"shape": "up", "low": 8, "high": 5},
        {"shape": "up", "low": 8},
        {"shape": "up", "low": 1, "high": 2, "margin": 1},
        {"shape": "ramp", "low": 1, "high": 2},
        {"shape": "window", "low": 1, "high": 2, "margin": 0},
    ],
)
def test_settings_that_make_no_sense_are_refused(bad):
    with pytest.raises(ValidationError):
        read(bad)

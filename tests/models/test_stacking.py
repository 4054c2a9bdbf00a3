"""Weights of the members of a stack."""

import numpy as np
import pytest

from yaokit.models.stacking import combine, stack_weights


@pytest.fixture
def members() -> np.ndarray:
    return np.random.default_rng(0).normal(6, 1, (300, 3))


def test_a_known_mixture_is_found(members: np.ndarray):
    wanted = np.array([0.2, 0.0, 0.8])
    assert stack_weights(members, members @ wanted) == pytest.approx(wanted, abs=0.02)


def test_weights_are_never_negative_and_add_up_to_one(members: np.ndarray):
    for seed in range(10):
        weights = stack_weights(members, np.random.default_rng(seed).normal(6, 1, 300))
        assert (weights >= 0).all()
        assert weights.sum() == pytest.approx(1.0)


def test_members_that_all_point_the_wrong_way_share_equally(members: np.ndarray):
    y = 12 - members[:, 0]
    assert stack_weights(members[:, :1].repeat(2, axis=1), y) == pytest.approx([0.5, 0.5])


def test_the_spread_is_that_of_the_mixture():
    mean, spread = combine(np.array([[5.0, 7.0]]), np.array([[0.5, 1.0]]), np.array([0.25, 0.75]))
    assert mean == pytest.approx([6.5])
    draws = np.random.default_rng(0)
    first, second = draws.normal(5, 0.5, 100_000), draws.normal(7, 1.0, 300_000)
    assert spread == pytest.approx([np.concatenate([first, second]).std()], rel=0.01)


def test_agreeing_members_without_spread_have_none():
    assert combine(np.full((2, 2), 5.0), np.zeros((2, 2)), np.array([0.5, 0.5]))[1].tolist() == [0, 0]

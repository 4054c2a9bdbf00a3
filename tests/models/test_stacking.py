"""Weights of the members of a stack."""

import numpy as np
import pytest

from yaokit.models.stacking import (
    WAYS,
    best_way,
    class_weights,
    combine,
    fitted,
    stack_weights,
    weighed_apart,
)


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


def test_a_member_that_says_little_is_not_given_up_for_one_that_says_too_much():
    random = np.random.default_rng(0)
    y = random.normal(6, 0.5, 200)
    careful, wild = 6 + random.normal(0, 0.05, 200), 6 + 0.3 * (y - 6) + random.normal(0, 1.5, 200)
    weights = stack_weights(np.column_stack([careful, wild]), y)
    errors = {
        share: np.mean((careful + share * (wild - careful) - y) ** 2) for share in np.linspace(0, 1, 101)
    }
    assert weights[1] == pytest.approx(min(errors, key=lambda share: errors[share]), abs=0.01)
    assert weights[0] > 0.8


def test_of_members_that_point_the_wrong_way_the_nearest_is_taken(members: np.ndarray):
    y = 12 - members[:, 0]
    near = 6 + 0.1 * (members[:, 0] - 6)
    assert stack_weights(np.column_stack([members[:, 0], near]), y) == pytest.approx([0, 1], abs=1e-6)


def test_absolute_errors_are_not_led_by_a_few_wild_values(members: np.ndarray):
    y = members @ [0.2, 0.0, 0.8]
    y[:20] += 30 * members[:20, 1]
    assert fitted(members, y, absolute=True) == pytest.approx([0.2, 0.0, 0.8], abs=0.05)
    assert np.abs(fitted(members, y) - [0.2, 0.0, 0.8]).max() > 0.1


@pytest.mark.parametrize("way", list(WAYS))
def test_every_way_gives_shares_of_one(members: np.ndarray, way: str):
    y = members @ [0.2, 0.0, 0.8]
    assert (WAYS[way](members, y) >= 0).all()
    assert WAYS[way](members, y).sum() == pytest.approx(1.0)


def test_between_lies_half_way(members: np.ndarray):
    y = members @ [0.2, 0.0, 0.8]
    assert WAYS["between"](members, y) == pytest.approx([0.2667, 0.1667, 0.5667], abs=0.01)


@pytest.mark.parametrize("odds", [False, True])
def test_the_values_of_a_fold_do_not_weigh_what_is_said_of_it(members: np.ndarray, odds: bool):
    folds, y = np.arange(300) % 4, members @ [0.2, 0.0, 0.8]
    said, other = (
        weighed_apart(1 / (1 + np.exp(6 - members)), wanted, folds, "fitted", odds=odds)
        for wanted in (y, np.where(folds == 1, -y, y))
    )
    assert np.array_equal(said[folds == 1], other[folds == 1])
    assert not np.array_equal(said[folds == 2], other[folds == 2])


def rows_of(members: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    n = len(y)
    at = {"repeat": np.zeros(n), "fold": np.arange(n) % 4, "weight": np.ones(n)}
    return {**at, "mean": members, "y": y}


def told(members: np.ndarray, y: np.ndarray) -> str:
    return best_way(rows_of(members, y), y, np.asarray, "rmse")


def test_the_best_way_is_fitted_where_rows_tell_and_equal_where_they_do_not(members: np.ndarray):
    random = np.random.default_rng(1)
    assert told(members, members @ [0.2, 0.0, 0.8]) == "fitted"
    truth = random.normal(6, 1, 24)
    alike = truth[:, None] + random.normal(0, 1, (24, 8))  # as good as each other, few rows
    assert told(alike, truth) == "equal"


def test_errors_are_judged_in_the_unit_of_the_values(members: np.ndarray):
    y, scores = 10.0 ** members[:, 0], []
    best_way(rows_of(members, y), members[:, 0], lambda z: scores.append(z) or 10.0**z, "rmse")
    assert len(scores) == len(WAYS)


def test_one_member_or_one_fold_leaves_nothing_to_choose(members: np.ndarray):
    y = 12 - members[:, 0]
    assert told(members[:, :1], y) == "fitted"
    rows = {**rows_of(members, y), "fold": np.zeros(300)}
    assert best_way(rows, y, np.asarray, "rmse") == "fitted"


def test_the_spread_is_that_of_the_mixture():
    mean, spread = combine(np.array([[5.0, 7.0]]), np.array([[0.5, 1.0]]), np.array([0.25, 0.75]))
    assert mean == pytest.approx([6.5])
    draws = np.random.default_rng(0)
    first, second = draws.normal(5, 0.5, 100_000), draws.normal(7, 1.0, 300_000)
    assert spread == pytest.approx([np.concatenate([first, second]).std()], rel=0.01)


def test_agreeing_members_without_spread_have_none():
    assert combine(np.full((2, 2), 5.0), np.zeros((2, 2)), np.array([0.5, 0.5]))[1].tolist() == [0, 0]


@pytest.fixture
def probabilities() -> tuple[np.ndarray, np.ndarray]:
    """Three members and 2,000 classes drawn from what the first two say on average."""
    random = np.random.default_rng(0)
    said = random.uniform(size=(2_000, 3))
    return said, (random.uniform(size=2_000) < said[:, :2].mean(axis=1)).astype(float)


def test_members_of_classes_are_weighed_by_likelihood(probabilities):
    said, y = probabilities
    assert class_weights(said, y) == pytest.approx([0.5, 0.5, 0.0], abs=0.1)
    assert class_weights(said, y).sum() == pytest.approx(1.0)


def test_few_classes_leave_the_weights_near_equal(probabilities):
    said, y = probabilities
    assert class_weights(said[:10], y[:10]) == pytest.approx([1 / 3] * 3, abs=0.12)


def test_a_row_of_no_weight_tells_nothing(probabilities):
    said, y = probabilities
    wrong = np.where(np.arange(2_000) < 500, 1 - y, y)
    weight = (np.arange(2_000) >= 500).astype(float)
    assert class_weights(said, wrong, weight) == pytest.approx(class_weights(said[500:], y[500:]), abs=0.02)


def test_a_member_that_is_sure_and_wrong_once_is_not_lost_for_ever():
    y = np.r_[np.ones(50), np.zeros(50)]
    good = np.where(y > 0, 0.9, 0.1)
    slip = np.where(np.arange(100) == 0, 0.0, good)
    weights = class_weights(np.column_stack([slip, np.full(100, 0.5)]), y)
    assert weights[0] > 0.8

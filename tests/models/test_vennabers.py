"""Venn–Abers against isotonic regressions of scikit-learn, one for each label of each new molecule."""

import time

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from yaokit.models.vennabers import VennAbers, merged


def calibration(n: int, seed: int, digits: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Scores that tell something of the labels; the fewer digits, the more of them tie."""
    random = np.random.default_rng(seed)
    score = np.round(random.uniform(size=n), digits)
    return score, (random.uniform(size=n) < score**2).astype(float)


def by_definition(score, y, new, label: float, copies: int) -> float:
    """The isotonic regression of all rows and the new one, at the new one."""
    weights = np.r_[np.ones(len(score)), copies]
    isotonic = IsotonicRegression().fit(np.r_[score, new], np.r_[y, label], sample_weight=weights)
    return float(isotonic.predict([new])[0])


@pytest.mark.parametrize("copies", [1, 3])
@pytest.mark.parametrize("digits", [1, 2, 6])
@pytest.mark.parametrize("n", [1, 2, 7, 60])
def test_both_bounds_are_those_of_the_definition(n: int, digits: int, copies: int):
    for seed in range(6):
        score, y = calibration(n, seed, digits)
        fitted = VennAbers.fit(score, y, copies)
        new = np.r_[score, np.linspace(-0.2, 1.2, 29)]
        p0, p1 = fitted.bounds(new)
        assert p0 == pytest.approx([by_definition(score, y, s, 0.0, copies) for s in new], abs=1e-9)
        assert p1 == pytest.approx([by_definition(score, y, s, 1.0, copies) for s in new], abs=1e-9)


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_one_class_alone_leaves_room_for_the_other(label: float):
    p0, p1 = VennAbers.fit(np.full(9, 0.5), np.full(9, label)).bounds(np.array([0.5]))
    assert (p0[0], p1[0]) == pytest.approx((0.0, 0.1) if label == 0 else (0.9, 1.0))


def test_without_calibration_rows_nothing_is_known():
    p0, p1 = VennAbers.fit(np.zeros(0), np.zeros(0)).bounds(np.array([0.1, 0.9]))
    assert p0.tolist() == [0, 0]
    assert p1.tolist() == [1, 1]
    assert merged(p0, p1).tolist() == [0.5, 0.5]


def test_a_row_said_three_times_is_no_more_evidence():
    score, y = calibration(50, 0)
    once, thrice = VennAbers.fit(score, y), VennAbers.fit(np.tile(score, 3), np.tile(y, 3), copies=3)
    new = np.linspace(0, 1, 41)
    assert np.array(once.bounds(new)) == pytest.approx(np.array(thrice.bounds(new)))


def test_the_merged_probability_lies_between():
    score, y = calibration(300, 1)
    p0, p1 = VennAbers.fit(score, y).bounds(np.linspace(0, 1, 101))
    p = merged(p0, p1)
    assert (p0 < p).all()
    assert (p < p1).all()
    assert (np.diff(p) >= 0).all()


def test_noise_of_the_arithmetic_moves_nothing():
    score, y = calibration(300, 2, digits=2)
    fitted = VennAbers.fit(score, y)
    assert np.array_equal(fitted.bounds(score), fitted.bounds(score + 1e-12))
    assert np.array_equal(fitted.bounds(score), fitted.bounds(score - 1e-12))


def test_what_it_says_happens():
    score, y = calibration(4000, 3)
    p0, p1 = VennAbers.fit(score, y).bounds(np.linspace(0.05, 0.95, 19))
    truth = np.linspace(0.05, 0.95, 19) ** 2
    assert np.abs(merged(p0, p1) - truth).max() < 0.08
    assert (p1 - p0).max() < 0.1


def test_many_rows_take_seconds_at_most():
    score, y = calibration(20_000, 4)
    started = time.process_time()
    VennAbers.fit(score, y).bounds(np.random.default_rng(0).uniform(size=1_000_000))
    assert time.process_time() - started < 5

"""One test set: the bootstrap sees real differences, and no others."""

import numpy as np
import pytest

from yaokit.models.paired import compare_rows


def made(n: int, gap: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values and two models whose errors have standard deviations of 1 and 1 + gap."""
    rng = np.random.default_rng(0)
    y = rng.normal(size=n)
    return y, y + rng.normal(size=n), y + (1 + gap) * rng.normal(size=n)


def test_a_real_difference_is_found_and_has_the_right_sign():
    y, good, bad = made(300, 1.0)
    found = compare_rows(y, good, bad)
    assert found.better
    assert found.low < found.difference < found.high < 0
    wanted = np.sqrt(np.mean((good - y) ** 2)) - np.sqrt(np.mean((bad - y) ** 2))
    assert found.difference == pytest.approx(wanted)
    assert not compare_rows(y, bad, good).better


def test_noise_is_not_taken_for_a_difference():
    y, one, other = made(300, 0.0)
    found = compare_rows(y, one, other)
    assert found.p > 0.05
    assert found.low < 0 < found.high


def test_the_interval_is_that_of_normal_theory():
    y, one, other = made(4000, 0.5)
    found = compare_rows(y, one, other)
    half = 1.96 * np.sqrt((1 + 1.5**2) / (2 * 4000))  # standard errors s/√(2n) of two RMSE
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.1)


def test_the_same_model_twice_and_a_handful_of_rows_tell_nothing():
    y, one, other = made(50, 0.0)
    same = compare_rows(y, one, one)
    assert (same.difference, same.better, same.p) == (0, False, 1)
    few = compare_rows(y[:5], one[:5], other[:5])
    assert np.isfinite(few.difference)
    assert np.isnan(few.p)

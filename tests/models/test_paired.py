"""The corrected test by hand; on one test set the bootstrap sees real differences, and no others."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from yaokit.models.paired import (
    Comparison,
    compare,
    compare_drawn,
    compare_rows,
    drawn,
    every_pair,
    summarize,
)


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


def test_the_corrected_test_is_as_nadeau_and_bengio_wrote_it():
    d = np.array([-0.10, -0.20, -0.05, -0.15, -0.12])
    error = np.sqrt((1 / 5 + 0.2 / 0.8) * d.var(ddof=1))  # 1 / J + n_test / n_train
    t = d.mean() / error
    found = compare(1 + d, np.ones(5), test_share=0.2)
    assert found.p == pytest.approx(2 * stats.t.cdf(t, 4))
    assert (found.low, found.high) == pytest.approx(
        (d.mean() - 2.776445 * error, d.mean() + 2.776445 * error), rel=1e-6
    )
    assert found.effect_size == pytest.approx(d.mean() / d.std(ddof=1))
    assert found.better
    assert not compare(np.ones(5), 1 + d, 0.2).better


def test_one_fold_proves_nothing():
    found = compare([0.5], [0.9], 0.2)
    assert found.difference == pytest.approx(-0.4)
    assert np.isnan(found.p)
    assert not found.better


@pytest.mark.parametrize("values", [[0.5] * 5, [0.1, 0.2, 0.3, 0.4, 0.5]], ids=["equal", "rising"])
def test_equal_differences_in_all_folds_cannot_be_tested(values):
    first = np.array(values)
    found = compare(first, first + 0.25, 0.2)
    assert found.difference == pytest.approx(-0.25)
    assert np.isnan([found.p, found.effect_size, found.low, found.high]).all()
    assert not found.better
    same = compare(first, first, 0.2)
    assert (same.difference, same.p, same.effect_size, same.better) == (0, 1, 0, False)


def test_the_same_difference_in_every_row_has_no_effect_size():
    found = compare_rows(np.arange(20.0), np.arange(20.0) + 1, np.arange(20.0) + 3)
    assert found.difference == pytest.approx(-2)
    assert found.better
    assert np.isnan(found.effect_size)


def test_a_summary_leaves_out_what_is_unknown():
    found = summarize([1.0, 2.0, 3.0, float("nan")], test_share=0.2)
    half = stats.t.ppf(0.975, 2) * np.sqrt((1 / 3 + 0.25) * 1.0)
    assert found == pytest.approx({"mean": 2.0, "std": 1.0, "low": 2 - half, "high": 2 + half})
    assert summarize([], 0.2) == {"mean": None, "std": None, "low": None, "high": None}
    assert summarize([4.0], 0.2) == {"mean": 4.0, "std": None, "low": None, "high": None}


def test_of_an_area_more_is_better():
    d = np.array([0.05, 0.03, 0.04, 0.06, 0.05])
    found = compare(0.8 + d, np.full(5, 0.8), 0.2, "auroc")
    assert found.better
    assert found.metric == "auroc"
    assert not compare(0.8 - d, np.full(5, 0.8), 0.2, "auroc").better


def test_areas_are_compared_on_one_test_set():
    random = np.random.default_rng(0)
    y = (random.uniform(size=200) < 0.3).astype(float)
    good, bad = y + random.normal(size=200) / 2, y + 3 * random.normal(size=200)
    found = compare_rows(y, good, bad, "auroc")
    assert found.difference == pytest.approx(sk.roc_auc_score(y, good) - sk.roc_auc_score(y, bad))
    assert found.better
    assert 0 < found.low < found.difference < found.high
    alone = compare_rows(np.zeros(200), good, bad, "auroc")
    assert np.isnan(alone.difference)
    assert not alone.better


def test_many_pairs_are_tested_together():
    """Holm: the smallest p times the number of tests, the next times one fewer, never below one before."""
    p = {("a", "b"): 0.01, ("a", "c"): 0.04, ("b", "c"): 0.03}

    def test(first: str, second: str) -> Comparison:
        return Comparison(-0.1, -0.2, -0.01, p[first, second], -1.0, 5, p[first, second] < 0.05)

    found = every_pair(["a", "b", "c"], test)
    assert {(a, b): it.p for a, b, it in found} == {
        ("a", "b"): 0.03,
        ("a", "c"): pytest.approx(0.06),
        ("b", "c"): pytest.approx(0.06),
    }
    assert [it.better for *_, it in found] == [True, False, False]


def test_the_better_of_a_pair_stands_first():
    y, good, bad = made(300, 1.0)
    values = {"bad": drawn(y, bad, "rmse"), "good": drawn(y, good, "rmse")}
    ((first, second, found),) = every_pair(
        list(values), lambda a, b: compare_drawn(values[a], values[b], "rmse")
    )
    assert (first, second) == ("good", "bad")
    wanted = compare_rows(y, good, bad)
    assert (found.difference, found.p, found.better) == (wanted.difference, wanted.p, True)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high))


def test_pairs_that_cannot_be_tested_do_not_count():
    nan = float("nan")

    def test(first: str, second: str) -> Comparison:
        if "c" in (first, second):
            return Comparison(nan, nan, nan, nan, nan, 0, False)
        return Comparison(-0.1, -0.2, -0.01, 0.04, -1.0, 5, True)

    found = {(a, b): it for a, b, it in every_pair(["a", "b", "c"], test)}
    assert (found["a", "b"].p, found["a", "b"].better) == (0.04, True)
    assert sum(np.isnan(it.p) for it in found.values()) == 2


def test_an_obvious_winner_among_many_on_one_test_set_is_found():
    y, good, bad = made(300, 3.0)
    rng = np.random.default_rng(1)
    values = {f"m{i}": drawn(y, bad + 0.1 * rng.normal(size=300), "rmse") for i in range(11)}
    values["good"] = drawn(y, good, "rmse")
    found = every_pair(list(values), lambda a, b: compare_drawn(values[a], values[b], "rmse"))
    assert len(found) == 66
    assert all(it.better for first, _, it in found if first == "good")
    assert sum(first == "good" for first, *_ in found) == 11


def test_of_areas_the_larger_stands_first():
    rng = np.random.default_rng(0)
    y = (rng.random(200) < 0.5).astype(float)
    values = {"bad": drawn(y, rng.random(200), "auroc"), "good": drawn(y, y + rng.normal(size=200), "auroc")}
    ((first, second, found),) = every_pair(
        list(values), lambda a, b: compare_drawn(values[a], values[b], "auroc")
    )
    assert (first, second, found.better) == ("good", "bad", True)
    assert found.difference > 0

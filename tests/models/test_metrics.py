"""Metrics against scikit-learn and SciPy, the corrected test against a hand calculation."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from yaokit.models.metrics import compare, error_by, hit_rate, regression_metrics, summarize


@pytest.fixture
def pairs() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    y = random.normal(6, 1, 80)
    return y, y + random.normal(0, 0.5, 80)


def test_regression_metrics_are_those_of_sklearn_and_scipy(pairs):
    y, predicted = pairs
    assert regression_metrics(y, predicted) == pytest.approx(
        {
            "rmse": sk.root_mean_squared_error(y, predicted),
            "mae": sk.mean_absolute_error(y, predicted),
            "r2": sk.r2_score(y, predicted),
            "spearman": stats.spearmanr(y, predicted).statistic,
        }
    )


def test_what_too_few_or_equal_values_cannot_tell_is_nan():
    two = regression_metrics(np.array([1.0, 2.0]), np.array([1.0, 2.5]))
    assert two["rmse"] == pytest.approx(np.sqrt(0.125))
    assert np.isnan([two["r2"], two["spearman"]]).all()
    equal = regression_metrics(np.full(5, 3.0), np.arange(5.0))
    assert np.isnan([equal["r2"], equal["spearman"]]).all()
    assert np.isnan(regression_metrics(np.arange(5.0), np.full(5, 3.0))["spearman"])


def test_hit_rate_counts_the_best_tenth_among_the_best_predicted():
    y = np.arange(20.0)  # the best tenth is 18 and 19 (90 % quantile 17.1); k = min(4, 20 // 5) = 4
    predicted = np.zeros(20)
    predicted[[19, 3, 5, 18]] = 4, 3, 2, 1
    assert hit_rate(y, predicted, k=4) == 0.5
    assert hit_rate(y, predicted, k=1) == 1.0
    assert hit_rate(-y, -predicted, k=4, maximize=False) == 0.5


def test_hit_rate_never_looks_at_more_than_a_fifth():
    assert hit_rate(np.arange(20.0), np.arange(20.0), k=50) == 0.5  # 2 of the 4 best


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


def test_a_summary_leaves_out_what_is_unknown():
    found = summarize([1.0, 2.0, 3.0, float("nan")], test_share=0.2)
    half = stats.t.ppf(0.975, 2) * np.sqrt((1 / 3 + 0.25) * 1.0)
    assert found == pytest.approx({"mean": 2.0, "std": 1.0, "low": 2 - half, "high": 2 + half})
    assert summarize([], 0.2) == {"mean": None, "std": None, "low": None, "high": None}
    assert summarize([4.0], 0.2) == {"mean": 4.0, "std": None, "low": None, "high": None}


def test_errors_are_binned_with_both_ends_inside():
    rows = error_by(np.array([0.0, 0.5, 1.0]), np.array([1.0, -2.0, 2.0]), [0.0, 0.5, 0.75, 1.0])
    assert rows == [
        {"low": 0.0, "high": 0.5, "n": 1, "rmse": 1.0, "mae": 1.0},
        {"low": 0.5, "high": 0.75, "n": 1, "rmse": 2.0, "mae": 2.0},
        {"low": 0.75, "high": 1.0, "n": 1, "rmse": 2.0, "mae": 2.0},
    ]

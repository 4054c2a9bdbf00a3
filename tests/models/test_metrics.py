"""Metrics against scikit-learn and SciPy."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from yaokit.models.metrics import (
    METRICS,
    PRIMARY,
    calibration_error,
    confusion,
    error_by,
    hit_rate,
    measure,
    regression_metrics,
    reliability,
    score,
)
from yaokit.models.targets import CLASSIFICATION, KINDS, REGRESSION


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
            "kendall": stats.kendalltau(y, predicted).statistic,
            "pearson": stats.pearsonr(y, predicted).statistic,
        }
    )


@pytest.fixture
def classes() -> tuple[np.ndarray, np.ndarray]:
    """300 labels, a third of them 1, and probabilities that tell something of them."""
    random = np.random.default_rng(0)
    y = (random.uniform(size=300) < 1 / 3).astype(float)
    return y, 1 / (1 + np.exp(-(2 * y - 1.5 + random.normal(size=300))))


def test_class_metrics_are_those_of_sklearn(classes):
    y, p = classes
    called = (p >= 0.5).astype(float)
    found = measure(CLASSIFICATION, y, p)
    wanted = {
        "auroc": sk.roc_auc_score(y, p),
        "auprc": sk.average_precision_score(y, p),
        "accuracy": sk.accuracy_score(y, called),
        "balanced_accuracy": sk.balanced_accuracy_score(y, called),
        "precision": sk.precision_score(y, called),
        "recall": sk.recall_score(y, called),
        "f1": sk.f1_score(y, called),
        "mcc": sk.matthews_corrcoef(y, called),
        "brier": sk.brier_score_loss(y, p),
        "log_loss": sk.log_loss(y, p),
    }
    assert {name: found[name] for name in wanted} == pytest.approx(wanted)
    tn, fp, fn, tp = sk.confusion_matrix(y, called).ravel().tolist()
    assert confusion(y, p) == {"tn": tn, "fp": fp, "fn": fn, "tp": tp}


def test_a_fold_of_one_class_leaves_ranks_unknown_and_errors_known():
    found = measure(CLASSIFICATION, np.zeros(6), np.full(6, 0.2))
    unknown = {"auroc", "auprc", "bedroc", "mcc", "recall", "precision", "f1", "balanced_accuracy"}
    unknown |= {"enrichment_1", "enrichment_5"}
    assert {name for name, value in found.items() if np.isnan(value)} == unknown
    assert found["brier"] == pytest.approx(0.04)
    assert found["log_loss"] == pytest.approx(-np.log(0.8))


def test_calling_everything_the_same_has_no_correlation(classes):
    y, _ = classes
    assert score("mcc", y, np.ones(300)) == 0 == sk.matthews_corrcoef(y, np.ones(300))


def test_probabilities_of_0_and_1_cost_much_but_not_everything():
    assert 30 < score("log_loss", np.array([1.0]), np.array([0.0])) < 40


@pytest.mark.parametrize("kind", KINDS)
def test_no_rows_have_no_metrics(kind: str):
    assert np.isnan(list(measure(kind, np.zeros(0), np.zeros(0)).values())).all()
    assert METRICS[PRIMARY[kind]].kind == kind


def test_where_the_lowest_are_looked_for_the_other_end_is_early(classes):
    y, p = classes
    for name in ("bedroc", "enrichment_5", "precision_top50"):
        assert score(name, y, p, maximize=False) == pytest.approx(score(name, 1 - y, 1 - p)), name
    assert score("auroc", y, p, maximize=False) == score("auroc", y, p)
    values, predicted = np.arange(100.0), np.arange(100.0)[::-1].copy()
    assert score("hit_rate_top50", values, predicted, maximize=False) == 0
    assert score("hit_rate_top50", -values, -values, maximize=False) == 0.5  # the 10 best, in the top 20


def test_what_was_said_is_set_beside_what_happened():
    y = np.array([0, 0, 0, 1, 0, 1, 1, 1.0])
    p = np.array([0.1, 0.1, 0.1, 0.1, 0.6, 0.6, 0.9, 1.0])
    bins = reliability(y, p, n_bins=4)
    assert [(b["n"], b["observed"]) for b in bins] == [(4, 0.25), (2, 0.5), (2, 1.0)]
    assert [b["predicted"] for b in bins] == pytest.approx([0.1, 0.6, 0.95])
    assert [b["n"] for b in reliability(y, p)] == [4, 2, 1, 1]
    assert calibration_error(y, p) == pytest.approx((4 * 0.15 + 2 * 0.1 + 0.1) / 8)


def test_true_probabilities_are_calibrated():
    random = np.random.default_rng(0)
    p = random.uniform(size=20_000)
    y = (random.uniform(size=20_000) < p).astype(float)
    assert calibration_error(y, p) < 0.015
    assert calibration_error(y, p**2) > 0.1


def test_every_number_of_a_regression_is_in_the_table(pairs):
    y, predicted = pairs
    found = measure(REGRESSION, y, predicted)
    assert found["hit_rate_top50"] == hit_rate(y, predicted)
    assert {**regression_metrics(y, predicted), "hit_rate_top50": found["hit_rate_top50"]} == found


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


def test_errors_are_binned_with_both_ends_inside():
    rows = error_by(np.array([0.0, 0.5, 1.0]), np.array([1.0, -2.0, 2.0]), [0.0, 0.5, 0.75, 1.0])
    assert rows == [
        {"low": 0.0, "high": 0.5, "n": 1, "rmse": 1.0, "mae": 1.0},
        {"low": 0.5, "high": 0.75, "n": 1, "rmse": 2.0, "mae": 2.0},
        {"low": 0.75, "high": 1.0, "n": 1, "rmse": 2.0, "mae": 2.0},
    ]

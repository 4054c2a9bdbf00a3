"""Measures are those of scikit-learn and SciPy; intervals hold the value they are about."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from yaokit.bench.scores import MEASURES, gain, interval
from yaokit.core.seed import rng

Y = rng(0, "y").normal(size=200)
P = Y + rng(0, "p").normal(size=200)
C = (Y > 0.5).astype(float)


@pytest.mark.parametrize(
    ("name", "y", "wanted"),
    [
        ("mae", Y, metrics.mean_absolute_error(Y, P)),
        ("rmse", Y, metrics.root_mean_squared_error(Y, P)),
        ("spearman", Y, stats.spearmanr(Y, P).statistic),
        ("auroc", C, metrics.roc_auc_score(C, P)),
        ("auprc", C, metrics.average_precision_score(C, P)),
    ],
)
def test_measures_are_those_of_others(name: str, y: np.ndarray, wanted: float):
    assert MEASURES[name].of(y, P) == pytest.approx(wanted)


@pytest.mark.parametrize("name", ["spearman", "auroc", "auprc"])
def test_only_the_order_counts_where_it_says_so(name: str):
    y = Y if name == "spearman" else C
    assert MEASURES[name].ranks
    assert MEASURES[name].of(y, P) == pytest.approx(MEASURES[name].of(y, np.exp(P)))


def test_a_goal_is_reached_as_printed():
    assert MEASURES["mae"].reaches(0.2854, 0.285)
    assert not MEASURES["mae"].reaches(0.2856, 0.285)
    assert MEASURES["auroc"].reaches(0.8996, 0.900)


def test_behind_is_a_share_of_the_best():
    assert MEASURES["mae"].behind(0.33, 0.30) == pytest.approx(0.1)
    assert MEASURES["auroc"].behind(0.88, 0.80) == pytest.approx(-0.1)


def test_the_interval_is_that_of_a_normal_mean():
    low, high = interval(MEASURES["mae"], Y, [P, P])
    error = np.abs(Y - P)
    half = 1.96 * error.std() / np.sqrt(len(error))
    assert low == pytest.approx(error.mean() - half, rel=0.03)
    assert high == pytest.approx(error.mean() + half, rel=0.03)


def test_the_gain_over_others_is_above_0_where_it_is_better():
    mae = MEASURES["mae"]
    assert gain(mae, Y, [P], [P]) == (0.0, 0.0)
    low, high = gain(mae, Y, [Y], [P])
    assert 0 < low < high
    assert gain(mae, Y, [P], [Y]) == (-high, -low)

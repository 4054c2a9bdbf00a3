"""The logistic of scores against scikit-learn's logistic regression."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from yaokit.models.platt import fit_logistic, logistic


def test_it_is_the_logistic_regression_of_the_scores():
    rng = np.random.default_rng(0)
    score = rng.normal(size=4000)
    label = (rng.random(4000) < logistic(1.7 * score - 0.4)) * 1.0
    weight = rng.uniform(0.5, 1.5, 4000)
    reference = LogisticRegression(C=1e9, tol=1e-8).fit(score[:, None], label, weight)
    (slope, shift), loss = fit_logistic(score, label, weight)
    assert slope == pytest.approx(reference.coef_[0, 0], abs=0.01)
    assert shift == pytest.approx(reference.intercept_[0], abs=0.01)
    assert loss < np.log(2)


def test_perfectly_separated_classes_stay_short_of_certainty():
    (slope, shift), _ = fit_logistic(np.array([-2.0, -1, 1, 2]), np.array([0.0, 0, 1, 1]), np.ones(4))
    found = logistic(slope * np.array([-2, 2]) + shift)
    assert 0.01 < found[0] < 0.3
    assert 0.7 < found[1] < 0.99


def test_scores_the_wrong_way_round_say_nothing():
    (slope, _), loss = fit_logistic(np.array([-1.0, -2, 2, 1]), np.array([1.0, 1, 0, 0]), np.ones(4))
    assert 0 < slope < 0.01
    assert loss == pytest.approx(np.log(2), abs=1e-3)


def test_large_numbers_do_not_overflow():
    assert logistic(np.array([-1e4, 0, 1e4])).tolist() == [0, 0.5, 1]

"""Nearest neighbors by hand."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from yaokit.models.nearest import Nearest
from yaokit.models.targets import CLASSIFICATION, Targets

# Tanimoto to [1 1 1 1]: 3/4, 2/4, 1/4
MEASURED = csr_array(np.array([[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0]], np.float32))
QUERY = csr_array(np.array([[1, 1, 1, 1]], np.float32))


def test_the_prediction_is_the_mean_weighted_by_similarity():
    model = Nearest()
    model.fit_features(MEASURED, Targets.of(np.array([[6.0], [7.0], [9.0]])))
    mean, spread = model.predict_features(QUERY)
    wanted = (0.75 * 6 + 0.5 * 7 + 0.25 * 9) / 1.5
    assert mean[0, 0] == pytest.approx(wanted, abs=1e-5)
    variance = (0.75 * (6 - wanted) ** 2 + 0.5 * (7 - wanted) ** 2 + 0.25 * (9 - wanted) ** 2) / 1.5
    assert spread[0, 0] == pytest.approx(np.sqrt(variance), abs=1e-5)


def test_unknown_values_are_passed_over():
    model = Nearest()
    model.fit_features(MEASURED, Targets.of(np.array([[np.nan, 1.0], [7.0, np.nan], [9.0, np.nan]])))
    mean, _ = model.predict_features(QUERY)
    assert mean[0] == pytest.approx([(0.5 * 7 + 0.25 * 9) / 0.75, 1.0], abs=1e-5)


def test_only_the_five_nearest_count():
    model = Nearest()
    rows = np.tril(np.ones((7, 7), np.float32))[::-1]  # ever less alike
    model.fit_features(csr_array(rows), Targets.of(np.array([[1.0]] * 5 + [[100.0]] * 2)))
    mean, _ = model.predict_features(csr_array(np.ones((1, 7), np.float32)))
    assert mean[0, 0] == pytest.approx(1.0)


def test_a_molecule_like_none_gets_the_mean_of_five():
    model = Nearest()
    model.fit_features(MEASURED, Targets.of(np.array([[6.0], [7.0], [9.0]])))
    mean, _ = model.predict_features(csr_array((1, 4), dtype=np.float32))
    assert mean[0, 0] == pytest.approx(22 / 3)


def test_a_class_is_the_weighted_share_of_its_molecules():
    model = Nearest()
    model.fit_features(MEASURED, Targets.of(np.array([[1.0], [0.0], [1.0]]), [CLASSIFICATION]))
    assert model.predict_features(QUERY)[0][0, 0] == pytest.approx((0.75 + 0.25) / 1.5, abs=1e-5)


def test_a_weight_counts_beside_similarity():
    model = Nearest()
    model.fit_features(MEASURED, Targets.of(np.array([[6.0], [7.0], [9.0]]), weights=np.array([2.0, 0, 1])))
    mean, _ = model.predict_features(QUERY)
    assert mean[0, 0] == pytest.approx((2 * 0.75 * 6 + 0.25 * 9) / (2 * 0.75 + 0.25), abs=1e-5)


def test_a_bound_is_no_neighbor():
    model = Nearest()
    bounds = np.array([[1], [0], [0]], np.int8)
    model.fit_features(MEASURED, Targets.of(np.array([[60.0], [7.0], [9.0]]), bounds=bounds))
    assert model.predict_features(QUERY)[0][0, 0] == pytest.approx((0.5 * 7 + 0.25 * 9) / 0.75, abs=1e-5)

"""Our walk through the trees against scikit-learn's."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor
from toy_runs import series

from yaokit.chem.fingerprints import morgan_counts
from yaokit.models.forest import Forest
from yaokit.models.targets import CLASSIFICATION, Targets


@pytest.fixture(scope="module")
def data():
    smiles, _, y = series(80)
    return morgan_counts(smiles), y[:, None], morgan_counts(series(40, 3)[0])


def test_it_predicts_what_sklearn_predicts(data):
    X, y, new = data
    model = Forest(seed=3)
    model.n_trees = 15
    model.fit_features(X, Targets.of(y))
    mean, spread = model.predict_features(new)
    reference = RandomForestRegressor(15, max_features=Forest.max_features, random_state=3).fit(X, y[:, 0])
    assert mean[:, 0] == pytest.approx(reference.predict(new), abs=1e-12)
    trees = np.stack([tree.predict(new.toarray()) for tree in reference.estimators_])
    assert spread[:, 0] == pytest.approx(trees.std(axis=0), abs=1e-12)


def test_a_class_is_the_share_that_classification_trees_find(data):
    X, y, new = data
    label = (y > np.median(y)) * 1.0
    model = Forest(seed=3, n_trees=15)
    model.fit_features(X, Targets.of(label, [CLASSIFICATION]))
    reference = RandomForestClassifier(15, max_features=Forest.max_features, random_state=3)
    wanted = reference.fit(X, label[:, 0]).predict_proba(new)[:, 1]
    assert model.predict_features(new)[0][:, 0] == pytest.approx(wanted, abs=1e-12)


def test_weights_thresholds_by_chance_and_larger_leaves_reach_sklearn(data):
    X, y, new = data
    weights = np.linspace(0.2, 2, 80)
    model = Forest(seed=3, n_trees=15, extra=True, min_rows=2, max_features=0.3)
    model.fit_features(X, Targets.of(y, weights=weights))
    reference = ExtraTreesRegressor(15, max_features=0.3, min_samples_leaf=2, random_state=3)
    wanted = reference.fit(X, y[:, 0], weights).predict(new)
    assert model.predict_features(new)[0][:, 0] == pytest.approx(wanted, abs=1e-12)


def test_a_tree_may_be_one_leaf(data):
    X, y, new = data
    model = Forest(seed=3, n_trees=5, min_rows=80)
    model.fit_features(X, Targets.of(y))
    reference = RandomForestRegressor(5, min_samples_leaf=80, random_state=3).fit(X, y[:, 0])
    assert model.predict_features(new)[0][:, 0] == pytest.approx(reference.predict(new), abs=1e-12)


def test_an_unknown_feature_goes_where_it_went_in_training():
    known = np.repeat([[0.0], [1.0], [np.nan]], 10, axis=0).astype(np.float32)
    y = np.repeat([[1.0], [2.0], [8.0]], 10, axis=0)
    model = Forest(seed=0, features="full", max_features=1.0)
    model.fit_features(csr_array(known), Targets.of(y))
    assert model.predict_features(csr_array(known[::10]))[0] == pytest.approx(y[::10], abs=0.01)
    assert model.predict_features(csr_array(np.array([[50.0], [-50.0]], np.float32)))[0][1, 0] < 1.1


def test_bounds_unknown_and_weightless_values_do_not_count(data):
    X, y, new = data
    values, weights = y.copy(), np.ones(80)
    values[60:65], values[65:], weights[70:] = np.nan, 99, 0
    bounds = np.zeros((80, 1), np.int8)
    bounds[65:70] = 1
    found, alone = Forest(n_trees=5), Forest(n_trees=5)
    found.fit_features(X, Targets.of(values, None, bounds, weights))
    alone.fit_features(X[:60], Targets.of(y[:60]))
    assert (found.predict_features(new)[0] == alone.predict_features(new)[0]).all()

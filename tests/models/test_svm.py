"""Support vectors against scikit-learn called directly."""

import numpy as np
import pytest
from scipy.sparse import vstack
from sklearn.metrics import roc_auc_score
from sklearn.svm import SVC, SVR
from toy_runs import series

from yaokit.chem.fingerprints import morgan_counts
from yaokit.chem.similarity import MinMax
from yaokit.models.svm import Svm
from yaokit.models.targets import CLASSIFICATION, Targets


@pytest.fixture(scope="module")
def data():
    smiles, _, y = series(80)
    return morgan_counts(smiles), y, morgan_counts(series(40, 3)[0])


def classes(y: np.ndarray) -> Targets:
    return Targets.of((y > np.median(y))[:, None] * 1.0, [CLASSIFICATION])


def test_it_predicts_what_sklearn_predicts(data):
    X, y, new = data
    model = Svm(cost=2.0, tube=0.2)
    model.fit_features(X, Targets.of(y[:, None]))
    alike = MinMax(X)
    reference = SVR(kernel="precomputed", C=2.0, epsilon=0.2).fit(alike(X), (y - y.mean()) / y.std())
    wanted = reference.predict(alike(new)) * y.std() + y.mean()
    assert model.predict_features(new)[0][:, 0] == pytest.approx(wanted, abs=1e-5)


def test_a_probability_rises_with_the_score(data):
    X, y, new = data
    model = Svm(cost=2.0)
    model.fit_features(X, classes(y))
    alike = MinMax(X)
    reference = SVC(kernel="precomputed", C=2.0).fit(alike(X), y > np.median(y))
    found = model.predict_features(new)[0][:, 0]
    assert (np.argsort(found) == np.argsort(reference.decision_function(alike(new)))).all()
    assert 0 < found.min() < 0.4
    assert 0.6 < found.max() < 1


def test_settings_are_chosen_on_training_rows(data):
    X, y, new = data
    default, worst = Svm(), Svm(cost=1e-3)
    target = series(40, 3)[2]
    errors = []
    for model in (default, worst):
        model.fit_features(X, Targets.of(y[:, None]))
        errors.append(np.mean((model.predict_features(new)[0][:, 0] - target) ** 2))
    assert errors[0] < 0.9 * errors[1]


def test_bounds_unknown_and_weightless_values_do_not_count(data):
    X, y, new = data
    alone, more = Svm(), Svm()
    alone.fit_features(X, Targets.of(y[:, None]))
    values = np.concatenate([y, np.full(40, 99.0)])[:, None]
    values[80:90] = np.nan
    bounds = np.zeros((120, 1), np.int8)
    bounds[90:100] = 1
    weights = np.concatenate([np.ones(100), np.zeros(20)])
    more.fit_features(vstack([X, new], format="csr"), Targets.of(values, None, bounds, weights))
    assert more.predict_features(new)[0] == pytest.approx(alone.predict_features(new)[0], abs=1e-9)


def test_one_class_alone_is_predicted_as_it_is(data):
    X, _, new = data
    model = Svm()
    values = np.stack([np.ones(80), np.zeros(80), np.r_[np.zeros(79), 1]], axis=1)
    model.fit_features(X, Targets.of(values, [CLASSIFICATION] * 3))
    mean, spread = model.predict_features(new)
    assert mean == pytest.approx(np.tile([1, 0, 1 / 80], (40, 1)))
    assert (spread == 0).all()


def test_the_spread_grows_with_distance(data):
    X, y, new = data
    model = Svm()
    model.fit_features(X, Targets.of(y[:, None]))
    far = morgan_counts(["FC(F)(F)C(F)(F)F", "[Na+].[Cl-]"])
    assert model.predict_features(far)[1].min() > np.median(model.predict_features(new)[1])
    assert model.predict_features(new)[1].min() > model.predict_features(X)[1].min() > 0


def test_more_rows_than_allowed_are_thinned(data):
    X, y, _ = data
    model = Svm(max_rows=50)
    model.fit_features(X, classes(y))
    assert model.n_rows == 50
    assert roc_auc_score(y > np.median(y), model.predict_features(X)[0][:, 0]) > 0.8

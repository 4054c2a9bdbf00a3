"""Boosted trees against LightGBM called directly."""

import lightgbm
import numpy as np
import pytest
from scipy.sparse import csr_matrix
from toy_runs import series

from yaokit.chem.fingerprints import morgan_counts
from yaokit.core.seed import derived
from yaokit.models.boosting import Boosting
from yaokit.models.targets import CLASSIFICATION, REGRESSION, Targets


@pytest.fixture(scope="module")
def data():
    smiles, _, y = series(90)
    return morgan_counts(smiles), y, morgan_counts(series(40, 3)[0])


def fitted(X, y: Targets, **settings) -> Boosting:
    model = Boosting(seed=4, **{"rounds": 40, **settings})
    model.fit_features(X, y)
    return model


def reference(X, y: np.ndarray, kind: str, bag: int, weight: np.ndarray | None = None) -> lightgbm.Booster:
    settings = {**Boosting().growing(len(y), kind), "seed": derived(4, "boosting", bag)}
    del settings["num_iterations"]
    data = lightgbm.Dataset(csr_matrix(X), y, weight=weight, params={"verbose": -1, "min_data_in_bin": 1})
    return lightgbm.train(settings, data, 40)


def test_it_is_the_mean_of_boosters_grown_from_different_seeds(data):
    X, y, new = data
    mean, spread = fitted(X, Targets.of(y[:, None]), bags=2).predict_features(new)
    every = [reference(X, y, REGRESSION, bag).predict(csr_matrix(new)) for bag in range(2)]
    assert mean[:, 0] == pytest.approx(np.mean(every, axis=0))
    assert spread[:, 0] == pytest.approx(np.std(every, axis=0))
    assert spread.max() > 0


def test_a_class_is_a_probability_by_log_loss(data):
    X, y, new = data
    label, weight = (y > np.median(y)) * 1.0, np.linspace(0.5, 1.5, 90)
    model = fitted(X, Targets.of(label[:, None], [CLASSIFICATION], weights=weight), bags=1)
    wanted = reference(X, label, CLASSIFICATION, 0, weight).predict(csr_matrix(new))
    assert model.predict_features(new)[0][:, 0] == pytest.approx(wanted)
    assert 0 < wanted.min() < 0.5 < wanted.max() < 1


def test_one_class_alone_is_predicted_as_it_is(data):
    X, _, new = data
    model = fitted(X, Targets.of(np.tile([1.0, 0.0], (90, 1)), [CLASSIFICATION] * 2))
    assert model.predict_features(new)[0] == pytest.approx(np.tile([1, 0], (40, 1)), abs=1e-9)


def test_unknown_and_weightless_values_do_not_count(data):
    X, y, new = data
    values, weights = np.r_[y[:60], np.full(10, np.nan), np.full(20, 99)], np.r_[np.ones(70), np.zeros(20)]
    found = fitted(X, Targets.of(values[:, None], weights=weights)).predict_features(new)[0]
    assert (found == fitted(X[:60], Targets.of(y[:60, None])).predict_features(new)[0]).all()


def test_a_bound_costs_nothing_beyond_it(data):
    X, y, _ = data
    high = y > np.quantile(y, 0.6)
    cut = np.where(high, np.quantile(y, 0.6), y)
    bounds = (high * 1).astype(np.int8)[:, None]
    told = fitted(X, Targets.of(cut[:, None], bounds=bounds), rounds=150).predict_features(X)[0][:, 0]
    taken = fitted(X, Targets.of(cut[:, None]), rounds=150).predict_features(X)[0][:, 0]
    dropped = fitted(X[~high], Targets.of(y[~high, None]), rounds=150).predict_features(X)[0][:, 0]
    errors = [np.mean((p[high] - y[high]) ** 2) for p in (told, taken, dropped)]
    assert errors[0] < errors[1] < errors[2]
    assert (told[high] > cut[high][0]).mean() > (taken[high] > cut[high][0]).mean()


def test_bounds_that_never_bind_change_little(data):
    X, y, new = data
    values = np.r_[y, np.full(90, y.min() - 5)][:, None]
    bounds = np.r_[np.zeros(90), np.ones(90)].astype(np.int8)[:, None]
    more = fitted(csr_matrix(np.tile(X.toarray(), (2, 1))), Targets.of(values, None, bounds))
    alone = fitted(X, Targets.of(y[:, None]))
    assert np.corrcoef(more.predict_features(new)[0][:, 0], alone.predict_features(new)[0][:, 0])[0, 1] > 0.95


def test_gaps_in_the_features_are_read(data):
    X, y, new = data
    dense = X.toarray()
    dense[::3, :5] = np.nan
    assert np.isfinite(fitted(csr_matrix(dense), Targets.of(y[:, None])).predict_features(new)[0]).all()


def test_leaves_are_smoothed_with_full_features():
    assert [Boosting(features=kind).smooth for kind in (None, "fp", "full")] == [0, 0, 10]
    assert Boosting(features="full", smooth=2.0).smooth == 2

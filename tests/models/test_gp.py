"""Gaussian processes against the formulas written out."""

import numpy as np
import pytest
from scipy.sparse import vstack
from scipy.stats import multivariate_normal, norm
from toy_runs import series

from yaokit.chem.fingerprints import morgan_counts
from yaokit.chem.similarity import MinMax
from yaokit.models.gp import Gp
from yaokit.models.targets import CLASSIFICATION, Targets


@pytest.fixture(scope="module")
def data():
    smiles, _, y = series(80)
    return morgan_counts(smiles), y, morgan_counts(series(40, 3)[0])


def fitted(X, y: Targets, **settings) -> Gp:
    model = Gp(**settings)
    model.fit_features(X, y)
    return model


def posterior(model: Gp, X, y, new) -> tuple[np.ndarray, np.ndarray]:
    center, amplitude, noise = model._tasks[0].numbers
    alike = MinMax(X)
    inverse = np.linalg.inv(amplitude * alike(X).astype(float) + noise * np.eye(len(y)))
    cross = amplitude * alike(new).astype(float)
    return center + cross @ inverse @ (y - center), amplitude - np.sum(cross @ inverse * cross, axis=1)


def test_it_predicts_the_posterior(data):
    X, y, new = data
    model = fitted(X, Targets.of(y[:, None]))
    mean, variance = posterior(model, X, y, new)
    found = model.predict_features(new)
    assert found[0][:, 0] == pytest.approx(mean, abs=1e-6)
    assert found[1][:, 0] == pytest.approx(np.sqrt(variance), abs=1e-5)


def test_its_numbers_have_the_greatest_likelihood(data):
    X, y, _ = data
    numbers = fitted(X, Targets.of(y[:, None]))._tasks[0].numbers
    alike = MinMax(X)(X).astype(float)

    def likelihood(center: float, amplitude: float, noise: float) -> float:
        return multivariate_normal(np.full(80, center), amplitude * alike + noise * np.eye(80)).logpdf(y)

    best = likelihood(*numbers)
    for place in range(3):
        for factor in (0.9, 1.1):
            other = numbers.copy()
            other[place] *= factor
            assert likelihood(*other) < best


def test_a_class_is_the_probability_of_a_value_above_0(data):
    X, y, new = data
    labels = (y > np.median(y)) * 1.0
    model = fitted(X, Targets.of(labels[:, None], [CLASSIFICATION]))
    mean, variance = posterior(model, X, 2 * labels - 1, new)
    wanted = norm.cdf(mean / np.sqrt(variance + model._tasks[0].numbers[2]))
    found, spread = model.predict_features(new)
    assert found[:, 0] == pytest.approx(wanted, abs=1e-6)
    assert spread.min() > 0
    assert np.mean((found[:, 0] > 0.5) == (series(40, 3)[2] > np.median(y))) > 0.6


def test_a_value_of_twice_the_weight_counts_as_two(data):
    X, y, new = data
    twice = np.r_[np.full(20, 2.0), np.ones(60)]
    weighted = fitted(X, Targets.of(y[:, None], weights=twice))
    again = fitted(vstack([X, X[:20]], format="csr"), Targets.of(np.r_[y, y[:20]][:, None]))
    assert (
        np.corrcoef(weighted.predict_features(new)[0][:, 0], again.predict_features(new)[0][:, 0])[0, 1]
        > 0.98
    )


def test_bounds_unknown_and_weightless_values_do_not_count(data):
    X, y, new = data
    values = np.concatenate([y, np.full(40, 99.0)])[:, None]
    values[80:90] = np.nan
    bounds = np.zeros((120, 1), np.int8)
    bounds[90:100] = -1
    weights = np.concatenate([np.ones(100), np.zeros(20)])
    more = fitted(vstack([X, new], format="csr"), Targets.of(values, None, bounds, weights))
    alone = fitted(X, Targets.of(y[:, None]))
    assert more.predict_features(new)[0] == pytest.approx(alone.predict_features(new)[0], abs=1e-9)


def test_one_class_alone_is_predicted_as_it_is(data):
    X, _, new = data
    model = fitted(X, Targets.of(np.tile([1.0, 0.0], (80, 1)), [CLASSIFICATION] * 2))
    mean, spread = model.predict_features(new)
    assert mean == pytest.approx(np.tile([1, 0], (40, 1)))
    assert (spread == 0).all()


def test_it_knows_less_of_molecules_far_away(data):
    X, y, new = data
    model = fitted(X, Targets.of(y[:, None]))
    known, near = model.predict_features(X)[1], model.predict_features(new)[1]
    far = model.predict_features(morgan_counts(["FC(F)(F)C(F)(F)F"]))[1]
    assert known.mean() < near.mean() < far[0, 0]


def test_more_rows_than_allowed_are_thinned(data):
    X, y, _ = data
    model = fitted(X, Targets.of(y[:, None]), max_rows=50)
    assert len(model._tasks[0].rows) == 50

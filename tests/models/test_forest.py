"""Our walk through the trees against scikit-learn's."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from toy_runs import series

from yaokit.chem.fingerprints import morgan_counts
from yaokit.models.forest import Forest
from yaokit.models.targets import Targets


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

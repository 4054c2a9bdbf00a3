"""Boosted trees against LightGBM called directly."""

import lightgbm
import numpy as np
import pytest
from scipy.sparse import csr_matrix
from toy_runs import series

from yaokit.chem.fingerprints import morgan_counts
from yaokit.core.seed import derived
from yaokit.models.boosting import Boosting
from yaokit.models.targets import Targets


def test_it_is_the_mean_of_boosters_grown_from_different_seeds():
    smiles, _, y = series(60)
    X = morgan_counts(smiles)
    model = Boosting(seed=4)
    model.rounds, model.bags = 20, 2
    model.fit_features(X, Targets.of(y[:, None]))
    mean, spread = model.predict_features(X)
    every = []
    for bag in range(2):
        data = lightgbm.Dataset(csr_matrix(X), y, params={"verbose": -1, "min_data_in_bin": 1})
        settings = {**Boosting.settings, "seed": derived(4, "boosting", bag)}
        every.append(lightgbm.train(settings, data, 20).predict(csr_matrix(X)))
    assert mean[:, 0] == pytest.approx(np.mean(every, axis=0))
    assert spread[:, 0] == pytest.approx(np.std(every, axis=0))
    assert spread.max() > 0

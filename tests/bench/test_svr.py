"""The peer is scikit-learn's own SVR and search, only quicker."""

import numpy as np
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.svm import SVR
from toy_runs import series

from yaokit.bench import svr as peer
from yaokit.chem.split import random_folds


def test_it_is_the_search_that_scikit_learn_makes(monkeypatch):
    monkeypatch.setattr(peer, "GAMMAS", (1e-3, 1e-2, 1e-1))
    monkeypatch.setattr(peer, "C_GRID", (1.0, 10.0))
    smiles, _, y = series(80)
    train, test = smiles[:60], smiles[60:]
    predicted, settings = peer.svr(train, y[:60], test)
    split = PredefinedSplit(random_folds(train, 5, 0))
    # one error over all folds, not the mean of each fold's: the folds are of like size
    search = GridSearchCV(
        SVR(), {"C": [1.0, 10.0], "gamma": [1e-3, 1e-2, 1e-1]}, scoring="neg_mean_squared_error", cv=split
    )
    search.fit(peer.ecfp(train), y[:60])
    assert {key: settings[key] for key in ("C", "gamma")} == search.best_params_
    assert np.allclose(predicted, search.predict(peer.ecfp(test)), atol=1e-3)

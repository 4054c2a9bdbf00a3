"""The peer of the MoleculeACE benchmark: support vector regression on ECFP bits.

Radius 2, 1,024 bits, RBF kernel, C and gamma by 5-fold cross-validation over the grid of van Tilborg
et al. 2022 (doi:10.1021/acs.jcim.2c01073). Kernels are computed once for all C, nothing else differs
from scikit-learn's SVR with its defaults.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
from rdkit import Chem

from yaokit.chem.fingerprints import bits, morgan
from yaokit.chem.split import random_folds

C_GRID = (1.0, 10.0, 100.0, 1_000.0, 10_000.0)
GAMMAS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
FOLDS = 5


def ecfp(smiles: Sequence[str]) -> np.ndarray:
    """(n, 1024) float64 bits, without chirality."""
    mols = [Chem.MolFromSmiles(text) for text in smiles]
    return bits(morgan(mols, size=1024, radius=2, chirality=False)).toarray().astype(np.float64)


def svr(train: Sequence[str], y: np.ndarray, test: Sequence[str], seed: int = 0) -> tuple[np.ndarray, dict]:
    """(m,) predictions, and the C and gamma chosen with their error in cross-validation."""
    X, asked = ecfp(train), ecfp(test)
    between, across = _squared(X, X), _squared(asked, X)
    folds = random_folds(train, FOLDS, seed)
    errors = {
        (C, gamma): _error(np.exp(-gamma * between), y, folds, C) for gamma, C in product(GAMMAS, C_GRID)
    }
    C, gamma = min(errors, key=errors.__getitem__)
    predicted = _fit(np.exp(-gamma * between), y, C).predict(np.exp(-gamma * across))
    return predicted, {"C": C, "gamma": gamma, "rmse": errors[C, gamma]}


def _error(kernel: np.ndarray, y: np.ndarray, folds: np.ndarray, C: float) -> float:
    predicted = np.empty(len(y))
    for fold in range(FOLDS):
        out, learned = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        model = _fit(kernel[np.ix_(learned, learned)], y[learned], C)
        predicted[out] = model.predict(kernel[np.ix_(out, learned)])
    return float(np.sqrt(np.mean((predicted - y) ** 2)))


def _fit(kernel: np.ndarray, y: np.ndarray, C: float):
    from sklearn.svm import SVR

    return SVR(kernel="precomputed", C=C, cache_size=500).fit(kernel, y)


def _squared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T

"""Nearest neighbors: the baseline shown beside every model."""

from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from yaokit.chem.similarity import nearest
from yaokit.models.base import Member
from yaokit.models.targets import Targets
from yaokit.nn.checkpoint import load_arrays, save_arrays


class Nearest(Member):
    """The mean of the 5 most similar measured molecules, weighted by Tanimoto similarity.

    For a class that is the weighted share of molecules of class 1. Bounds are not learned from.
    """

    name = "nearest"
    k = 5
    feature_kinds = ("fp",)
    settings = ("k",)

    def fit_features(self, X: csr_array, y: Targets, work: Path | None = None) -> None:
        self._X, self._y, self._weights = X, y.measured, y.weights

    def predict_features(self, X: csr_array) -> tuple[np.ndarray, np.ndarray]:
        mean = np.zeros((X.shape[0], self._y.shape[1]))
        spread = np.zeros_like(mean)
        for task in range(self._y.shape[1]):
            known = np.flatnonzero(~np.isnan(self._y[:, task]) & (self._weights[:, task] > 0))
            similarity, index = nearest(X, self._X[known], self.k)
            weight = (similarity.astype(np.float64) + 1e-6) * self._weights[known, task][index]
            weight /= weight.sum(axis=1, keepdims=True)
            values = self._y[known, task][index]
            mean[:, task] = (weight * values).sum(axis=1)
            spread[:, task] = np.sqrt((weight * (values - mean[:, [task]]) ** 2).sum(axis=1))
        return mean, spread

    def _write(self, folder: Path) -> dict[str, Any]:
        X = self._X
        arrays = {"data": X.data, "indices": X.indices, "indptr": X.indptr}
        save_arrays(folder / "training.safetensors", arrays | {"y": self._y, "weights": self._weights})
        return {"size": X.shape[1]}

    def _read(self, folder: Path, card: dict[str, Any]) -> None:
        arrays = load_arrays(folder / "training.safetensors")
        self._y, self._weights = arrays["y"], arrays["weights"]
        parts = (arrays["data"], arrays["indices"], arrays["indptr"])
        self._X = csr_array(parts, shape=(len(self._y), card["size"]))

"""Gradient-boosted trees (LightGBM)."""

import hashlib
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array, csr_matrix

from yaokit.core.errors import UsageError
from yaokit.core.seed import derived
from yaokit.core.store import write_text
from yaokit.models.base import LARGE, Member
from yaokit.models.booster import Booster
from yaokit.models.targets import CLASSIFICATION, Targets


class Boosting(Member):
    """The mean of three boosters per task, grown from different seeds.

    Above 2,000 molecules twice the rounds, with trees of about twice the leaves. A class is learned
    by log loss. A value that is only a bound costs nothing where the prediction lies beyond it.
    """

    name = "boosting"
    settings = ("bags", "rounds", "leaves", "learning_rate", "min_rows", "feature_share", "l2", "smooth")
    bags = 3
    rounds = 400
    leaves = 15
    learning_rate = 0.05
    min_rows = 5  # in a leaf
    feature_share = 0.2  # of the features, drawn for each tree
    l2 = 1.0  # penalty on a leaf's value
    smooth = 0.0  # how many rows a leaf's parent counts for in its value; 0 with "fp", else 10
    same = {  # noqa: RUF012 - never changed
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
    }

    def __init__(self, seed: int = 0, features: str | None = None, **settings: Any) -> None:
        # out of fold that helped on 5 of 6 sets of 370 to 3,360 molecules
        usual = {} if features in (None, "fp") else {"smooth": 10.0}
        super().__init__(seed, features, **usual | settings)

    def fit_features(self, X: csr_array, y: Targets, work: Path | None = None) -> None:
        self._boosters, self._offsets = [], []
        for task in range(len(y.kinds)):
            at = np.flatnonzero(y.known[:, task] & (y.weights[:, task] > 0))
            if y.kinds[task] == CLASSIFICATION:
                at = at[y.bounds[at, task] == 0]
            boosters, offset = self._fit_one(csr_matrix(X[at]), y.task(task).take(at))
            self._boosters += boosters
            self._offsets.append(offset)

    def _fit_one(self, rows: csr_matrix, y: Targets) -> tuple[list[Booster], float]:
        """The boosters of one task, and what is to be added to what they say."""
        import lightgbm

        values, weights, bounds = y.values[:, 0], y.weights[:, 0], y.bounds[:, 0]
        weights = None if (weights == weights[:1]).all() else weights / weights.mean()
        settings, offset = self.growing(len(y), y.kinds[0]), 0.0
        if bounds.any():
            offset = float(np.average(values, weights=weights))
            values = values - offset
            settings["objective"] = partial(_one_sided, bounds)
        rounds, boosters = settings.pop("num_iterations"), []
        data = lightgbm.Dataset(rows, values, weight=weights, params={"verbose": -1, "min_data_in_bin": 1})
        for bag in range(self.bags):
            settings["seed"] = derived(self.seed, "boosting", bag)
            boosters.append(Booster(lightgbm.train(settings, data, rounds).model_to_string()))
        return boosters, offset

    def growing(self, n: int, kind: str) -> dict[str, Any]:
        """LightGBM's settings for n rows."""
        size = 1 if n <= LARGE else 2
        return {
            "objective": "binary" if kind == CLASSIFICATION else "regression",
            "num_iterations": size * self.rounds,
            "num_leaves": size * (self.leaves + 1) - 1,
            "learning_rate": self.learning_rate,
            "min_data_in_leaf": self.min_rows,
            "feature_fraction": self.feature_share,
            "lambda_l2": self.l2,
            "path_smooth": self.smooth,
            **self.same,
        }

    def predict_features(self, X: csr_array) -> tuple[np.ndarray, np.ndarray]:
        every = np.stack([booster.predict(X) for booster in self._boosters], axis=1)
        bags = every.reshape(X.shape[0], len(self._offsets), self.bags)
        return bags.mean(axis=2) + self._offsets, bags.std(axis=2)

    def _write(self, folder: Path) -> dict[str, Any]:
        for i, booster in enumerate(self._boosters):
            write_text(folder / f"booster-{i}.txt", booster.text)
        digests = [_digest(booster.text) for booster in self._boosters]
        return {"boosters_sha256": digests, "offsets": self._offsets}

    def _read(self, folder: Path, card: dict[str, Any]) -> None:
        self._boosters, self._offsets = [], card["offsets"]
        for i, wanted in enumerate(card["boosters_sha256"]):
            path = folder / f"booster-{i}.txt"
            text = path.read_text(encoding="utf-8")
            if _digest(text) != wanted:  # LightGBM ends the process on a text that is cut short
                raise UsageError(f"{path} is damaged: train the model again")
            self._boosters.append(Booster(text))


def _one_sided(bounds: np.ndarray, predicted: np.ndarray, data: Any) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and curvature of half the squared error, none beyond a bound."""
    error = predicted - data.get_label()
    weight = np.ones(len(error)) if data.get_weight() is None else data.get_weight()
    counts = weight * ((bounds == 0) | (bounds * error < 0))
    return counts * error, counts


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

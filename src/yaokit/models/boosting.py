"""Gradient-boosted trees (LightGBM)."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array, csr_matrix

from yaokit.core.errors import UsageError
from yaokit.core.seed import derived
from yaokit.core.store import write_text
from yaokit.models.base import LARGE, Member
from yaokit.models.targets import Targets


class Boosting(Member):
    """The mean of three boosters per task, grown from different seeds.

    Above 2,000 molecules twice the rounds, with trees of about twice the leaves.
    """

    name = "boosting"
    bags = 3
    rounds = 400
    leaves = 15
    settings = ("bags", "rounds", "leaves")
    growing = {  # noqa: RUF012 - never changed
        "objective": "regression",
        "learning_rate": 0.05,
        "min_data_in_leaf": 5,
        "feature_fraction": 0.2,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 1.0,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
    }

    def fit_features(self, X: csr_array, y: Targets, work: Path | None = None) -> None:
        import lightgbm

        self._boosters = []
        for task in range(len(y.kinds)):
            known = y.exact[:, task]
            rows, target = csr_matrix(X[known]), y.values[known, task]
            size = 1 if len(target) <= LARGE else 2
            for bag in range(self.bags):
                seed = derived(self.seed, "boosting", bag)
                data = lightgbm.Dataset(rows, target, params={"verbose": -1, "min_data_in_bin": 1})
                settings = {**self.growing, "num_leaves": size * (self.leaves + 1) - 1, "seed": seed}
                booster = lightgbm.train(settings, data, size * self.rounds)
                self._boosters.append(booster)

    def predict_features(self, X: csr_array) -> tuple[np.ndarray, np.ndarray]:
        rows = csr_matrix(X)
        every = np.stack([np.asarray(b.predict(rows, num_threads=1)) for b in self._boosters], axis=1)
        bags = every.reshape(X.shape[0], -1, self.bags)
        return bags.mean(axis=2), bags.std(axis=2)

    def _write(self, folder: Path) -> dict[str, Any]:
        texts = [booster.model_to_string() for booster in self._boosters]
        for i, text in enumerate(texts):
            write_text(folder / f"booster-{i}.txt", text)
        return {"boosters_sha256": [_digest(text) for text in texts]}

    def _read(self, folder: Path, card: dict[str, Any]) -> None:
        import lightgbm

        self._boosters = []
        for i, wanted in enumerate(card["boosters_sha256"]):
            path = folder / f"booster-{i}.txt"
            text = path.read_text(encoding="utf-8")
            if _digest(text) != wanted:  # LightGBM ends the process on a text that is cut short
                raise UsageError(f"{path} is damaged: train the model again")
            self._boosters.append(lightgbm.Booster(model_str=text))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

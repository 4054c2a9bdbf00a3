"""Random forest: the second baseline shown beside every model."""

from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from yaokit.models.base import Member
from yaokit.models.targets import Targets
from yaokit.nn.checkpoint import load_arrays, save_arrays

_BLOCK = 1024


class Forest(Member):
    """100 regression trees, a tenth of the features at each split.

    On values 0 and 1 they are classification trees: the least squared error splits as the Gini index
    does, and a leaf's mean is its share of class 1. An unknown feature is greater than any known one.
    With `extra` thresholds are drawn by chance (Geurts 2006, doi:10.1007/s10994-006-6226-1). Bounds
    are not learned from.
    """

    name = "forest"
    n_trees = 100
    max_features = 0.1
    min_rows = 1  # in a leaf
    extra = False
    settings = ("n_trees", "max_features", "min_rows", "extra")

    def fit_features(self, X: csr_array, y: Targets, work: Path | None = None) -> None:
        from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor

        self._tasks = []
        for task in range(len(y.kinds)):
            known = y.exact[:, task] & (y.weights[:, task] > 0)
            values, weights = y.values[known, task], y.weights[known, task]
            forest = (ExtraTreesRegressor if self.extra else RandomForestRegressor)(
                self.n_trees,
                max_features=self.max_features,
                min_samples_leaf=self.min_rows,
                random_state=self.seed,
                n_jobs=1,
            )
            rows = X[known] if self.features == "fp" else _without_gaps(X[known])
            forest.fit(rows, values, None if (weights == weights[:1]).all() else weights)
            self._tasks.append(_flatten([tree.tree_ for tree in forest.estimators_]))

    def predict_features(self, X: csr_array) -> tuple[np.ndarray, np.ndarray]:
        mean = np.zeros((X.shape[0], len(self._tasks)))
        spread = np.zeros_like(mean)
        for start in range(0, X.shape[0], _BLOCK):
            dense = X[start : start + _BLOCK].toarray()
            for task, trees in enumerate(self._tasks):
                leaves = _walk(trees, dense)
                mean[start : start + _BLOCK, task] = leaves.mean(axis=1)
                spread[start : start + _BLOCK, task] = leaves.std(axis=1)
        return mean, spread

    def _write(self, folder: Path) -> dict[str, Any]:
        arrays = {f"{task}.{k}": v for task, trees in enumerate(self._tasks) for k, v in trees.items()}
        save_arrays(folder / "trees.safetensors", arrays)
        return {}

    def _read(self, folder: Path, card: dict[str, Any]) -> None:
        arrays = load_arrays(folder / "trees.safetensors")
        names = ("offsets", "left", "right", "feature", "threshold", "value")
        self._tasks = [{k: arrays[f"{task}.{k}"] for k in names} for task in range(len(card["tasks"]))]


def _without_gaps(X: csr_array) -> np.ndarray:
    """(n, features) float32 with NaN above all known values, where a comparison with NaN leads."""
    dense = X.toarray()
    gaps = np.isnan(dense)
    low, high = np.where(gaps, np.inf, dense).min(axis=0), np.where(gaps, -np.inf, dense).max(axis=0)
    above = np.where(gaps.all(axis=0), 0, high + 0.05 * (high - low) + 1)
    return np.where(gaps, np.minimum(above, np.finfo(np.float32).max), dense).astype(np.float32)


def _flatten(trees: list) -> dict[str, np.ndarray]:
    """All trees end to end; left < 0 marks a leaf, children count from the first tree's root."""
    offsets = np.cumsum([0] + [tree.node_count for tree in trees])
    shift = np.repeat(offsets[:-1], np.diff(offsets))
    left = np.concatenate([tree.children_left for tree in trees])
    right = np.concatenate([tree.children_right for tree in trees])
    return {
        "offsets": offsets[:-1].astype(np.int64),
        "left": np.where(left < 0, -1, left + shift).astype(np.int32),
        "right": np.where(right < 0, -1, right + shift).astype(np.int32),
        "feature": np.concatenate([tree.feature for tree in trees]).astype(np.int32),
        "threshold": np.concatenate([tree.threshold for tree in trees]),
        "value": np.concatenate([tree.value[:, 0, 0] for tree in trees]),
    }


def _walk(trees: dict[str, np.ndarray], dense: np.ndarray) -> np.ndarray:
    """(n, trees) values of the leaves that the rows of `dense` fall into."""
    (n, width), k = dense.shape, len(trees["offsets"])
    flat, node = dense.ravel(), np.tile(trees["offsets"], n)
    going = np.arange(n * k)
    while len(going := going[trees["left"][node[going]] >= 0]):
        at = node[going]
        goes_left = flat[going // k * width + trees["feature"][at]] <= trees["threshold"][at]  # NaN: right
        node[going] = np.where(goes_left, trees["left"][at], trees["right"][at])
    return trees["value"][node].reshape(n, k)

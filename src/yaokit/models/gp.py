"""Gaussian processes: exact, with numpy and scipy alone."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import cho_solve, cholesky, eigh, solve_triangular
from scipy.optimize import minimize_scalar
from scipy.special import ndtr
from threadpoolctl import threadpool_limits

from yaokit.core.seed import rng
from yaokit.models.base import EMBEDDED, Member
from yaokit.models.kernels import KERNELS, blocks, kept_rows
from yaokit.models.targets import CLASSIFICATION, Targets
from yaokit.nn.checkpoint import load_arrays, save_arrays

MOST_NOISE, LEAST_NOISE = 1e2, 1e-3  # its variance as a multiple of the amplitude


class Gp(Member):
    """Gaussian process regression with the kernel of its features (models/kernels.py).

    Mean, amplitude and noise have the greatest marginal likelihood (Rasmussen and Williams 2006,
    chapters 2 and 5) on up to 1,500 rows; the spread is the posterior's standard deviation without
    noise. A class is learned as -1 and 1: its probability is that of a value above 0, noise
    included, which is cheap where a true class likelihood needs approximations. A value of weight w
    has its noise divided by w. Of more than 4,000 rows a random part is learned from; bounds are not.
    """

    name = "gp"
    feature_kinds = ("fp", "full", "wide", *EMBEDDED)
    settings = ("max_rows",)
    max_rows = 4_000
    tuning_rows = 1_500

    def fit_features(self, X: Any, y: Targets, work: Path | None = None) -> None:
        rows = kept_rows(y, self.max_rows, self.seed)
        X, y = X[rows], y.take(rows)
        self._kernel = KERNELS[self.reads].fit(X)
        self._is_class = np.array([kind == CLASSIFICATION for kind in y.kinds])
        self._factors = None
        with threadpool_limits(1):
            alike = self._kernel(X)
            self._tasks = [self._fit_one(alike, y, task) for task in range(len(y.kinds))]

    def _fit_one(self, alike: np.ndarray, y: Targets, task: int) -> "_Process":
        at = np.flatnonzero(y.exact[:, task] & (y.weights[:, task] > 0))
        values = y.values[at, task] * (2 if self._is_class[task] else 1) - self._is_class[task]
        weights = y.weights[at, task]
        if len(at) < 3 or values.std() == 0:
            mean = float(np.average(values, weights=weights)) if len(at) else 0.0
            return _Process(at[:0], values[:0], values[:0], np.array([mean, 0.0, 1e-6]))
        some = np.sort(
            rng(self.seed, "gp", task).choice(len(at), min(self.tuning_rows, len(at)), replace=False)
        )
        ratio = _noise(alike[np.ix_(at[some], at[some])], values[some])
        noise = ratio * weights.mean() / weights
        lower = _lower(alike, at, noise)
        ones, seen = solve_triangular(lower, np.stack([np.ones(len(at)), values], axis=1), lower=True).T
        mean = ones @ seen / (ones @ ones)
        amplitude = np.mean((seen - mean * ones) ** 2)
        coef = cho_solve((lower, True), values - mean)
        return _Process(at, coef, noise, np.array([mean, amplitude, amplitude * ratio]))

    def predict_features(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        if self._factors is None:
            with threadpool_limits(1):
                alike = self._kernel(self._kernel.X)
                self._factors = [_lower(alike, process.rows, process.noise) for process in self._tasks]
        mean = np.zeros((X.shape[0], len(self._tasks)))
        spread = np.zeros_like(mean)
        for part, rows in blocks(X):
            alike = self._kernel(rows)
            for task, process in enumerate(self._tasks):
                center, amplitude, noise = process.numbers
                near = alike[:, process.rows]
                explained = solve_triangular(self._factors[task], near.T, lower=True)
                variance = amplitude * np.maximum(1 - (explained**2).sum(axis=0), 0)
                mean[part, task] = center + near @ process.coef
                spread[part, task] = np.sqrt(variance)
                if self._is_class[task]:
                    mean[part, task], spread[part, task] = _probability(mean[part, task], variance, noise)
        return mean, spread

    def _write(self, folder: Path) -> dict[str, Any]:
        arrays = self._kernel.arrays() | {"is_class": self._is_class}
        for task, process in enumerate(self._tasks):
            arrays |= {f"{task}.{name}": value for name, value in process._asdict().items()}
        save_arrays(folder / "process.safetensors", arrays)
        return {"n_rows": self._kernel.X.shape[0]}

    def _read(self, folder: Path, card: dict[str, Any]) -> None:
        arrays = load_arrays(folder / "process.safetensors")
        self._kernel, self._is_class = KERNELS[self.reads].from_arrays(arrays), arrays["is_class"]
        self._tasks = [
            _Process(*(arrays[f"{task}.{name}"] for name in _Process._fields))
            for task in range(len(self._is_class))
        ]
        self._factors = None


class _Process(NamedTuple):
    """What is kept of one task; m rows."""

    rows: np.ndarray  # of the kernel
    coef: np.ndarray  # (m,)
    noise: np.ndarray  # (m,) as multiples of the amplitude
    numbers: np.ndarray  # mean, amplitude, noise of a value of average weight


def _lower(alike: np.ndarray, rows: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """The Cholesky factor of the rows' covariance, amplitude 1."""
    return cholesky(alike[np.ix_(rows, rows)] + np.diag(noise), lower=True)


def _noise(alike: np.ndarray, values: np.ndarray) -> float:
    """Noise over amplitude where the marginal likelihood is greatest.

    With one eigendecomposition each ratio costs O(n); mean and amplitude have closed forms.
    """
    roots, vectors = eigh(alike)
    ones, seen = vectors.sum(axis=0), vectors.T @ values

    def loss(log_ratio: float) -> float:
        variance = np.maximum(roots, 0) + np.exp(log_ratio)
        mean = (ones / variance) @ seen / ((ones / variance) @ ones)
        amplitude = np.mean((seen - mean * ones) ** 2 / variance)
        return len(values) * np.log(amplitude) + np.log(variance).sum()

    grid = np.linspace(np.log(LEAST_NOISE), np.log(MOST_NOISE), 24)
    best = int(np.argmin([loss(at) for at in grid]))
    around = (grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)])
    return float(np.exp(minimize_scalar(loss, bounds=around, method="bounded").x))


def _probability(mean: np.ndarray, variance: np.ndarray, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """That a value is above 0, and how far the variance of the process moves it."""
    total = np.sqrt(variance + noise)
    z = mean / total
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    return ndtr(z), density * np.sqrt(variance) / total

"""Support vectors: fitted by scikit-learn, applied with numpy."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from yaokit.core.seed import rng
from yaokit.models.base import EMBEDDED, Member
from yaokit.models.kernels import KERNELS, blocks, kept_rows
from yaokit.models.platt import fit_logistic, logistic
from yaokit.models.targets import CLASSIFICATION, Targets
from yaokit.nn.checkpoint import load_arrays, save_arrays

COSTS = (1.0, 3.0, 10.0, 30.0)
TUBES = (0.1, 0.3)  # in standard deviations of the values
_PARTS = 3  # of the inner cross-validation
_LOCAL = 3  # the power of similarity by which inner errors count


class Svm(Member):
    """Support vector regression or classification with the kernel of its features (models/kernels.py).

    Cost and tube are chosen by cross-validation on up to 1,000 training rows, and the scores of a
    class are turned into a probability there (Platt 1999). The spread is the error made there on
    similar molecules, times how far the nearest known molecule is: out of fold it told large errors
    from small ones better than the spread among refits. Of more than 6,000 rows a random part is
    learned from; bounds are not.
    """

    name = "svm"
    feature_kinds = ("fp", "full", "wide", *EMBEDDED)
    settings = ("cost", "tube", "max_rows")
    cost: float | None = None  # None: chosen
    tube: float | None = None  # width of the tube without loss, in standard deviations; None: chosen
    max_rows = 6_000
    tuning_rows = 1_000

    def fit_features(self, X: csr_array, y: Targets, work: Path | None = None) -> None:
        rows = kept_rows(y, self.max_rows, self.seed)
        X, y = X[rows], y.take(rows)
        kernel = KERNELS[self.reads].fit(X)
        alike = kernel(X)
        machines = [self._fit_one(alike, y, task) for task in range(len(y.kinds))]
        needed = np.flatnonzero(np.any([(m.coef != 0) | (m.error >= 0) for m in machines], axis=0))
        self._kernel = kernel.take(needed)
        self._machines = [m._replace(coef=m.coef[needed], error=m.error[needed]) for m in machines]
        self.n_rows = len(rows)

    def _fit_one(self, alike: np.ndarray, y: Targets, task: int) -> "_Machine":
        at = np.flatnonzero(y.exact[:, task] & (y.weights[:, task] > 0))
        data = _Data(alike, y.values[:, task], y.weights[:, task], y.kinds[task] == CLASSIFICATION)
        coef, error = np.zeros(len(alike)), np.full(len(alike), -1.0)
        if (constant := data.constant(at)) is not None:
            return _Machine(coef, error, constant, np.array([0.0, 1.0]), np.zeros(2))
        data = data.scaled(at)
        random = rng(self.seed, "svm", task)
        some = np.sort(random.choice(at, min(self.tuning_rows, len(at)), replace=False))
        chosen, held_out = self._choose(data, some, random.permutation(len(some)))
        error[some], platt = data.judge(some, held_out)
        support, dual, shift = data.fit(at, *chosen)
        coef[support] = dual
        return _Machine(coef, error, shift, np.array([data.center, data.scale]), platt)

    def _choose(self, data: "_Data", rows: np.ndarray, order: np.ndarray) -> tuple[tuple, np.ndarray]:
        """(cost, tube) and the numbers that models without the row give for each of `rows`."""
        parts = data.parts(rows, order)
        tried: dict[tuple[float, float], np.ndarray] = {}

        def loss(setting: tuple[float, float]) -> float:
            if setting not in tried:
                tried[setting] = data.held_out(rows, parts, setting)
            return data.loss(rows, tried[setting])

        costs = COSTS if self.cost is None else (self.cost,)
        tubes = TUBES if self.tube is None else (self.tube,)
        best = min(((cost, tubes[0]) for cost in costs), key=loss)
        if not data.is_class:
            best = min(((best[0], tube) for tube in tubes), key=loss)
        loss(best)
        return best, tried[best]

    def predict_features(self, X: csr_array) -> tuple[np.ndarray, np.ndarray]:
        mean = np.zeros((X.shape[0], len(self._machines)))
        spread = np.zeros_like(mean)
        for part, rows in blocks(X):
            alike = self._kernel(rows)
            for task, machine in enumerate(self._machines):
                mean[part, task], spread[part, task] = machine.predict(alike)
        return mean, spread

    def _write(self, folder: Path) -> dict[str, Any]:
        arrays = self._kernel.arrays()
        for task, machine in enumerate(self._machines):
            arrays |= {f"{task}.{k}": np.asarray(v, np.float64) for k, v in machine._asdict().items()}
        save_arrays(folder / "vectors.safetensors", arrays)
        return {"n_rows": self.n_rows}

    def _read(self, folder: Path, card: dict[str, Any]) -> None:
        arrays = load_arrays(folder / "vectors.safetensors")
        self._kernel = KERNELS[self.reads].from_arrays(arrays)
        self._machines = [
            _Machine(*(arrays[f"{task}.{name}"] for name in _Machine._fields))
            for task in range(len(card["kinds"]))
        ]
        self.n_rows = card["n_rows"]


class _Machine(NamedTuple):
    """What is kept of one task; arrays over the rows of the kernel."""

    coef: np.ndarray
    error: np.ndarray  # made in the inner cross-validation; below 0: the row was not in it
    shift: float | np.ndarray  # added to what the vectors say
    unit: np.ndarray  # center and scale of the values
    platt: np.ndarray  # slope and shift of a class's logistic; both 0: a number

    def predict(self, alike: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and spread from (n, m) similarities."""
        score = alike @ self.coef + self.shift
        center, scale = self.unit
        slope, offset = self.platt
        mean = logistic(slope * score + offset) if slope else score * scale + center
        near = alike[:, self.error >= 0]
        if near.shape[1] == 0:
            return mean, np.zeros(len(mean))
        weight = near**_LOCAL + 1e-3 / near.shape[1]
        local = weight @ self.error[self.error >= 0] / weight.sum(axis=1)
        return mean, scale * local * np.sqrt(1.05 - alike.max(axis=1))


class _Data(NamedTuple):
    """One task as scikit-learn needs it."""

    alike: np.ndarray  # (n, n)
    values: np.ndarray
    weights: np.ndarray
    is_class: bool
    center: float = 0.0
    scale: float = 1.0

    def constant(self, rows: np.ndarray) -> float | None:
        """The mean where there is too little to learn from: under 6 values, or 3 of a class."""
        values = self.values[rows]
        n = min((values == 0).sum(), (values == 1).sum()) if self.is_class else len(rows) // 2
        if n >= _PARTS and values.std() > 0:
            return None
        return float(np.average(values, weights=self.weights[rows])) if len(rows) else 0.0

    def scaled(self, rows: np.ndarray) -> "_Data":
        """Numbers with mean 0 and standard deviation 1; weights with mean 1."""
        weights = self.weights / self.weights[rows].mean()
        if self.is_class:
            return self._replace(weights=weights)
        center, scale = self.values[rows].mean(), self.values[rows].std()
        values = (self.values - center) / scale
        return self._replace(values=values, weights=weights, center=center, scale=scale)

    def parts(self, rows: np.ndarray, order: np.ndarray) -> np.ndarray:
        """A part for each row, by chance; each part has its share of each class."""
        if self.is_class:
            order = order[np.argsort(self.values[rows][order], kind="stable")]
        out = np.empty(len(rows), int)
        out[order] = np.arange(len(rows)) % _PARTS
        return out

    def fit(self, rows: np.ndarray, cost: float, tube: float) -> tuple[np.ndarray, np.ndarray, float]:
        """The support vectors' rows, their coefficients and the shift."""
        from sklearn.svm import SVC, SVR

        machine = (
            SVC(C=cost, kernel="precomputed")
            if self.is_class
            else SVR(C=cost, epsilon=tube, kernel="precomputed")
        )
        machine.fit(self.alike[np.ix_(rows, rows)], self.values[rows], self.weights[rows])
        return rows[machine.support_], machine.dual_coef_[0], float(machine.intercept_[0])

    def held_out(self, rows: np.ndarray, parts: np.ndarray, setting: tuple[float, float]) -> np.ndarray:
        out = np.zeros(len(rows))
        for part in range(_PARTS):
            support, dual, shift = self.fit(rows[parts != part], *setting)
            out[parts == part] = self.alike[np.ix_(rows[parts == part], support)] @ dual + shift
        return out

    def loss(self, rows: np.ndarray, held_out: np.ndarray) -> float:
        """Mean squared error, or log loss once turned into probabilities."""
        if not self.is_class:
            return float(np.average((self.values[rows] - held_out) ** 2, weights=self.weights[rows]))
        return fit_logistic(held_out, self.values[rows], self.weights[rows])[1]

    def judge(self, rows: np.ndarray, held_out: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Absolute errors, and the logistic of a class."""
        if not self.is_class:
            return np.abs(self.values[rows] - held_out), np.zeros(2)
        platt, _ = fit_logistic(held_out, self.values[rows], self.weights[rows])
        return np.abs(self.values[rows] - logistic(platt[0] * held_out + platt[1])), platt

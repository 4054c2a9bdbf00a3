"""What members learn: values, bounds and weights of molecules, task by task."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

REGRESSION, CLASSIFICATION = "regression", "classification"
KINDS = (REGRESSION, CLASSIFICATION)


@dataclass(frozen=True)
class Targets:
    """The targets of n molecules; every array has shape (n, tasks)."""

    values: np.ndarray  # float64, NaN = unknown; a class is 0.0 or 1.0
    bounds: np.ndarray  # int8: 0 measured, 1 the truth lies above the value (">"), -1 below it ("<")
    weights: np.ndarray  # float64 >= 0: how much a value counts
    kinds: tuple[str, ...]  # of each task: REGRESSION or CLASSIFICATION

    def __post_init__(self) -> None:
        shape = self.values.shape
        if self.bounds.shape != shape or self.weights.shape != shape or (len(self.kinds),) != shape[1:]:
            raise ValueError(f"values {shape}, bounds {self.bounds.shape}, weights {self.weights.shape}")

    def __len__(self) -> int:
        return len(self.values)

    @property
    def known(self) -> np.ndarray:
        """Bool: a value or a bound is there."""
        return ~np.isnan(self.values)

    @property
    def exact(self) -> np.ndarray:
        """Bool: a value is there that is no bound."""
        return self.known & (self.bounds == 0)

    @property
    def measured(self) -> np.ndarray:
        """The exact values, NaN elsewhere."""
        return np.where(self.exact, self.values, np.nan)

    def take(self, rows: np.ndarray | slice) -> "Targets":
        """The targets of these molecules (row numbers or bools)."""
        return Targets(self.values[rows], self.bounds[rows], self.weights[rows], self.kinds)

    def task(self, j: int) -> "Targets":
        """One task alone."""
        only = slice(j, j + 1)
        return Targets(self.values[:, only], self.bounds[:, only], self.weights[:, only], (self.kinds[j],))

    @classmethod
    def of(
        cls,
        values: np.ndarray,
        kinds: Sequence[str] | None = None,
        bounds: np.ndarray | None = None,
        weights: np.ndarray | None = None,
    ) -> "Targets":
        """Targets from (n, tasks) values; without more, measured numbers that all count the same.

        `weights` may be (n,): the same for all tasks.
        """
        values = np.asarray(values, np.float64)
        if weights is None:
            weights = np.ones(values.shape)
        weights = np.asarray(weights, np.float64)
        if weights.ndim == 1:
            weights = np.repeat(weights[:, None], values.shape[1], axis=1)
        if bounds is None:
            bounds = np.zeros(values.shape, np.int8)
        return cls(values, bounds, weights, tuple(kinds or [REGRESSION] * values.shape[1]))

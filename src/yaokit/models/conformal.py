"""Intervals that hold: normalized split conformal prediction."""

from dataclasses import dataclass

import numpy as np

LEVEL = 0.90


@dataclass(frozen=True)
class Conformal:
    """Turns the spread of a stack into an expected error and a 90 % interval.

    A molecule's difficulty is its spread plus `floor`; `alphas` are the calibration rows'
    |error| / difficulty, largest first. Source: Boström 2022, crepes (PMLR 179).
    """

    alphas: np.ndarray  # (n,) float64, descending
    floor: float

    @classmethod
    def fit(cls, residual: np.ndarray, spread: np.ndarray) -> "Conformal":
        """Calibrate on (n,) out-of-fold errors and spreads."""
        from crepes import ConformalRegressor

        floor = float(np.median(spread)) or 1.0
        regressor = ConformalRegressor().fit(residuals=residual, sigmas=spread + floor)
        return cls(np.asarray(regressor.alphas, np.float64), floor)

    def std(self, spread: np.ndarray) -> np.ndarray:
        """Expected (root mean square) error of each row, in the unit of the task."""
        return (spread + self.floor) * np.sqrt(np.mean(self.alphas**2))

    def half_width(self, spread: np.ndarray) -> np.ndarray:
        """Half the 90 % interval; infinite with fewer than 10 calibration rows."""
        place = int((1 - LEVEL) * (len(self.alphas) + 1)) - 1
        return (spread + self.floor) * (self.alphas[place] if place >= 0 else np.inf)

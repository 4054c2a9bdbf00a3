"""Intervals that hold: normalized split conformal prediction, calibrated in bins of spread."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

LEVEL = 0.90
MAX_BINS = 5
MIN_ROWS = 50  # calibration rows a bin must hold


@dataclass(frozen=True)
class Conformal:
    """Turns the spread of a stack into an expected error and a 90 % interval.

    A molecule's difficulty is its spread plus `floor`; its score is |error| / difficulty. Scores
    are compared among molecules of like spread only (up to five bins of at least 50 rows), so
    that the interval holds for the sure predictions and for the doubtful ones, not just on
    average. Source: Boström 2022, crepes (PMLR 179), there called Mondrian.
    """

    alphas: np.ndarray  # (n, 2) float64: score and spread of each calibration row
    floor: float

    @classmethod
    def fit(cls, residual: np.ndarray, spread: np.ndarray) -> "Conformal":
        """Calibrate on (n,) out-of-fold errors and spreads."""
        from crepes import ConformalRegressor

        floor = float(np.median(spread)) or 1.0
        order = np.lexsort((np.abs(residual), spread))
        residual, spread = residual[order], spread[order]
        scores = np.concatenate(
            [
                ConformalRegressor().fit(residuals=residual[rows], sigmas=spread[rows] + floor).alphas
                for rows in _parts(spread)
            ]
        )
        return cls(np.column_stack([scores, spread]).astype(np.float64), floor)

    def std(self, spread: np.ndarray) -> np.ndarray:
        """Expected (root mean square) error of each row, in the unit of the task."""
        factor = np.array([np.sqrt(np.mean(scores**2)) for scores in self._scores])
        return (spread + self.floor) * factor[self._bin(spread)]

    def half_width(self, spread: np.ndarray) -> np.ndarray:
        """Half the 90 % interval; infinite with fewer than 10 calibration rows."""
        factor = np.array([_quantile(scores) for scores in self._scores])
        return (spread + self.floor) * factor[self._bin(spread)]

    @cached_property
    def _scores(self) -> list[np.ndarray]:
        return [self.alphas[rows, 0] for rows in _parts(self.alphas[:, 1])]

    def _bin(self, spread: np.ndarray) -> np.ndarray:
        starts = [self.alphas[rows.start, 1] for rows in _parts(self.alphas[:, 1])[1:]]
        return np.searchsorted(starts, spread, side="right")


def _parts(spread: np.ndarray) -> list[slice]:
    """Ascending spreads cut into bins of like size; equal spreads stay together."""
    n_bins = int(np.clip(len(spread) // MIN_ROWS, 1, MAX_BINS))
    wanted = [round(len(spread) * i / n_bins) for i in range(1, n_bins)]
    cuts = {int(np.searchsorted(spread, spread[at])) for at in wanted} - {0}
    edges = [0, *sorted(cuts), len(spread)]
    return [slice(a, b) for a, b in pairwise(edges)]


def _quantile(scores: np.ndarray) -> float:
    """The score that 90 % of new ones do not pass."""
    place = int((1 - LEVEL) * (len(scores) + 1)) - 1
    return float(np.sort(scores)[::-1][place]) if place >= 0 else np.inf

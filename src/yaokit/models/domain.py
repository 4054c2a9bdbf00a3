"""Where a model may be trusted: bins of similarity and spread with their measured error."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

MIN_MOLECULES = 20
MAX_RATIO = 1.5
MAX_OF_GUESS = 0.9
MAX_SPREAD_BINS = 5


class Rows(NamedTuple):
    """Out-of-fold predictions, (n,) each; one molecule stands there once per repeat."""

    molecule: np.ndarray  # which one, int
    similarity: np.ndarray  # to the training set
    spread: np.ndarray
    error: np.ndarray  # |predicted − measured|
    guess: np.ndarray  # |mean of the measured − measured|


@dataclass(frozen=True)
class Bin:
    """Rows with low <= value < high: how many molecules, the 90th percentile of their error and
    of that of guessing the mean."""

    low: float
    high: float
    n: int
    p90_error: float | None
    p90_guess: float | None
    in_domain: bool


@dataclass(frozen=True)
class Domain:
    """A molecule is inside if both its similarity bin and its spread bin are.

    A bin is inside if it rests on at least 20 molecules and its 90th-percentile out-of-fold error
    is at most 1.5 times that of all rows and at most 0.9 times that of guessing the mean: where a
    model is no better than a guess, its error may be small and its word still worth nothing.
    """

    whole_p90_error: float
    similarity_bins: tuple[Bin, ...]
    spread_bins: tuple[Bin, ...]

    @classmethod
    def fit(cls, rows: Rows) -> "Domain":
        """From out-of-fold predictions."""
        whole = float(np.quantile(rows.error, 0.9))
        return cls(
            whole,
            tuple(_bins(rows.similarity, rows, _similarity_edges(rows), whole)),
            tuple(_bins(rows.spread, rows, _spread_edges(rows), whole)),
        )

    def contains(self, similarity: np.ndarray, spread: np.ndarray) -> np.ndarray:
        """(n,) bool."""
        return _inside(self.similarity_bins, similarity) & _inside(self.spread_bins, spread)

    def settings(self) -> dict[str, Any]:
        """The bins as JSON."""
        return {
            "rule": (
                f"90th-percentile error of the bin <= {MAX_RATIO} x that of all rows and "
                f"<= {MAX_OF_GUESS} x that of guessing the mean, n >= {MIN_MOLECULES} molecules"
            ),
            "whole_p90_error": self.whole_p90_error,
            "limit": MAX_RATIO * self.whole_p90_error,
            "similarity_bins": [vars(b) for b in self.similarity_bins],
            "spread_bins": [vars(b) for b in self.spread_bins],
        }

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> "Domain":
        """What `settings` described."""
        bins = {k: tuple(Bin(**b) for b in settings[k]) for k in ("similarity_bins", "spread_bins")}
        return cls(settings["whole_p90_error"], **bins)


def _similarity_edges(rows: Rows) -> np.ndarray:
    """Steps of 0.1, joined from the top down until each bin holds 20 molecules; the rest is the lowest."""
    edges = [1.0]
    for edge in np.arange(9, -1, -1) / 10:
        waiting = (rows.similarity >= edge) & (rows.similarity < edges[-1] + (edges[-1] == 1.0))
        if len(np.unique(rows.molecule[waiting])) >= MIN_MOLECULES:
            edges.append(float(edge))
    if edges[-1] > 0:
        edges.append(0.0)
    return np.array(edges[::-1])


def _spread_edges(rows: Rows) -> np.ndarray:
    """Up to five bins of like size, fewer where they would hold less than 20 molecules."""
    n_bins = int(np.clip(len(np.unique(rows.molecule)) // MIN_MOLECULES, 1, MAX_SPREAD_BINS))
    quantiles = np.unique(np.quantile(rows.spread, np.linspace(0, 1, n_bins + 1))[1:-1])
    return np.concatenate([[0.0], quantiles, [np.nextafter(rows.spread.max(), np.inf)]])


def _bins(value: np.ndarray, rows: Rows, edges: np.ndarray, whole: float) -> list[Bin]:
    return [
        _bin(rows, (value >= low) & ((value < high) | (high == edges[-1])), low, high, whole)
        for low, high in pairwise(edges)
    ]


def _bin(rows: Rows, here: np.ndarray, low: float, high: float, whole: float) -> Bin:
    n = len(np.unique(rows.molecule[here]))
    if not n:
        return Bin(float(low), float(high), 0, None, None, False)
    p90, guess = (float(np.quantile(e[here], 0.9)) for e in (rows.error, rows.guess))
    inside = n >= MIN_MOLECULES and p90 <= min(MAX_RATIO * whole, MAX_OF_GUESS * guess)
    return Bin(float(low), float(high), n, p90, guess, inside)


def _inside(bins: tuple[Bin, ...], value: np.ndarray) -> np.ndarray:
    edges = np.array([b.low for b in bins] + [bins[-1].high])
    flags = np.array([b.in_domain for b in bins])
    place = np.clip(np.searchsorted(edges, value, side="right") - 1, 0, len(bins) - 1)
    return flags[place] & (value >= edges[0]) & (value <= edges[-1])

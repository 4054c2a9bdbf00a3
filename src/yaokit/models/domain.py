"""Where a model may be trusted: bins of similarity and spread with their measured error."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

MIN_ROWS = 20
MAX_RATIO = 1.5


@dataclass(frozen=True)
class Bin:
    """Rows with low <= value < high and the 90th percentile of their error."""

    low: float
    high: float
    n: int
    p90_error: float | None
    in_domain: bool


@dataclass(frozen=True)
class Domain:
    """A molecule is inside if both its similarity bin and its spread bin are.

    A bin is inside if its 90th-percentile out-of-fold error is at most 1.5 times that of all rows
    and it rests on at least 20 rows.
    """

    whole_p90_error: float
    similarity_bins: tuple[Bin, ...]
    spread_bins: tuple[Bin, ...]

    @classmethod
    def fit(cls, similarity: np.ndarray, spread: np.ndarray, error: np.ndarray) -> "Domain":
        """From (n,) out-of-fold similarity to training, spread and |error|."""
        whole = float(np.quantile(error, 0.9))
        quantiles = np.unique(np.quantile(spread, np.linspace(0, 1, 6))[1:-1])
        spread_edges = np.concatenate([[0.0], quantiles, [np.nextafter(spread.max(), np.inf)]])
        return cls(
            whole,
            tuple(_bins(similarity, error, _similarity_edges(similarity), whole)),
            tuple(_bins(spread, error, spread_edges, whole)),
        )

    def contains(self, similarity: np.ndarray, spread: np.ndarray) -> np.ndarray:
        """(n,) bool."""
        return _inside(self.similarity_bins, similarity) & _inside(self.spread_bins, spread)

    def settings(self) -> dict[str, Any]:
        """The bins as JSON."""
        return {
            "rule": f"90th-percentile error of the bin <= {MAX_RATIO} x that of all rows, n >= {MIN_ROWS}",
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


def _similarity_edges(similarity: np.ndarray) -> np.ndarray:
    """Steps of 0.1, joined from the top down until each bin holds 20 rows; the rest is the lowest."""
    edges = [1.0]
    for edge in np.arange(9, -1, -1) / 10:
        waiting = (similarity >= edge) & (similarity < edges[-1] + (edges[-1] == 1.0))
        if waiting.sum() >= MIN_ROWS:
            edges.append(float(edge))
    if edges[-1] > 0:
        edges.append(0.0)
    return np.array(edges[::-1])


def _bins(value: np.ndarray, error: np.ndarray, edges: np.ndarray, whole: float) -> list[Bin]:
    out = []
    for low, high in pairwise(edges):
        rows = (value >= low) & ((value < high) | (high == edges[-1]))
        n = int(rows.sum())
        p90 = float(np.quantile(error[rows], 0.9)) if n else None
        inside = p90 is not None and n >= MIN_ROWS and p90 <= MAX_RATIO * whole
        out.append(Bin(float(low), float(high), n, p90, inside))
    return out


def _inside(bins: tuple[Bin, ...], value: np.ndarray) -> np.ndarray:
    edges = np.array([b.low for b in bins] + [bins[-1].high])
    flags = np.array([b.in_domain for b in bins])
    place = np.clip(np.searchsorted(edges, value, side="right") - 1, 0, len(bins) - 1)
    return flags[place] & (value >= edges[0]) & (value <= edges[-1])

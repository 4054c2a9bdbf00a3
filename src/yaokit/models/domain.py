"""Where a model may be trusted: bins of similarity and spread with their measured error."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

MIN_MOLECULES = 20
MAX_RATIO = 1.5
MAX_SPREAD_BINS = 5


class Statistic(NamedTuple):
    """How the errors of a bin become one number, and what share of a guess's it may reach."""

    of: Callable[[np.ndarray], float]
    title: str
    max_of_guess: float
    also: str = ""


STATISTICS = {
    "p90": Statistic(lambda e: float(np.quantile(e, 0.9)), "90th-percentile", 0.9),
    "rms": Statistic(
        lambda e: float(np.sqrt(np.mean(e**2))),
        "root-mean-square",
        0.975,
        " or that its probabilities promise",
    ),
}


class Rows(NamedTuple):
    """Out-of-fold predictions, (n,) each; one molecule stands there once per repeat."""

    molecule: np.ndarray  # which one, int
    similarity: np.ndarray  # to the training set
    spread: np.ndarray
    error: np.ndarray  # |predicted − measured|
    guess: np.ndarray  # |mean of the measured − measured|
    promised: np.ndarray | None = None  # the error that a prediction itself leads to expect


@dataclass(frozen=True)
class Bin:
    """Rows with low <= value < high: how many molecules, their error, that of a guess, that promised."""

    low: float
    high: float
    n: int
    error: float | None
    guess: float | None
    in_domain: bool
    promised: float | None = None


@dataclass(frozen=True)
class Domain:
    """A molecule is inside if both its similarity bin and its spread bin are.

    A bin is inside if it rests on at least 20 molecules and its out-of-fold error is at most 1.5
    times that of all rows and clearly below that of guessing the mean: where a model is no better
    than a guess, its error may be small and its word still worth nothing.

    Of numbers the error is the 90th percentile, at most 0.9 times the guess's. Of classes that would
    only tell how rare one is, so it is the root mean square of probability minus class, at most 0.975
    times (a Brier score 5 % below that of the base rate). There a bin may also err 1.5 times as much
    as its own probabilities promise: a rare class is said with doubt, which is no fault if it is due.
    """

    whole_error: float
    similarity_bins: tuple[Bin, ...]
    spread_bins: tuple[Bin, ...]
    statistic: str = "p90"  # a key of STATISTICS

    @classmethod
    def fit(cls, rows: Rows, statistic: str = "p90") -> "Domain":
        """From out-of-fold predictions."""
        whole = STATISTICS[statistic].of(rows.error)
        judge = partial(_bin, rows=rows, whole=whole, statistic=STATISTICS[statistic])
        return cls(
            whole,
            tuple(
                judge(here, low, high) for here, low, high in _bins(rows.similarity, _similarity_edges(rows))
            ),
            tuple(judge(here, low, high) for here, low, high in _bins(rows.spread, _spread_edges(rows))),
            statistic,
        )

    def contains(self, similarity: np.ndarray, spread: np.ndarray) -> np.ndarray:
        """(n,) bool."""
        return _inside(self.similarity_bins, similarity) & _inside(self.spread_bins, spread)

    def settings(self) -> dict[str, Any]:
        """The bins as JSON; errors are named after the statistic."""
        name, about = self.statistic, STATISTICS[self.statistic]
        bins = {k: [_named(b, name) for b in getattr(self, k)] for k in ("similarity_bins", "spread_bins")}
        return {
            "rule": (
                f"{about.title} error of the bin <= {MAX_RATIO} x that of all rows{about.also} and "
                f"<= {about.max_of_guess} x that of guessing the mean, n >= {MIN_MOLECULES} molecules"
            ),
            "statistic": name,
            f"whole_{name}_error": self.whole_error,
            "limit": MAX_RATIO * self.whole_error,
            **bins,
        }

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> "Domain":
        """What `settings` described."""
        name = settings["statistic"]
        bins = {
            k: tuple(
                Bin(
                    b["low"],
                    b["high"],
                    b["n"],
                    b[f"{name}_error"],
                    b[f"{name}_guess"],
                    b["in_domain"],
                    b.get("promised"),
                )
                for b in settings[k]
            )
            for k in ("similarity_bins", "spread_bins")
        }
        return cls(settings[f"whole_{name}_error"], **bins, statistic=name)


def _named(b: Bin, name: str) -> dict[str, Any]:
    promised = {} if b.promised is None else {"promised": b.promised}
    return {
        "low": b.low,
        "high": b.high,
        "n": b.n,
        f"{name}_error": b.error,
        f"{name}_guess": b.guess,
        "in_domain": b.in_domain,
        **promised,
    }


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


def _bins(value: np.ndarray, edges: np.ndarray) -> Iterator[tuple[np.ndarray, float, float]]:
    """The rows between neighboring edges, and these."""
    for low, high in pairwise(edges.tolist()):
        yield (value >= low) & ((value < high) | (high == edges[-1])), low, high


def _bin(here: np.ndarray, low: float, high: float, *, rows: Rows, whole: float, statistic: Statistic) -> Bin:
    n = len(np.unique(rows.molecule[here]))
    if not n:
        return Bin(low, high, 0, None, None, False)
    error, guess = (statistic.of(e[here]) for e in (rows.error, rows.guess))
    promised = None if rows.promised is None else statistic.of(rows.promised[here])
    limit = min(MAX_RATIO * max(whole, promised or 0.0), statistic.max_of_guess * guess)
    return Bin(low, high, n, error, guess, n >= MIN_MOLECULES and error <= limit, promised)


def _inside(bins: tuple[Bin, ...], value: np.ndarray) -> np.ndarray:
    edges = np.array([b.low for b in bins] + [bins[-1].high])
    flags = np.array([b.in_domain for b in bins])
    place = np.clip(np.searchsorted(edges, value, side="right") - 1, 0, len(bins) - 1)
    return flags[place] & (value >= edges[0]) & (value <= edges[-1])

"""Several measurements of one molecule as one value, and the noise they show."""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence

from yaokit.data.curation.activity import Measured


def combined(values: Sequence[Measured]) -> Measured | None:
    """The median of the exact values; of bounds alone the tightest; None of nothing.

    Of bounds in both directions the more frequent one counts, the first if they are even.
    """
    if exact := exact_values(values):
        return Measured(statistics.median(exact), "=")
    if not values:
        return None
    relation = Counter(value.relation for value in values).most_common(1)[0][0]
    bounds = [value.value for value in values if value.relation == relation]
    return Measured(max(bounds) if relation == ">" else min(bounds), relation)


def voted(values: Sequence[Measured]) -> Measured | None:
    """The label that most rows have; None if they are even, or of nothing."""
    ranked = Counter(value.value for value in values).most_common(2)
    if not ranked or (len(ranked) == 2 and ranked[0][1] == ranked[1][1]):
        return None
    return Measured(ranked[0][0], "=")


def exact_values(values: Iterable[Measured]) -> list[float]:
    """The values that are no bounds."""
    return [value.value for value in values if value.relation == "="]


def spread(values: Iterable[Measured]) -> float | None:
    """Highest minus lowest exact value; None if fewer than two are exact."""
    exact = exact_values(values)
    return max(exact) - min(exact) if len(exact) > 1 else None


def contradiction(values: Sequence[Measured]) -> float | None:
    """How far the values and bounds are from agreeing: above 0 no single value fits them all.

    The largest of exact values and lower bounds minus the smallest of exact values and upper
    bounds; None if nothing is on one of the sides.
    """
    lows = [value.value for value in values if value.relation in "=>"]
    highs = [value.value for value in values if value.relation in "=<"]
    return max(lows) - min(highs) if lows and highs else None


class Noise:
    """How far exact replicates lie apart, gathered molecule by molecule."""

    def __init__(self) -> None:
        self.squares = 0.0
        self.sizes: Counter[int] = Counter()  # how many molecules have so many exact values

    def add(self, values: Iterable[Measured]) -> None:
        """Take the replicates of one molecule into account."""
        exact = exact_values(values)
        if len(exact) > 1:
            mean = sum(exact) / len(exact)
            self.squares += sum((value - mean) ** 2 for value in exact)
            self.sizes[len(exact)] += 1

    def told(self, n: int, variance: float | None) -> dict[str, float | int | None] | None:
        """What the replicates say of a table of `n` exact values, medians among them; None without any.

        `rmse` is the standard deviation of single measurements, pooled over `n_groups` molecules;
        `floor_rmse` the error that a perfect model would show on the table: molecules without
        replicates have the noise of one measurement, the others that of their median. `best_r2` is
        1 - floor_rmse² / `variance` of the n values, not below 0; None if that is not known.
        """
        if not self.sizes:
            return None
        sizes = sorted(self.sizes.items())
        single = self.squares / sum(many * (size - 1) for size, many in sizes)
        spared = sum(many * (1 - _of_median(size)) for size, many in sizes)
        floor = single * (1 - spared / n)
        return {
            "rmse": single**0.5,
            "n_groups": self.sizes.total(),
            "floor_rmse": floor**0.5,
            "best_r2": max(0.0, 1 - floor / variance) if variance else None,
        }


def _of_median(n: int) -> float:
    """Variance of the median of n normal values of variance 1.

    Exact for one and two, where it is the mean, and for ever more (π / 2n). Between, a fit of ours
    to the exact numbers, by less than 3 %: even counts, of which the middle two are averaged, do better.
    """
    return math.pi / (2 * (n + (math.pi / 2 - 1 if n % 2 else math.pi - 2)))

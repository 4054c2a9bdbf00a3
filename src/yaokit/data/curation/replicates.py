"""Several measurements of one molecule as one value, and the noise they show."""

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
        self.squares, self.freedom, self.n_groups = 0.0, 0, 0

    def add(self, values: Iterable[Measured]) -> None:
        """Take the replicates of one molecule into account."""
        exact = exact_values(values)
        if len(exact) > 1:
            mean = sum(exact) / len(exact)
            self.squares += sum((value - mean) ** 2 for value in exact)
            self.freedom += len(exact) - 1
            self.n_groups += 1

    def told(self, variance: float | None) -> dict[str, float | int | None] | None:
        """{"rmse": pooled standard deviation, "n_groups", "best_r2"}, or None without replicates.

        `best_r2` is the highest R² a perfect model could reach against single measurements when the
        values have this `variance`: 1 - noise variance / variance; None if that is not known.
        """
        if not self.n_groups:
            return None
        noise = self.squares / self.freedom
        best = max(0.0, 1 - noise / variance) if variance else None
        return {"rmse": noise**0.5, "n_groups": self.n_groups, "best_r2": best}

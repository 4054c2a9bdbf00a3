"""Several measurements of one molecule as one value, and the noise they show."""

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence

from yaokit.data.activity import Measured


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


def exact_values(values: Iterable[Measured]) -> list[float]:
    """The values that are no bounds."""
    return [value.value for value in values if value.relation == "="]


def spread(values: Iterable[Measured]) -> float | None:
    """Highest minus lowest exact value; None if fewer than two are exact."""
    exact = exact_values(values)
    return max(exact) - min(exact) if len(exact) > 1 else None


def noise(groups: Iterable[Sequence[Measured]]) -> dict[str, float | int] | None:
    """How far exact replicates lie apart: {"rmse": pooled standard deviation, "n_groups"}, or None."""
    squares, freedom, n_groups = 0.0, 0, 0
    for group in groups:
        exact = exact_values(group)
        if len(exact) > 1:
            squares += (len(exact) - 1) * statistics.variance(exact)
            freedom += len(exact) - 1
            n_groups += 1
    return {"rmse": (squares / freedom) ** 0.5, "n_groups": n_groups} if n_groups else None

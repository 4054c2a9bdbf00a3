"""Pieces of the pages that benchmarks write in Markdown."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any


def table_of(columns: Mapping[str, Callable[[Any], Any]], rows: Sequence[Any]) -> str:
    """A table: heading → what a row has there."""
    lines = [list(columns), ["---"] * len(columns)]
    lines += [[str(of(row)) for of in columns.values()] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float | None, digits: int = 3) -> str:
    """The value, or a dash for none."""
    return "–" if value is None else f"{value:.{digits}f}"


def plus_minus(mean: float | None, sd: float | None) -> str:
    """The mean with its standard deviation, if there is one."""
    return number(mean) + (f" ± {number(sd)}" if sd is not None else "")

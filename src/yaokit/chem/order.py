"""Folds in order of time: learn from what was known, judge on what came later."""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from yaokit.chem.folds import Folds
from yaokit.core.errors import UsageError

START = 1 / 3  # of the rows, the earliest: learned from, never judged
_DAY = re.compile(r"(\d{4})[-/](\d{1,2})(?:[-/](\d{1,2}))?")


def time_folds(values: np.ndarray, smiles: Sequence[str], k: int, seed: int, column: str) -> Folds:
    """Forward chaining: fold by fold, a model that learned from all earlier rows is asked about the next.

    The earliest third of the rows is fold 0; the rest is cut into k + 1 folds of like size, of
    which the first only sets weights and intervals and the other k are judged. Rows of the same
    time are never parted. The order is the data's: `seed` changes nothing.
    """
    times = as_times(values, column)
    distinct, member, counts = np.unique(times, return_inverse=True, return_counts=True)
    if len(distinct) < k + 2:
        raise UsageError(
            f"{k} folds in time need at least {k + 2} different times; the column {column!r} has "
            f"{len(distinct)}: ask for fewer --folds or another --split"
        )
    return Folds(_cut(counts, k + 2)[member], tuple(range(2, k + 2)), forward=True)


def as_times(values: np.ndarray, column: str) -> np.ndarray:
    """(n,) float64 that sort as the times do: numbers as they are, dates as days since the year 1.

    Dates are read as 2021-03-04, 2021/3/4, 2021-03 or with a time of day after them.
    """
    times = np.array([_time(value) for value in values], np.float64)
    if len(bad := np.flatnonzero(np.isnan(times))):
        texts = ["" if value is None else str(value).strip() for value in values[bad]]
        written = [text for text in texts if text not in ("", "nan")]
        empty = f"; {len(bad) - len(written):,} are empty" if len(written) < len(bad) else ""
        first = f" (the first: {written[0]!r}{empty})" if written else ": they are empty"
        raise UsageError(
            f"{len(bad):,} of {len(times):,} rows have no time in the column {column!r} that can be read"
            f"{first}; write numbers or dates as 2021-03-04 in all"
        )
    return times


def _time(value: Any) -> float:
    if isinstance(value, dt.date):  # also datetime
        return _since(value)
    text = str(value).strip()
    if day := _DAY.match(text):
        return _of_text(text, int(day[1]), int(day[2]), int(day[3] or 1), day.end())
    try:
        number = float(text)
    except ValueError:
        return np.nan
    return number if np.isfinite(number) else np.nan


def _of_text(text: str, year: int, month: int, day: int, end: int) -> float:
    try:
        start = dt.date(year, month, day).toordinal()
        clock = dt.time.fromisoformat(text[end:].strip().lstrip("T").strip()) if text[end:] else dt.time()
    except ValueError:
        return np.nan
    return start + (clock.hour * 3600 + clock.minute * 60 + clock.second) / 86400


def _since(value: dt.date) -> float:
    clock = value.time() if isinstance(value, dt.datetime) else dt.time()
    return value.toordinal() + (clock.hour * 3600 + clock.minute * 60 + clock.second) / 86400


def _cut(counts: np.ndarray, parts: int) -> np.ndarray:
    """(distinct times,) the fold of each time: borders as near as they can be to START and even steps."""
    ends = np.cumsum(counts)
    step = (1 - START) / (parts - 1)
    borders = [0]
    for i in range(parts - 1):
        wanted = ends[-1] * (START + i * step)
        low, high = borders[-1] + 1, len(counts) - (parts - 1 - i)  # leave a time for each later fold
        at = int(np.abs(ends[low - 1 : high] - wanted).argmin()) + low
        borders.append(at)
    return np.searchsorted(borders[1:], np.arange(len(counts)), side="right").astype(np.int64)

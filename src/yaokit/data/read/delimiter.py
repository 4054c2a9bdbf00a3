"""Which character stands between the cells of a table, told by its first lines."""

import csv
import re
from collections.abc import Sequence

CANDIDATES = (",", "\t", ";", "|")
BLANKS = " "
_SAMPLE = 100
_BLANKS = re.compile("[ \\t]+")
_QUOTED = re.compile(r'"[^"]*"')
_DECIMAL = re.compile(r"(?<=\d),(?=\d)")


def find_delimiter(lines: Sequence[str], decimal: str | None = None) -> str:
    """The one of , tab ; | by which most lines have as many cells as the first one.

    Blanks, where none of those occurs and every line has the same number (2 or more) of words;
    a comma if nothing separates. With `decimal` "," a comma between digits is no delimiter.
    """
    lines = [_QUOTED.sub("", line) for line in lines[:_SAMPLE]]
    best = max(CANDIDATES, key=lambda mark: _fit(lines, mark, decimal))
    if _fit(lines, best, decimal) > (0.0, 1):
        return best
    n_words = {len(words(line)) for line in lines}
    return BLANKS if len(n_words) == 1 and len(lines) > 1 and n_words.pop() > 1 else ","


def fits(lines: Sequence[str]) -> bool:
    """Whether nearly all lines have the same number, two or more, of cells."""
    lines = [_QUOTED.sub("", line) for line in lines[:_SAMPLE]]
    return len(lines) > 1 and max(_fit(lines, mark, None) for mark in CANDIDATES) >= (0.9, 2)


def split_line(line: str, delimiter: str) -> list[str]:
    """The cells of one line, quotes observed."""
    if '"' not in line:
        return words(line) if delimiter == BLANKS else line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=delimiter == BLANKS), [])
    except csv.Error:
        return [line]


def words(line: str, n_splits: int = -1) -> list[str]:
    """What stands between blanks and tabs; other blanks, such as U+00A0, separate nothing."""
    if line.isascii():
        return line.split(None, n_splits)
    return _BLANKS.split(line.strip(" \t"), max(n_splits, 0))


def _fit(lines: Sequence[str], mark: str, decimal: str | None) -> tuple[float, int]:
    """Share of lines with as many cells as the first, and that number; (0, 1) if it does not occur."""
    if decimal == "," and mark == ",":
        lines = [_DECIMAL.sub(".", line) for line in lines]
    counts = [line.count(mark) + 1 for line in lines]
    if not counts or counts[0] < 2:
        return 0.0, 1
    return round(counts.count(counts[0]) / len(counts), 1), counts[0]

"""Probabilities that hold: inductive Venn–Abers prediction from scores and their true classes."""

from dataclasses import dataclass

import numpy as np

_DIGITS = 6  # of a score: noise of the arithmetic must not move it past a step


@dataclass(frozen=True)
class VennAbers:
    """Scores to pairs of probabilities (p0, p1) of class 1, one of which is calibrated.

    p0 is the isotonic regression of the calibration rows and the new molecule at its score if it
    were of class 0, p1 if it were of class 1. Both only step up with the score, so the steps are
    all that is kept. Source: Vovk & Petej 2014 (arXiv:1211.0025), with the idea of Vovk, Petej &
    Fedorova 2015 (arXiv:1511.00213) to make all steps in one pass. We differ where a molecule
    stands among the calibration rows several times: the new one then counts as often.
    """

    lower: np.ndarray  # (a, 2) float64: from this score on p0 is this, 0 before
    upper: np.ndarray  # (b, 2) float64: up to this score p1 is this, 1 after

    @classmethod
    def fit(cls, score: np.ndarray, y: np.ndarray, copies: float = 1.0) -> "VennAbers":
        """Calibrate on (n,) scores and labels (0 or 1), among which a molecule stands `copies` times."""
        steps, which = np.unique(_rounded(score), return_inverse=True)
        n = np.bincount(which).astype(np.float64)
        ones = np.bincount(which, weights=y)
        upper = _upper(n, ones, copies)
        lower = 1 - _upper(n[::-1], (n - ones)[::-1], copies)[::-1]
        first = np.r_[True, np.diff(lower) != 0] if len(steps) else np.zeros(0, bool)
        last = np.r_[np.diff(upper) != 0, True] if len(steps) else np.zeros(0, bool)
        return cls(np.column_stack([steps, lower])[first], np.column_stack([steps, upper])[last])

    def bounds(self, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n,) p0 and p1, p0 < p1."""
        score = _rounded(score)
        p0 = np.r_[0.0, self.lower[:, 1]][np.searchsorted(self.lower[:, 0], score, side="right")]
        p1 = np.r_[self.upper[:, 1], 1.0][np.searchsorted(self.upper[:, 0], score, side="left")]
        return p0, p1


def merged(p0: np.ndarray, p1: np.ndarray) -> np.ndarray:
    """The one probability between p0 and p1 that regrets least in log loss, whatever comes."""
    return p1 / (1 - p0 + p1)


def _upper(n: np.ndarray, ones: np.ndarray, copies: float) -> np.ndarray:
    """p1 of a molecule at each step of the score, of (m,) counts of rows and of class 1 among them.

    Draw rows (x) against those of class 1 (y), both summed up to each step. The isotonic regression
    is the slope of the greatest convex line below. The new molecule lengthens that line by `copies`
    both ways; moved back, it is the points before its step that move, one more at each step. p1 is
    the slope of the edge from those points to the others, and only ever rises. So its left end is
    one of the points moved last, and its right end goes along the convex line of the unmoved ones.
    """
    x, y = np.r_[0.0, np.cumsum(n)], np.r_[0.0, np.cumsum(ones)]
    right = _convex(x, y)[:0:-1]  # a stack without the first point, nearest on top
    out = np.empty(len(n))
    at_x, at_y = x[0] - copies, y[0] - copies
    for i in range(1, len(x)):
        moved_x, moved_y = x[i - 1] - copies, y[i - 1] - copies
        if right[-1] < i:
            right.pop()
            at_x, at_y = moved_x, moved_y
        elif (moved_y - at_y) * (x[right[-1]] - at_x) <= (y[right[-1]] - at_y) * (moved_x - at_x):
            at_x, at_y = moved_x, moved_y
        while len(right) > 1:
            near, far = right[-1], right[-2]
            if (y[far] - at_y) * (x[near] - at_x) > (y[near] - at_y) * (x[far] - at_x):
                break
            right.pop()
        out[i - 1] = (y[right[-1]] - at_y) / (x[right[-1]] - at_x)
    return out


def _convex(x: np.ndarray, y: np.ndarray) -> list[int]:
    """The points of the greatest convex line below all points; x rises."""
    line: list[int] = []
    for i in range(len(x)):
        while len(line) > 1:
            a, b = line[-2], line[-1]
            if (y[b] - y[a]) * (x[i] - x[a]) < (y[i] - y[a]) * (x[b] - x[a]):
                break
            line.pop()
        line.append(i)
    return line


def _rounded(score: np.ndarray) -> np.ndarray:
    return np.round(np.asarray(score, np.float64), _DIGITS)

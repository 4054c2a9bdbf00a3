"""Which rows judge a model, and what a model that judges them may have learned from."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Folds:
    """Fold numbers of rows, and the order in which models may see them.

    In cross-validation every fold is judged by models that learned from all others. With
    `forward`, folds are in order of time and a model learns only from folds before the one it
    answers for; the first folds are then learned from but not judged.
    """

    numbers: np.ndarray  # (n,) int64, 0..k-1, no fold empty
    judged: tuple[int, ...]
    forward: bool = False

    @classmethod
    def cross(cls, numbers: np.ndarray) -> "Folds":
        """Plain cross-validation: every fold is judged."""
        return cls(numbers, tuple(range(int(numbers.max()) + 1)))

    @cached_property
    def k(self) -> int:
        """How many folds there are, judged or not."""
        return int(self.numbers.max()) + 1

    @property
    def predicted(self) -> tuple[int, ...]:
        """The folds that some model answers for without having seen them."""
        return tuple(range(1 if self.forward else 0, self.k))

    def left_out(self, *folds: int) -> tuple[int, ...]:
        """What a model that answers for these folds must not learn from."""
        return tuple(range(min(folds), self.k)) if self.forward else tuple(sorted(folds))

    def calibrating(self, fold: int) -> tuple[int, ...]:
        """The folds on which the intervals and weights that judge `fold` are measured."""
        return tuple(f for f in self.predicted if (f < fold if self.forward else f != fold))

    def rows(self, *folds: int) -> np.ndarray:
        """(n,) bool: the rows in any of these folds."""
        return np.isin(self.numbers, folds)

    @cached_property
    def test_share(self) -> float:
        """Rows judged over rows judged and learned from, the mean over judged folds."""
        shares = []
        for fold in self.judged:
            judged, learned = self.rows(fold).sum(), (~self.rows(*self.left_out(fold))).sum()
            shares.append(judged / (judged + learned))
        return float(np.mean(shares))

    @property
    def partition(self) -> bytes:
        """The same for two objects that judge the same groups of rows, whatever their numbers."""
        shown = np.where(self.rows(*self.judged), self.numbers, -1)
        _, first, member = np.unique(shown, return_index=True, return_inverse=True)
        return first[member].tobytes()

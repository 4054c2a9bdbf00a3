"""What a generator is."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, Self

import numpy as np

from yaokit.core.table import MolTable


class Generator(Protocol):
    """Proposes molecules and learns from their scores.

    All state is what `fit` and `tell` were given and the seed of the constructor: `ask` changes
    nothing, and a generator loaded from `save` goes on exactly as the saved one would.
    """

    def fit(self, table: MolTable) -> Self:
        """Start from these molecules, best first unless a setting names the column to rank by."""
        ...

    def ask(self, n: int) -> list[str]:
        """Up to n distinct SMILES not told before; fewer, or none, when it finds no more."""
        ...

    def tell(self, smiles: Sequence[str], scores: np.ndarray) -> None:
        """What became of them, as standardized: (n,) scores, higher is better, NaN = failed.

        Ends a round, also when nothing is told.
        """
        ...

    def save(self, folder: Path) -> None: ...

    @classmethod
    def load(cls, folder: Path) -> Self: ...

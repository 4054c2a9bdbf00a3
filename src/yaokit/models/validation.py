"""On which rows a model is judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from yaokit.chem.folds import Folds
from yaokit.chem.split import make_folds, parse_split
from yaokit.core.seed import derived
from yaokit.core.table import MolTable


@dataclass(frozen=True)
class Validation:
    """How a model is judged: k folds of a split (chem/split.py), repeated with other seeds."""

    split: str = "scaffold"
    folds: int = 5
    repeats: int | None = None  # None: 3 up to 2,000 rows, else 1
    seed: int = 0

    def rounds(self, n: int) -> int:
        return self.repeats or (3 if n <= 2_000 else 1)

    def fits(self, n: int) -> int:
        """How often each member is fitted to n molecules, about."""
        return self.rounds(n) * self.folds * (self.folds + 1) // 2 + 1

    @property
    def column(self) -> str | None:
        """The column that the split is made by."""
        return parse_split(self.split)[1]

    def split_rows(self, table: MolTable, names: Mapping[str, str] = MappingProxyType({})) -> list[Folds]:
        """The folds of each repeat; a repeat that would judge the same groups again is left out.

        `names`: what the split's column is called in the table if that differs.
        """
        columns = dict.fromkeys(table.data.column_names, np.empty(0))
        if self.column and (name := names.get(self.column, self.column)) in columns:
            columns[self.column] = table.column(name)
        seeds = [derived(self.seed, "split", r) for r in range(self.rounds(len(table)))]
        made = [make_folds(self.split, table.smiles, self.folds, seed, columns) for seed in seeds]
        return list({folds.partition: folds for folds in reversed(made)}.values())[::-1]

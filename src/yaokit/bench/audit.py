"""What a benchmark gives away: test molecules that were there to learn from."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from yaokit.bench.data import rows
from yaokit.bench.rows import Molecules, molecules, standardized, table
from yaokit.core.table import MolTable
from yaokit.data.leakage import connectivity

GROUP = "tdc_admet_group"


def shared(train: Sequence[str | None], test: Sequence[str | None]) -> np.ndarray:
    """(n test,) bool: the molecule stands in `train` too, whatever its stereo, isotopes or tautomer.

    Compared is the first block of the InChIKey of standardized molecules; None is like nothing.
    """
    known = set(blocks(train)) - {None}
    return np.array([block in known for block in blocks(test)], bool)


def blocks(smiles: Sequence[str | None]) -> list[str | None]:
    """The connectivity of each standardized SMILES, None for None."""
    found = iter(connectivity([text for text in smiles if text is not None]))
    return [None if text is None else next(found) for text in smiles]


def without_test(labels: MolTable, group: Path) -> MolTable:
    """The table without the test molecules of all tasks of the ADMET group in this folder.

    Whatever else a model learns labels from, other tasks, other sources or pre-training, goes
    through here first. The rows taken out stand in `rejects` as HELD_OUT.
    """
    held = held_blocks(group)
    own = blocks(standardized(labels.smiles))
    free = np.array([block is None or block not in held for block in own], bool)
    return labels.keep(free, "HELD_OUT", f"in the test part of a task of {GROUP}")


@cache
def held_blocks(group: Path) -> frozenset[str | None]:
    """The connectivity of every test molecule of every task."""
    tasks = [row["task"] for row in rows("admet_group.csv")]
    return frozenset().union(*(blocks(held_out(group, task).smiles) for task in tasks))


def held_out(group: Path, task: str) -> Molecules:
    """The test rows of a task."""
    found = [row for row in table(group / f"{task}.csv") if row["split"] == "test"]
    return molecules(found, "Drug", ["Y"])

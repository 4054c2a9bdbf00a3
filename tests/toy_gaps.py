"""Two tasks, each measured on molecules of its own: a series, and molecules of a library."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import Crippen
from toy_runs import TASK, made_once, series, small_trusted

from yaokit.core.table import MolTable
from yaokit.data.read.library import molecules

OTHER = "logP"


def library(n: int, start: int = 0) -> list[str]:
    """SMILES of n molecules of the embedded library."""
    return [molecule.smiles for molecule in islice(molecules("builtin:zinc250k"), start, start + n)]


def with_gaps(n: int = 60, offset: int = 0) -> MolTable:
    """n molecules with TASK alone, then n with OTHER alone."""
    smiles, ids, y = series(n, offset)
    others = library(n, 1_000 * offset)
    other = [Crippen.MolLogP(Chem.MolFromSmiles(text)) for text in others]  # type: ignore[attr-defined]
    gap = np.full(n, np.nan)
    columns = {TASK: np.concatenate([y, gap]), OTHER: np.concatenate([gap, other])}
    return MolTable.of([*smiles, *others], [*ids, *(f"library {i}" for i in range(n))], columns)


def model_with_gaps(factory: pytest.TempPathFactory) -> Path:
    """The folder of a stack fitted to both tasks; tests must not change it."""
    return made_once(
        factory,
        "gaps",
        lambda out: small_trusted(members=["nearest"]).fit(with_gaps(), [TASK, OTHER]).save(out),
    )

"""Real molecules, and a small model and campaign that many tests look at, made once a session."""

import csv
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from rdkit import Chem, RDConfig

from yaokit.core.table import MolTable
from yaokit.models.trusted import Trusted
from yaokit.models.validation import Validation

SERIES = Path(RDConfig.RDContribDir) / "FreeWilson" / "data"
TASK = "pActivity"
PLAN = """
[campaign]
title = "A small campaign"
seed = 1

[[steps]]
use = "curate"
files = ["measured.csv"]
values = [{ column = "pIC50", name = "pActivity", unit = "p" }]

[[steps]]
use = "train"
models = ["boosting"]
folds = 3
repeats = 1
split = "random"

[[steps]]
use = "screen"
name = "series"
library = "series"
top = 40
max_products = 300

[[steps]]
use = "design"
budget = 40

[[steps]]
use = "profile"
alerts = ["PAINS"]

[[steps]]
use = "rank"
candidates = 10

[[steps]]
use = "report"
"""


@cache
def _everything() -> tuple[tuple[str, ...], tuple[str, ...], np.ndarray]:
    lines = [line.split() for line in (SERIES / "CHEMBL2321810.smi").read_text().splitlines()]
    with open(SERIES / "CHEMBL2321810_act.csv") as file:
        values = {row["Name"]: float(row["Act"]) for row in csv.DictReader(file)}
    smiles = tuple(Chem.CanonSmiles(text) for text, _ in lines)
    return smiles, tuple(i for _, i in lines), np.array([values[i] for _, i in lines])


def series(n: int, offset: int = 0) -> tuple[list[str], list[str], np.ndarray]:
    """SMILES, ids and values of n molecules spread over the embedded series."""
    smiles, ids, y = _everything()
    at = np.arange(n) * (len(smiles) // n) + offset
    return [smiles[i] for i in at], [ids[i] for i in at], y[at]


def measured(n: int, offset: int = 0) -> MolTable:
    """The same as a table with the task's column."""
    smiles, ids, y = series(n, offset)
    return MolTable.of(smiles, ids, {TASK: y})


def small_trusted(seed: int = 0, members: Sequence[str] = ("boosting",)) -> Trusted:
    """An unfitted stack that is quick to fit."""
    return Trusted(members, validation=Validation("random", 3, 1, seed))


def small_model(factory: pytest.TempPathFactory) -> Path:
    """The folder of a stack fitted to 120 molecules; tests must not change it."""
    return made_once(factory, "model", lambda out: small_trusted().fit(measured(120), [TASK]).save(out))


def small_campaign(factory: pytest.TempPathFactory) -> Path:
    """measured.csv, plan.toml and out/, a finished run of all seven steps on 60 molecules."""

    def make(folder: Path) -> None:
        write_campaign(folder)
        done = yaokit("campaign", "run", folder / "plan.toml", "-o", folder / "out")
        assert done.returncode == 0, done.stderr

    return made_once(factory, "campaign", make)


def write_campaign(folder: Path, n: int = 60, plan: str = PLAN) -> None:
    """measured.csv with n molecules and plan.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [f"{i},{s},{y}" for s, i, y in zip(*series(n), strict=True)]
    (folder / "measured.csv").write_text("\n".join(["Name,SMILES,pIC50", *rows]) + "\n")
    (folder / "plan.toml").write_text(plan)


def command(*words: str | Path) -> list[str]:
    """The command line that runs yaokit as a user does."""
    return [sys.executable, "-c", "from yaokit.cli import main; main()", *map(str, words)]


def yaokit(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A whole run of the program, for as long as it takes."""
    return subprocess.run(command(*words), capture_output=True, text=True, cwd=cwd, timeout=300, check=False)


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder that `make` fills, by the first test of the session, in whatever process, that asks."""
    base = factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, part = root / f"once-{name}", root / f"once-{name}.making"
    with FileLock(root / f"once-{name}.lock"):
        if not folder.exists():
            make(part)
            part.rename(folder)
    return folder

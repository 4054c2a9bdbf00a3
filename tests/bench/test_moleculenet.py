"""MoleculeNet: the split is the published one, unknown labels do not count."""

import csv
from pathlib import Path

import numpy as np
import pytest
from toy_runs import series

from yaokit.bench.fits import Place
from yaokit.bench.moleculenet import (
    TASKS,
    TEST,
    TRAIN,
    VALID,
    MoleculeNet,
    columns_of,
    scaffold_parts,
    score,
)
from yaokit.bench.scores import MEASURES

SHARED = Path(__file__).parents[3] / "shared" / "data" / "moleculenet"


def test_large_scaffolds_are_learned_from_and_rare_ones_judge():
    smiles = [*(f"c1ccccc1{'C' * i}" for i in range(8)), "C1CCCCC1", "C1CCNCC1"]
    assert scaffold_parts(smiles).tolist() == [TRAIN] * 8 + [TEST, VALID]


def test_a_scaffold_is_never_in_two_parts():
    smiles = [f"c1ccccc1{'C' * i}" for i in range(6)] + [f"C1CCCCC1{'C' * i}" for i in range(4)]
    parts = scaffold_parts(smiles)
    assert len(set(parts[:6])) == len(set(parts[6:])) == 1


def test_unknown_labels_and_tasks_of_one_class_do_not_count():
    y = np.array([[0, 1], [1, 1], [np.nan, 1], [1, np.nan]])
    predicted = np.array([[0.1, 0], [0.9, 0], [0.0, 0], [0.8, 0]])
    assert score(MEASURES["auroc"], y, predicted) == 1.0


def test_each_model_is_a_row_of_the_page(tmp_path: Path):
    smiles = series(40)[0]
    (tmp_path / "moleculenet").mkdir()
    with open(tmp_path / "moleculenet" / "bace.csv", "w", newline="") as file:
        labels = [int(i % 3 == 0) for i in range(40)]
        csv.writer(file).writerows([["smiles", "Class"], *zip([*smiles[:39], "none"], labels, strict=True)])
    bench = MoleculeNet(tmp_path, Place(tmp_path / "fits", tmp_path / "cache"), ["nearest"])
    part = bench.measure("bace", 0)
    assert (part["n"], part["n_unread"], sum(part["n_parts"])) == (40, 1, 39)
    (row,) = bench.rows({("bace", 0): part, ("bace", 1): part})
    assert row["models"]["nearest"] == {
        "mean": part["found"]["nearest"],
        "sd": 0,
        "values": [part["found"]["nearest"]] * 2,
        "cpu_seconds": part["fit_seconds"]["nearest"],
    }
    about = {"command": "yaokit bench", "version": "0", "seeds": [0, 1], "seconds": 1.0}
    page = bench.page({"rows": [row], "summary": bench.summary([row]), **about})
    assert f"| nearest | **{part['found']['nearest']:.3f} ± 0.000** |" in page


@pytest.mark.parametrize(("task", "n"), [("esol", 1), ("clintox", 2), ("sider", 27), ("tox21", 12)])
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared data sets")
def test_every_set_has_its_tasks(task: str, n: int):
    from yaokit.bench.rows import table

    first = table(SHARED / TASKS[task]["file"])[0]
    assert len(columns_of(TASKS[task], first)) == n

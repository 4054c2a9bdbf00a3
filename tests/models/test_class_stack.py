"""A stack of class tasks from the table to the file of predictions."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from toy_runs import TASK, measured, series, small_trusted

from yaokit.core.table import MolTable
from yaokit.core.types import SETS
from yaokit.data.read.files import read_records
from yaokit.models import load
from yaokit.models.trusted import Trusted
from yaokit.screen.predict import predict_file
from yaokit.screen.stream import screen_files

TASKS = ("active", TASK, "rare")


def labeled(n: int, offset: int = 0) -> MolTable:
    """Molecules with a number, a class told of all, and a rarer class told of four in five."""
    table = measured(n, offset)
    y = table.column(TASK)
    rare = np.where(np.arange(n) % 5 == 0, np.nan, (y > np.quantile(y, 0.8)).astype(float))
    return table.with_columns({"active": (y > np.median(y)).astype(float), "rare": rare})


@pytest.fixture(scope="module")
def model() -> Trusted:
    return small_trusted(members=("nearest", "forest")).fit(labeled(120), TASKS)


@pytest.fixture(scope="module")
def folder(model: Trusted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("class") / "model"
    model.save(out)
    return out


def test_two_values_make_a_class_and_more_a_number(model: Trusted):
    assert model.kinds == ("classification", "regression", "classification")
    assert model.class_tasks == ("active", "rare")
    assert [task["kind"] for task in model.metrics()["tasks"]] == list(model.kinds)


def test_a_class_has_a_probability_its_bounds_and_a_set(model: Trusted):
    found = model.predict(measured(30, 5))
    for j in (0, 2):
        assert (found.low[:, j] >= 0).all()
        assert (found.low[:, j] <= found.mean[:, j]).all()
        assert (found.mean[:, j] <= found.high[:, j]).all()
        assert (found.high[:, j] <= 1).all()
        assert np.isin(found.sets[:, j], range(len(SETS))).all()
    assert (found.sets[:, 1] == -1).all()
    _, _, y = series(30, 5)
    assert np.corrcoef(found.mean[:, 0], y)[0, 1] > 0.5


def test_a_loaded_model_says_the_same(model: Trusted, folder: Path):
    others = measured(30, 5)
    first, second = model.predict(others).columns(), load(folder).predict(others).columns()
    assert list(first) == list(second)
    for name, values in first.items():
        assert np.array_equal(values, second[name]), name


def test_a_molecule_that_cannot_be_read_has_no_set(model: Trusted):
    table = MolTable.of(["CCO", "not a molecule"])
    assert model.predict(table).columns()["active_set"].tolist()[1] == ""


def test_metrics_are_those_of_classes(model: Trusted):
    active, number, rare = model.metrics()["tasks"]
    assert {"auroc", "auprc", "mcc"} <= active["models"]["stack"].keys()
    assert "rmse" in number["models"]["stack"]
    assert active["comparison"]["nearest"]["metric"] == "auroc"
    assert rare["n"] == 96
    assert rare["base_rate"] == pytest.approx(0.2, abs=0.05)
    assert active["models"]["forest"]["auroc"]["mean"] > 0.6
    assert {"calibration", "confusion"} <= rare.keys()
    assert not {"calibration", "confusion"} & number.keys()


def test_predictions_out_of_fold_have_what_classes_need(model: Trusted):
    table = model.oof()
    of_class = [row for row in table.to_pylist() if row["task"] == "active"]
    of_number = [row for row in table.to_pylist() if row["task"] == TASK]
    assert len(of_class) == len(of_number) == 120
    assert all(0 <= row["stack_raw"] <= 1 and row["stack_set"] in range(4) for row in of_class)
    assert all(row["stack_raw"] is None and row["stack_set"] is None for row in of_number)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_file_of_predictions_says_the_set_in_words(folder: Path, tmp_path: Path, ending: str):
    smiles, ids, _ = series(6, 5)
    lines = [f"{i},{s}" for i, s in zip(ids, smiles, strict=True)]
    (tmp_path / "in.csv").write_text("\n".join(["name,smiles", *lines, "odd,C1CC", ""]))
    counts = predict_file(folder, tmp_path / "in.csv", tmp_path / f"out.{ending}", workers=1)
    assert counts == {"n_in": 7, "n_ok": 6, "n_failed": 1}
    cells = [record.cells for record in read_records(tmp_path / f"out.{ending}")]
    assert {row["active_set"] for row in cells[:6]} <= set(SETS)
    assert not cells[6]["active_set"]
    assert f"{TASK}_set" not in cells[0]


def test_hits_are_ranked_by_the_sure_end_of_the_probability(folder: Path, tmp_path: Path):
    smiles = series(20, 5)[0]
    (tmp_path / "library.smi").write_text("".join(f"{text} m{i}\n" for i, text in enumerate(smiles)))
    screen_files([tmp_path / "library.smi"], folder, tmp_path / "out", top=8, workers=1)
    hits = pq.read_table(tmp_path / "out" / "hits.parquet")
    scores = hits["active_low"].to_pylist()
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) > 4
    assert set(hits["active_set"].to_pylist()) <= set(SETS)

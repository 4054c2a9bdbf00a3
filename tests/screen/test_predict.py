"""A file of predictions: no column is lost, numbers keep their digits in every unit."""

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from toy_gaps import OTHER, with_gaps
from toy_runs import TASK, series, small_trusted

from yaokit.chem.standardize import Standardizer
from yaokit.core.digits import significant
from yaokit.core.table import MolTable
from yaokit.core.types import Prediction
from yaokit.models import load
from yaokit.screen import predict
from yaokit.screen.carried import free_names, typed_rows
from yaokit.screen.predict import Predict, predict_file
from yaokit.screen.shard import Entry, Score
from yaokit.screen.stream import screen_files


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a stack of values around 0.000006."""
    smiles, ids, y = series(60)
    folder = tmp_path_factory.mktemp("tiny") / "model"
    small_trusted(members=["nearest"]).fit(MolTable.of(smiles, ids, {TASK: 1e-6 * y}), [TASK]).save(folder)
    return folder


@pytest.mark.parametrize(
    ("value", "kept"),
    [(6.12345678, 6.12346), (1.23456789e-7, 1.23457e-7), (123456.789, 123457.0), (0.5, 0.5), (0.0, 0.0)],
)
def test_six_significant_digits_are_kept(value: float, kept: float):
    assert significant(value) == kept
    assert significant(value, None) == value


def test_small_values_keep_their_digits(tiny: Path, tmp_path: Path):
    smiles = series(20, 3)[0]
    (tmp_path / "in.csv").write_text("\n".join(["smiles", *smiles, "C1CC"]))
    predict_file(tiny, tmp_path / "in.csv", tmp_path / "out.parquet", workers=1)
    found, wanted = pq.read_table(tmp_path / "out.parquet"), load(tiny).predict(MolTable.of(smiles))
    for name, exact in wanted.columns().items():
        if not name.startswith(TASK):
            continue
        column = found[name].to_pylist()
        assert column[-1] is None
        assert column[:-1] == pytest.approx(exact, rel=1e-5, abs=0)
        assert column[:-1] == [float(f"{value:.6g}") for value in column[:-1]]
    assert len(np.unique(found[f"{TASK}_pred"].to_numpy()[:-1])) > 5


def test_columns_give_way_to_ours_under_names_that_are_free():
    names = free_names(["reason", "input_status", "status", "note"], ["status", "reason"])
    assert names == {
        "reason": "input_reason",
        "input_status": "input_status",
        "status": "input_input_status",
        "note": "note",
    }


def test_predicting_for_predictions_keeps_every_column(tiny: Path, tmp_path: Path):
    smiles = series(3)[0]
    rows = ["smiles,status,input_status", *(f"{text},mine {i},older {i}" for i, text in enumerate(smiles))]
    (tmp_path / "0.csv").write_text("\n".join(rows) + "\n")
    for i in range(3):
        predict_file(tiny, tmp_path / f"{i}.csv", tmp_path / f"{i + 1}.csv", workers=1)
    tables = []
    for i in range(4):
        with open(tmp_path / f"{i}.csv", encoding="utf-8", newline="") as file:
            tables.append(list(csv.DictReader(file)))
    widths = [len(table[0]) for table in tables]
    ours = widths[1] - widths[0]
    assert widths == [3 + ours * i for i in range(4)]
    assert {"mine 0", "older 0", "ok"} <= set(tables[3][0].values())
    assert list(tables[3][0].values()).count("ok") == 3


def test_from_parquet_to_parquet_columns_keep_their_types(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(predict, "_PIECE", 2)
    smiles = series(5)[0]
    given = pa.table(
        {
            "n": pa.array([1, 2, None, 4, 5], pa.int16()),
            "smiles": smiles,
            "x": [-2.0, float("nan"), 0.1, None, 1e300],
            "flag": [True, False, None, True, True],
            "parts": [[1, 2], [], None, [3], [4]],
            "status": pa.array(["a", "b", "a", "b", "a"]).dictionary_encode(),
        }
    )
    pq.write_table(given, tmp_path / "in.parquet", row_group_size=3)
    predict_file(tiny, tmp_path / "in.parquet", tmp_path / "out.parquet", workers=1)
    found = pq.read_table(tmp_path / "out.parquet")
    for name in given.column_names:
        kept = found["input_status" if name == "status" else name]
        assert kept.type == given.schema.field(name).type
        assert str(kept.to_pylist()) == str(given[name].to_pylist())
    predict_file(tiny, tmp_path / "in.parquet", tmp_path / "out.csv", workers=1)
    with open(tmp_path / "out.csv", encoding="utf-8", newline="") as file:
        assert [row["n"] for row in csv.DictReader(file)] == ["1", "2", "", "4", "5"]


@pytest.mark.parametrize("group", [1, 3, 100])
def test_rows_of_a_parquet_file_come_so_many_at_a_time(tmp_path: Path, group: int):
    pq.write_table(pa.table({"x": range(10)}), tmp_path / "x.parquet", row_group_size=group)
    parts = list(typed_rows(tmp_path / "x.parquet", ["y"], 4))
    assert [part["y"].to_pylist() for part in parts] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_of_several_tasks_each_tells_its_own_domain(gaps: Path, tmp_path: Path):
    table = with_gaps(30, 1)
    (tmp_path / "in.csv").write_text("\n".join(["smiles", *table.smiles]))
    predict_file(gaps, tmp_path / "in.csv", tmp_path / "out.parquet", workers=1)
    found, wanted = pq.read_table(tmp_path / "out.parquet"), load(gaps).predict(table)
    for j, task in enumerate((TASK, OTHER)):
        assert found[f"{task}_in_domain"].to_pylist() == wanted.in_domain[:, j].tolist()
        at = found.column_names.index(f"{task}_in_domain")
        assert found.column_names[at - 1] == f"{task}_high"
    assert found["in_domain"].to_pylist() == wanted.in_domain.all(axis=1).tolist()
    assert any(found[f"{TASK}_in_domain"].to_pylist())
    assert not any(found["in_domain"].to_pylist())


def test_screening_writes_the_columns_that_predicting_writes(gaps: Path, model: Path, tmp_path: Path):
    (tmp_path / "in.csv").write_text("\n".join(["smiles", *series(20)[0]]))
    for folder, flags in (
        (gaps, [f"{TASK}_in_domain", f"{OTHER}_in_domain", "in_domain"]),
        (model, ["in_domain"]),
    ):
        predict_file(folder, tmp_path / "in.csv", tmp_path / "out.parquet", workers=1)
        screen_files([tmp_path / "in.csv"], folder, tmp_path / folder.name, top=5, workers=1)
        for file in ("out.parquet", f"{folder.name}/hits.parquet"):
            names = pq.read_schema(tmp_path / file).names
            assert [name for name in names if "in_domain" in name] == flags


class Overflowing:
    """A model whose numbers for the second molecule are too large."""

    tasks, minimize = ("a", "b"), ()

    def predict_mols(self, mols: list) -> Prediction:
        mean = np.ones((len(mols), 2))
        mean[1, 0] = np.inf
        return Prediction.bare(self.tasks, mean)


def test_a_prediction_that_is_not_finite_fails_with_a_reason():
    texts = ["CCO", "C1CC", "CCN", "CCC"]
    entries = [Entry(i, str(i), text) for i, text in enumerate(texts)]
    found = [Standardizer()(text) for text in texts]
    rows, score = Predict(Path("none")), Score(Path("none"), 5)
    rows._model = score._model = Overflowing()  # type: ignore[assignment]
    table = rows(entries, found)
    assert table["status"].to_pylist() == ["ok", "failed", "failed", "ok"]
    assert table["reason"][2].as_py() == "CRASH: the model's prediction is not a finite number"
    assert table["a_pred"].to_pylist() == table["b_pred"].to_pylist() == [1.0, None, None, 1.0]
    piece = score(entries, found)
    assert [(row["line"], row["code"]) for row in piece.rejects] == [(1, "SYNTAX"), (2, "CRASH")]
    assert piece.hits["line"].to_pylist() == [0, 3]
    assert piece.places == [0, 3]

"""What `train_model` makes of a curated table and of what it is asked."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from toy_runs import series

from yaokit.campaign import run_campaign
from yaokit.core.errors import NothingUsable
from yaokit.data.curation.curate import ValueColumn, curate, curate_to
from yaokit.models import load
from yaokit.models.train import Learning, train_model
from yaokit.models.validation import Validation

N = 48
VALUES = (ValueColumn("pIC50"),)
PLAN = """
[campaign]
title = "Columns"

[[steps]]
use = "curate"
files = ["own.csv"]
values = [{ column = "pIC50" }]

[[steps]]
use = "train"
models = ["nearest"]
folds = 3
repeats = 1
split = "column:source"
weight = "n"
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Molecules with columns that have the names of columns of a curated table."""
    with open(tmp_path / "own.csv", "w", encoding="utf-8", newline="") as file:
        found = enumerate(zip(*series(N), strict=True))
        rows = [(i % 4 + 1, s, y, "abc"[i % 3], i % 5 + 1) for i, (s, _, y) in found]
        csv.writer(file).writerows([("id", "smiles", "pIC50", "source", "n"), *rows])
    return tmp_path / "own.csv"


def learning(weight: str | None, split: str = "column:source") -> Learning:
    return Learning(models=["nearest"], validation=Validation(split, 3, 1), weight=weight)


def weights(folder: Path) -> np.ndarray:
    """(n,) the weights of the molecules that a model learned from."""
    return load(folder).training[1].weights[:, 0]


def check_own(folder: Path, oof: Path) -> None:
    """The model weighed by the file's own column, and each of its sources shares a fold."""
    n = np.arange(N) % 5 + 1
    assert weights(folder) == pytest.approx(n / n.mean())
    found = pq.read_table(oof)
    folds = dict(zip(found["row"].to_pylist(), found["fold"].to_pylist(), strict=True))
    assert len(folds) == N
    assert len({(row % 3, fold) for row, fold in folds.items()}) == 3


def test_options_name_the_columns_of_the_input(own: Path, tmp_path: Path):
    asked = learning("n")
    curated = curate([own], values=VALUES, keep=asked.columns, workers=1)
    assert curated.summary["columns"]["n"] == "input_n"
    train_model(curated, tmp_path / "m", asked, workers=1)
    check_own(tmp_path / "m", tmp_path / "m" / "oof.parquet")
    assert load(tmp_path / "m").validation.split == "column:source"


def test_of_a_curated_table_they_name_its_columns_too(own: Path, tmp_path: Path):
    curate_to(tmp_path / "clean.parquet", [own], values=VALUES, workers=1)
    asked = learning("input_n", "column:input_source")
    train_model(
        curate([tmp_path / "clean.parquet"], values=VALUES, keep=asked.columns, workers=1),
        tmp_path / "m",
        asked,
        workers=1,
    )
    check_own(tmp_path / "m", tmp_path / "m" / "oof.parquet")


def test_a_column_of_ids_can_weigh(own: Path, tmp_path: Path):
    asked = learning("id")
    curated = curate([own], values=VALUES, keep=asked.columns, workers=1)
    train_model(curated, tmp_path / "m", asked, workers=1)
    n = np.arange(N) % 4 + 1
    assert weights(tmp_path / "m") == pytest.approx(n / n.mean())
    assert curated.table.ids[4] == "1_2"  # still a name of its own


def test_a_campaign_means_the_columns_of_its_files(own: Path, tmp_path: Path):
    (tmp_path / "plan.toml").write_text(PLAN)
    run_campaign(tmp_path / "plan.toml", tmp_path / "out", workers=1)
    (model,) = (tmp_path / "out" / "steps").glob("train*/model")
    check_own(model, model.parent / "oof.parquet")


def test_columns_that_curation_adds_can_be_asked_for_where_the_input_has_none(tmp_path: Path):
    rows = [f"{s},{y}" for s, _, y in zip(*series(N), strict=True)]
    (tmp_path / "plain.csv").write_text("\n".join(["smiles,pIC50", *rows, rows[0]]) + "\n")
    curated = curate([tmp_path / "plain.csv"], values=VALUES, workers=1)
    train_model(curated, tmp_path / "m", learning("n", "random"), workers=1)
    assert weights(tmp_path / "m")[0] == pytest.approx(2 * weights(tmp_path / "m")[1])


@pytest.mark.parametrize(
    "value",
    [lambda y: 10 ** (9 - y), lambda y: y - 9],
    ids=["most", "some"],  # nM; a log solubility, of which only the low ones are no -log10 molar
)
def test_values_many_of_which_do_not_fit_their_unit_teach_nothing(value: Any, tmp_path: Path):
    with open(tmp_path / "own.csv", "w", encoding="utf-8", newline="") as file:
        rows = [(s, value(y)) for s, _, y in zip(*series(N), strict=True)]
        csv.writer(file).writerows([("smiles", "IC50"), *rows])
    curated = curate([tmp_path / "own.csv"], values=(ValueColumn("IC50"),), workers=1)
    with pytest.raises(NothingUsable, match=r"rows have a value that the unit p does not allow.*--unit"):
        train_model(curated, tmp_path / "out", Learning(models=["nearest"]), workers=1)
    assert not (tmp_path / "out.part").exists()


@pytest.mark.parametrize("way", ["here", "link"])
def test_a_model_can_take_the_place_of_the_current_folder_or_of_a_link(
    way: str, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real, target_is_directory=True)
    curated, asked = curate([own], values=VALUES, workers=1), learning(None, "random")
    monkeypatch.chdir(real if way == "here" else tmp_path)
    for _ in range(2):  # the second takes the place of the first
        train_model(curated, Path("." if way == "here" else "link"), asked, workers=1)
        assert Path("card.json" if way == "here" else "link/card.json").is_file()
    assert load(real).n_rows == N
    assert (tmp_path / "link").is_symlink()
    assert {path.name for path in tmp_path.iterdir()} == {"own.csv", "real", "link"}

"""A model on another table: every row kept, values in the model's unit, leakage counted."""

import csv
import shutil
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from toy_gaps import OTHER, with_gaps
from toy_pages import Page
from toy_runs import TASK, measured, series

from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.table import MolTable
from yaokit.data.curation.beside import completed
from yaokit.data.curation.curate import ValueColumn, curate
from yaokit.models import load
from yaokit.models.labels import make
from yaokit.models.train import Learning, train_model
from yaokit.models.trusted import Trusted
from yaokit.models.validation import Validation
from yaokit.report.evaluated import write
from yaokit.report.findings import summary
from yaokit.screen.evaluate import AKIN, SAME, evaluate_file, value_columns

HEADER = ("Name", "smiles", TASK)
ODD = (("bad", "CC(C", "5"), ("empty", "CCO", ""), ("text", "CCCO", "huh"), ("bound", "CCCCO", ">7"))


def table(path: Path, n: int = 40, offset: int = 1, header: tuple = HEADER) -> Path:
    """n molecules of the series, most not learned from, and the odd rows."""
    rows = [(i, s, y) for s, i, y in zip(*series(n, offset), strict=True)]
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows, ("again", rows[0][1], rows[0][2]), *ODD])
    return path


@pytest.fixture(scope="module")
def done(model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """The folder of one evaluation and its metrics; tests must not change them."""
    folder = tmp_path_factory.mktemp("evaluated")
    out = folder / "out"
    return out, evaluate_file(model, table(folder / "in.csv"), out, workers=1)


def test_every_row_keeps_its_place_with_status_and_reason(done):
    out, metrics = done
    with open(out / "predictions.csv", encoding="utf-8", newline="") as file:
        rows = {row["Name"]: row for row in csv.DictReader(file)}
    assert metrics["n_in"] == len(rows) == 45
    reasons = {name: (rows[name]["status"], rows[name]["reason"].split(":")[0]) for name, *_ in ODD}
    assert reasons == {
        "bad": ("failed", "SYNTAX"),
        "empty": ("ok", "VALUE_MISSING"),
        "text": ("ok", "VALUE_TEXT"),
        "bound": ("ok", "BOUND"),
    }
    assert rows["again"]["reason"].startswith("MERGED: a replicate of")
    assert [row[f"{TASK}_judged"] for row in rows.values()].count("True") == metrics["tasks"][0]["n"] == 40


def test_numbers_stand_beside_the_baselines_with_intervals(done):
    about = done[1]["tasks"][0]
    assert list(about["models"]) == ["nearest", "forest", "stack"]
    for found in about["models"].values():
        assert found["rmse"]["low"] < found["rmse"]["mean"] < found["rmse"]["high"]
    assert set(about["comparison"]) == {"nearest", "forest"}
    assert 0 <= about["interval"]["coverage"] <= 1
    assert about["n_bounds"] == 1


def test_the_baseline_is_the_one_that_learns_from_the_same_molecules(done, model):
    nearest = make("nearest").fit(measured(120), [TASK])
    with open(done[0] / "predictions.csv", encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file))
    expected = nearest.predict(MolTable.of([row["smiles"]])).mean[0, 0]
    assert float(row[f"{TASK}_nearest"]) == pytest.approx(expected, abs=1e-3)


def test_numbers_are_judged_with_all_digits_and_written_with_six(done, model):
    smiles, _, y = series(40, 1)
    exact = load(model).predict(MolTable.of(smiles)).mean[:, 0]
    found = done[1]["tasks"][0]["models"]["stack"]
    assert found["mae"]["mean"] == pytest.approx(np.abs(exact - y).mean(), rel=1e-9)
    with open(done[0] / "predictions.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:40]
    for name in ("pred", "low", "high", "nearest", "forest"):
        written = [float(row[f"{TASK}_{name}"]) for row in rows]
        assert written == [float(f"{value:.6g}") for value in written]
    assert [float(row[f"{TASK}_pred"]) for row in rows] == pytest.approx(exact, rel=1e-5)


def test_molecules_that_were_learned_from_are_counted_and_left_out(model, tmp_path):
    metrics = evaluate_file(model, table(tmp_path / "in.csv", 24, 0), tmp_path / "out", workers=1)
    about = metrics["tasks"][0]
    n = metrics["leakage"]["same_connectivity"]
    assert 0 < n < about["n"]
    assert about["n_learned"] == n
    assert about["without_learned"]["n"] == about["n"] - n
    with open(tmp_path / "out" / "predictions.csv", encoding="utf-8", newline="") as file:
        seen = [row["in_training"] for row in csv.DictReader(file)]
    assert seen.count(SAME) + seen.count(AKIN) == n


def test_nothing_is_called_better_by_molecules_that_were_learned_from(model, tmp_path):
    def told(n: int) -> dict:
        metrics = evaluate_file(model, table(tmp_path / "in.csv", n, 0), tmp_path / "out", workers=1)
        write(tmp_path / "out")
        return metrics["tasks"][0]

    some, new = told(40), told(40)["without_learned"]
    gap = new["models"]["stack"]["rmse"]["mean"] - new["models"]["forest"]["rmse"]["mean"]
    assert some["comparison"]["forest"]["difference"] == pytest.approx(gap)
    assert summary(some)[1].startswith(f"On the {new['n']} molecules it did not learn from, the stack is")
    known = load(model).smiles
    rows = [[i, s, y] for s, i, y in zip(*series(60, 0), strict=True) if s in set(known)]
    with open(tmp_path / "known.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    alone = evaluate_file(model, tmp_path / "known.csv", tmp_path / "out", workers=1)["tasks"][0]
    assert alone["n_learned"] == alone["n"] == len(rows)
    assert summary(alone) == (
        False,
        "The stack was not compared with a baseline: it learned from all these molecules.",
    )
    assert "they say nothing of others" in write(tmp_path / "out").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def mixed(model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """The folder of an evaluation on the 120 molecules learned from and 60 new ones, and its metrics."""
    folder = tmp_path_factory.mktemp("mixed")
    known = set(load(model).smiles)
    new = [(i, s, y) for s, i, y in zip(*series(120, 1), strict=True) if s not in known][:60]
    with open(folder / "in.csv", "w", encoding="utf-8", newline="") as file:
        rows = [(i, s, y) for s, i, y in zip(*series(120), strict=True)]
        csv.writer(file).writerows([HEADER, *rows, *new])
    return folder / "out", evaluate_file(model, folder / "in.csv", folder / "out", workers=1)


def test_without_learned_holds_all_that_is_told_of_the_others_alone(mixed, model, tmp_path):
    with open(mixed[0] / "predictions.csv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if not row["in_training"]]
    with open(tmp_path / "new.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *([row[name] for name in HEADER] for row in rows)])
    alone = evaluate_file(model, tmp_path / "new.csv", tmp_path / "out", workers=1)["tasks"][0]
    about = mixed[1]["tasks"][0]
    new = about["without_learned"]
    assert (about["n"], about["n_learned"], new["n"]) == (180, 180 - len(rows), len(rows))
    for key in ("models", "comparison", "interval", "error_by_similarity"):
        assert new[key] == alone[key], key
    assert new["domain"] == {key: alone["domain"][key] for key in new["domain"]}
    assert new["interval"]["coverage"] < about["interval"]["coverage"]


def test_the_page_shows_the_molecules_not_learned_from_first(mixed):
    about, text = mixed[1]["tasks"][0], Page(write(mixed[0]).read_text(encoding="utf-8")).text
    new, every = (
        f"{found['models']['stack']['rmse']['mean']:.3f}" for found in (about["without_learned"], about)
    )
    assert new != every
    assert -1 < text.index(new) < text.index("With molecules that the model learned from") < text.index(every)
    assert f"without {about['n_learned']} that it learned from" in text


def test_each_task_is_judged_by_its_own_domain(gaps, tmp_path):
    measured_table = with_gaps(30, 1)
    columns = [measured_table.smiles, *(measured_table.column(task) for task in (TASK, OTHER))]
    with open(tmp_path / "in.csv", "w", encoding="utf-8", newline="") as file:
        rows = [[s, *("" if np.isnan(v) else v for v in values)] for s, *values in zip(*columns, strict=True)]
        csv.writer(file).writerows([("smiles", TASK, OTHER), *rows])
    first, second = evaluate_file(gaps, tmp_path / "in.csv", tmp_path / "out", workers=1)["tasks"]
    inside = load(gaps).predict(measured_table).in_domain
    assert not inside.all(axis=1).any()
    assert first["domain"]["share_in_domain"] == pytest.approx(inside[:30, 0].mean())
    assert second["domain"]["share_in_domain"] == pytest.approx(inside[30:, 1].mean())
    assert first["domain"]["share_in_domain"] > 0
    assert (first["minimize"], first["n_judged"]) == (False, first["n"])
    assert write(tmp_path / "out").is_file()


def test_a_page_is_made_from_the_folder(done):
    text = write(done[0]).read_text(encoding="utf-8")
    page = Page(text)
    assert [a["id"] for a in page.all("section")] == ["summary", "quality", "leakage", "data"]
    assert f"{TASK}: predicted and measured" in {a["aria-label"] for a in page.all("svg", "chart")}
    assert "nan" not in page.text.lower().split()
    assert "RMSE in cross-validation" in page.text


def test_columns_of_the_table_with_our_names_are_all_kept(model, tmp_path):
    mine = (f"{TASK}_judged", f"input_{TASK}_judged", "status", "input_status")
    rows = [(s, str(y), *"abcd") for s, y in zip(*series(12, 1)[::2], strict=True)]
    with open(tmp_path / "in.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("smiles", TASK, *mine), *rows])
    evaluate_file(model, tmp_path / "in.csv", tmp_path / "out", workers=1)
    with open(tmp_path / "out" / "predictions.csv", encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file))
    assert {name: value for name, value in row.items() if value in "abcd" and value} == {
        f"input_input_{TASK}_judged": "a",
        f"input_{TASK}_judged": "b",
        "input_input_status": "c",
        "input_status": "d",
    }


@pytest.mark.parametrize("is_link", [True, False], ids=["link", "current folder"])
def test_a_link_and_the_current_folder_can_be_written_to(model, tmp_path, monkeypatch, is_link):
    file, real, out = table(tmp_path / "in.csv", 12), tmp_path / "real", tmp_path / "link"
    real.mkdir()
    out.symlink_to(real)
    monkeypatch.chdir(real)
    for _ in range(2):
        evaluate_file(model, file, out if is_link else Path("."), workers=1)
        write(out)
        assert {path.name for path in out.iterdir()} == {"metrics.json", "predictions.csv", "report.html"}
        assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "link", "real"]
    assert out.is_symlink()


@pytest.mark.parametrize(
    ("target", "column"),
    [("a=b", "a=b"), (f"{TASK}=a=b", "a=b"), (f"{TASK}=c", "c"), ("c", "c"), (f"{TASK}=d", "d")],
)
def test_a_column_may_have_an_equals_sign(model, tmp_path, target, column):
    (tmp_path / "in.csv").write_text("smiles,a=b,c\nCCO,5,6\n")
    (found,) = value_columns(model, cast(Trusted, load(model)), tmp_path / "in.csv", [target], ())
    assert (found.task, found.column) == (TASK, column)


@pytest.mark.parametrize("text", ["{", "{}", "[]", '{"tasks": [1]}', '{"tasks": [{}]}'])
def test_a_damaged_record_of_the_curation_is_told(model, tmp_path, text):
    folder = shutil.copytree(model, tmp_path / "model")
    (folder / "curation.json").write_text(text)
    with pytest.raises(UsageError, match=r"curation\.json is damaged: copy the folder again"):
        evaluate_file(folder, table(tmp_path / "in.csv", 2), tmp_path / "out", workers=1)
    assert not (tmp_path / "out.part").exists()


def test_another_column_is_named_by_its_task(model, tmp_path):
    file = table(tmp_path / "in.csv", header=("Name", "smiles", "Activity"))
    metrics = evaluate_file(model, file, tmp_path / "out", targets=[f"{TASK}=Activity"], workers=1)
    assert metrics["tasks"][0]["n"] == 40


@pytest.mark.parametrize(
    ("targets", "told"),
    [
        ((), f"no column '{TASK}' with measured values; there are: Name, smiles, Activity"),
        (("Ki=Activity",), f"the model has no task 'Ki'; it has: {TASK}"),
        ((f"{TASK}=Other",), "Other"),
    ],
)
def test_a_column_that_is_not_there_is_a_usage_error(targets, told, model, tmp_path):
    file = table(tmp_path / "in.csv", 4, header=("Name", "smiles", "Activity"))
    with pytest.raises(UsageError, match=told):
        evaluate_file(model, file, tmp_path / "out", targets=targets, workers=1)
    assert not (tmp_path / "out").exists()


def test_a_folder_with_other_things_in_it_is_not_written_over(model, tmp_path):
    with pytest.raises(UsageError, match="holds no evaluation"):
        evaluate_file(model, table(tmp_path / "in.csv", 4), tmp_path, workers=1)


def test_the_model_itself_is_not_written_over(model, tmp_path):
    shutil.copytree(model, tmp_path / "model")
    with pytest.raises(UsageError, match="holds no evaluation"):
        evaluate_file(tmp_path / "model", table(tmp_path / "in.csv", 4), tmp_path / "model", workers=1)
    assert load(tmp_path / "model").tasks == (TASK,)


def test_an_empty_folder_and_an_older_evaluation_are_written_to(model, tmp_path):
    (tmp_path / "out").mkdir()
    for _ in range(2):
        evaluate_file(model, table(tmp_path / "in.csv", 12), tmp_path / "out", workers=1)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"metrics.json", "predictions.csv"}


def test_nothing_to_judge_is_said(model, tmp_path):
    (tmp_path / "in.csv").write_text(f"smiles,{TASK}\nCCO,>5\nCCN,<4\n")
    with pytest.raises(NothingUsable, match="no row has both"):
        evaluate_file(model, tmp_path / "in.csv", tmp_path / "out", workers=1)


def test_a_row_without_a_unit_is_read_as_in_training(tmp_path: Path):
    known = enumerate(zip(*series(40), strict=True))
    rows = [(i, s, f"{10 ** (9 - y):.6g}", "nM" if n % 5 else "") for n, (s, i, y) in known]
    with open(tmp_path / "in.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("Name", "smiles", "Standard Value", "Standard Units"), *rows])
    path = tmp_path / "in.csv"
    values, notes = completed([path], [ValueColumn("Standard Value")], unit_asked=False)
    curated = curate([path], values=values, notes=notes, workers=1)
    learning = Learning(models=["nearest"], validation=Validation("random", 3, 1))
    train_model(curated, tmp_path / "m", learning, workers=1)
    (value,) = value_columns(tmp_path / "m", cast(Trusted, load(tmp_path / "m")), path, [], [])
    assert (value.unit, value.unit_column) == ("nM", "Standard Units")
    (task,) = evaluate_file(tmp_path / "m", path, tmp_path / "e", workers=1)["tasks"]
    assert task["n"] == 40

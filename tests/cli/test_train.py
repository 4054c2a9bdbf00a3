import csv
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from toy_encoder import saved_encoder
from toy_runs import series

from yaokit.cli.train import _of_stack, _verdict

SMALL = ("--model", "boosting", "--folds", "3", "--repeats", "1", "--workers", "1", "--quiet")


def _write(path: Path, rows: Sequence[Sequence[str]]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """40 anilides, each CH2 adding a quarter to their value, and one broken row."""
    chains = [
        ("C" * (i % 20 + 1), ring) for i in range(40) for ring in ["ccccc1", "ccncc1"][i // 20 : i // 20 + 1]
    ]
    rows = [[f"{chain}NC(=O)c1{ring}", f"{4 + len(chain) / 4}", "x"] for chain, ring in chains]
    _write(tmp_path / "table.csv", [["smiles", "pIC50", "note"], *rows, ["CC(C", "5", "x"]])
    return tmp_path / "table.csv"


def test_train_then_predict_row_by_row(yaokit: Callable, table: Path, tmp_path: Path) -> None:
    done = yaokit("train", table, "--target", "pIC50", "-o", "model", "--split", "random", *SMALL)
    assert done.returncode == 0, done.stderr
    assert "1 rejected (1 SYNTAX)" in done.stdout
    assert "nearest" in done.stdout
    assert "verdict" in done.stdout
    _write(tmp_path / "new.csv", [["smiles", "note"], ["CCCNC(=O)c1ccccc1", "x"], ["CC(C", "y"]])
    done = yaokit("predict", "model", "new.csv", "-o", "out.csv", "--json")
    assert json.loads(done.stdout) == {"n_in": 2, "n_ok": 1, "n_failed": 1}
    with open(tmp_path / "out.csv", encoding="utf-8", newline="") as file:
        good, bad = csv.DictReader(file)
    assert float(good["pIC50_low"]) < float(good["pIC50_pred"]) < float(good["pIC50_high"])
    assert (bad["note"], bad["pIC50_pred"], bad["status"]) == ("y", "", "failed")
    assert bad["reason"].startswith("SYNTAX")


def test_labels_are_taken_for_classes(yaokit: Callable, table: Path, tmp_path: Path) -> None:
    with open(table, encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    labels = [[*row, "active" if float(row[1]) > 6.4 else "inactive"] for row in rows]
    _write(table, [[*head, "label"], *labels])
    asked = ("--target", "label", "--split", "random", "--learning-curve")
    done = yaokit("train", table, *asked, "-o", "model", *SMALL)
    assert done.returncode == 0, done.stderr
    assert "AUROC" in done.stdout
    assert "learn" in (tmp_path / "model" / "report.html").read_text(encoding="utf-8")
    done = yaokit("predict", "model", table, "-o", "out.csv", "--quiet")
    with open(tmp_path / "out.csv", encoding="utf-8", newline="") as file:
        out = list(csv.DictReader(file))
    assert {row["label_set"] for row in out if row["status"] == "ok"} <= {"0", "1", "both", "none"}
    assert all(0 <= float(row["label_pred"]) <= 1 for row in out if row["status"] == "ok")
    assert (out[-1]["label_pred"], out[-1]["label_set"]) == ("", "")
    done = yaokit("evaluate", "model", table, "-o", "checked", "--quiet")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "checked" / "report.html").exists()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--target", "pIC50", "--model", "bosting"], 2, "choose one or more different ones of: boosting"),
        (["--target", "pIC50", "--model", "svm:graph"], 2, "it reads: fp, full"),
        (["--target", "pIC50", "--time-limit", "0"], 2, "leaves no time"),
        (
            ["--target", "pIC50", "--weight", "note"],
            2,
            "no usable weight in 'note' (the first, '0', has 'x')",
        ),
        (["--target", "pIC50", "--task", "classification"], 2, "not two classes; give --threshold"),
        (["--target", "pIC50", "--threshold", "6"], 2, "add --task classification"),
        (["--target", "pIC50", "--model", "mlp", "--device", "mps"], 2, "this machine has"),
        (["--target", "pIC50", "--balanced"], 2, "no target has classes"),
        (["--target", "pIC50", "--model", "gnn", "--features", "full"], 2, "would change nothing"),
        (["--target", "pIC50", "--model", "gp", "--tune", "3"], 2, "none of gp has settings to tune"),
        (["--target", "Ki"], 2, "no column 'Ki'"),
        (["--target", "pIC50", "--folds", "2"], 2, "3 or more"),
        (["--target", "pIC50", "--minimize", "x"], 2, "--minimize x is no --target"),
        (["--target", "pIC50", "--unit", "p", "--unit", "p"], 2, "1 --target but 2 --unit"),
        (["--target", "pIC50", "--split", "leaky"], 2, "leaky"),
        (["--target", "note", "--unit", "none"], 3, "VALUE_TEXT"),
    ],
)
def test_wrong_settings_are_one_line_and_leave_no_model(
    words: list[str], code: int, told: str, yaokit: Callable, table: Path, tmp_path: Path
) -> None:
    done = yaokit("train", table, *words, "-o", "model", "--quiet")
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.glob("model*"))


@pytest.mark.parametrize(
    ("factor", "shape"),
    [(1, r"\d\.\d{3}"), (1e-6, r"[\d.]{1,4}e-0[678]"), (1e6, r"[\d.]{1,4}e\+0[56]")],
    ids=["ordinary", "small", "large"],
)
def test_errors_are_shown_in_every_unit(
    factor: float, shape: str, yaokit: Callable, table: Path, tmp_path: Path
) -> None:
    with open(table, encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    _write(table, [head, *([row[0], str(float(row[1]) * factor), row[2]] for row in rows)])
    small = ("--model", "nearest", "--unit", "none", "--split", "random", *SMALL[2:])
    done = yaokit("train", table, "--target", "pIC50", "-o", "model", *small)
    assert done.returncode == 0, done.stderr
    assert re.search(rf"stack +RMSE {shape} ± ", done.stdout), done.stdout


def test_the_help_of_predict_names_every_column(yaokit: Callable) -> None:
    told = yaokit("predict", "--help").stdout
    assert all(name in told for name in ("T_pred", "T_std", "T_low", "T_high", "T_set", "in_domain"))


def test_predict_with_a_folder_that_is_no_model(yaokit: Callable, table: Path, tmp_path: Path) -> None:
    done = yaokit("predict", tmp_path, table, "-o", "out.csv")
    assert done.returncode == 2
    assert "not a model folder" in done.stderr


def test_screen_keeps_the_best_and_says_what_it_rejected(
    yaokit: Callable, table: Path, tmp_path: Path
) -> None:
    yaokit("train", table, "--target", "pIC50", "-o", "model", "--split", "random", *SMALL)
    (tmp_path / "library.smi").write_text("CCCNC(=O)c1ccccc1 a\nCC(C b\nCCOc1ccccc1 c\nCCCNC(=O)c1ccccc1 d\n")
    command = ("screen", "library.smi", "--model", "model", "--top", "2", "-o", "hits", "--json")
    done = yaokit(*command, "--max-rejects", "0")
    told = json.loads(done.stdout)
    assert (done.returncode, told["n_in"], told["n_out"], told["codes"]) == (4, 4, 2, {"SYNTAX": 1})
    with open(tmp_path / "hits" / "hits.csv", encoding="utf-8", newline="") as file:
        assert {row["id"] for row in csv.DictReader(file)} == {"a", "c"}
    assert yaokit(*command).stdout == done.stdout  # from the shards of the first


@pytest.fixture
def dated(tmp_path: Path) -> Path:
    """80 molecules of the embedded series with a date, a series and a train/test column."""
    rows = [["smiles", "pIC50", "Date", "series", "split", "lot"]]
    for i, (text, _, y) in enumerate(zip(*series(80), strict=True)):
        when = f"20{10 + i // 12}-{i % 12 + 1:02d}-05"
        rows.append([text, str(y), when, "abcd"[i % 4], "test" if i > 60 else "train", "x"])
    _write(tmp_path / "dated.csv", rows)
    return tmp_path / "dated.csv"


@pytest.mark.parametrize(
    ("split", "folds", "told"),
    [
        ("butina", 3, "butina split, 3 folds"),
        ("time:Date", 3, "time:Date split, 3 folds"),
        ("column:series", 3, "column:series split, 3 folds"),
        ("column:split", 1, "column:split split, one test set"),
    ],
)
def test_every_split_ends_in_the_card_and_the_metrics(
    split: str, folds: int, told: str, yaokit: Callable, dated: Path, tmp_path: Path
) -> None:
    small = ("--model", "nearest", "--folds", "3", "--workers", "1", "--quiet")
    done = yaokit("train", dated, "--target", "pIC50", "-o", "model", "--split", split, *small)
    assert done.returncode == 0, done.stderr
    assert told in done.stdout
    assert "leakage" in done.stdout
    card, metrics = (json.loads((tmp_path / "model" / f"{n}.json").read_text()) for n in ("card", "metrics"))
    about = metrics["tasks"][0]
    assert card["validation"]["split"] == about["split"] == split
    assert (about["folds"], about["n"]) == (folds, 80)
    assert about["models"]["stack"]["rmse"]["mean"] > 0
    assert {"nearest", "forest"} == set(about["comparison"])
    oof = pq.read_table(tmp_path / "model" / "oof.parquet")
    if split.endswith("split"):
        assert len(oof) == metrics["leakage"]["n_test"] == 19
        assert about["comparison"]["forest"]["p"] is not None
    if split.startswith("time"):
        assert len(oof) == 40  # the last three quarters of the later two thirds
        assert about["repeats"] == 1


@pytest.mark.parametrize("column", ["part", "series"])
def test_where_only_one_class_is_judged_the_report_says_so(
    column: str, yaokit: Callable, tmp_path: Path
) -> None:
    rows = [["smiles", "toxic", "part", "series"]]
    for i, text in enumerate(series(80)[0]):
        is_test = i % 4 == 0
        toxic = is_test or (column == "part" and i % 4 == 1)
        rows.append([text, str(int(toxic)), "test" if is_test else "train", "abcd"[i % 4]])
    _write(tmp_path / "toxic.csv", rows)
    small = ("--model", "nearest", "--folds", "4", "--workers", "1", "--quiet")
    done = yaokit("train", "toxic.csv", "--target", "toxic", "--split", f"column:{column}", "-o", "m", *small)
    assert done.returncode == 0, done.stderr
    assert "not compared with a baseline: its AUROC is unknown here" in done.stdout
    page = (tmp_path / "m" / "report.html").read_text(encoding="utf-8")
    assert "Not tested against the random forest: its AUROC is unknown here" in page


@pytest.mark.parametrize(
    ("split", "told"),
    [
        ("time:When", "has no column 'When'; its columns are: "),
        ("time:series", "80 of 80 rows have no time in the column 'series'"),
        ("column:lot", "3 folds need at least 3 different values in the column 'lot'; there are 1"),
        ("time", "needs a column: time:COLUMN"),
    ],
)
def test_a_split_that_cannot_be_made_says_why(
    split: str, told: str, yaokit: Callable, dated: Path, tmp_path: Path
) -> None:
    small = ("--model", "nearest", "--folds", "3", "--workers", "1", "--quiet")
    done = yaokit("train", dated, "--target", "pIC50", "-o", "model", "--split", split, *small)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert told in done.stderr
    assert not (tmp_path / "model").exists()


def test_no_output_takes_the_place_of_its_input(yaokit, tmp_path):
    (tmp_path / "new.csv").write_text("smiles\nCCO\n")
    done = yaokit("predict", "model", "new.csv", "-o", "new.csv")
    assert (done.returncode, (tmp_path / "new.csv").read_text()) == (2, "smiles\nCCO\n")
    assert "overwritten" in done.stderr


def test_what_was_chosen_of_the_stack_is_shown_where_there_was_a_choice():
    one = {"weights": {"svm": 1.0}, "way": "fitted", "scale": "linear", "scale_on_judged": False}
    assert _of_stack(one) == []
    two = {"weights": {"svm": 0.25, "gp": 0.75}, "way": "between", "scale": "rank", "scale_on_judged": True}
    assert _of_stack(two) == [
        ("  weights", "svm 0.25, gp 0.75; half fitted, half equal"),
        ("  scale", "ranks, chosen on rows that also judge"),
    ]


@pytest.fixture
def encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a pre-trained encoder, in a cache of its own."""
    monkeypatch.setenv("YAOKIT_CACHE", str(tmp_path / "cache"))
    return saved_encoder(tmp_path / "encoder")


def test_a_pretrained_encoder_is_read(yaokit: Callable, table: Path, encoder: Path) -> None:
    asked = ("--target", "pIC50", "--split", "random", "--model", "svm:embedded", "--from", encoder)
    done = yaokit("train", table, *asked, "-o", "model", *SMALL[2:])
    assert done.returncode == 0, done.stderr
    assert "svm:embedded@" in done.stdout
    assert (encoder.parent / "model" / "encoders" / "keys.json").is_file()
    done = yaokit("predict", "model", table, "-o", "out.csv", "--quiet")
    assert done.returncode == 0, done.stderr


def test_an_encoder_that_nobody_takes_is_refused(yaokit: Callable, table: Path, encoder: Path) -> None:
    done = yaokit("train", table, "--target", "pIC50", "-o", "model", *SMALL, "--from", encoder)
    assert done.returncode == 2
    assert "none of boosting takes the encoder of --from" in done.stderr
    assert not (encoder.parent / "model").exists()


def test_what_is_worse_than_a_baseline_is_called_so() -> None:
    worse = {"metric": "rmse", "difference": 0.25, "low": 0.15, "high": 0.35, "p": 0.0004, "better": False}
    better = {**worse, "difference": -0.25, "low": -0.35, "high": -0.15, "better": True}
    about = {"kind": "regression", "n": 40, "comparison": {"nearest": better, "forest": worse}}
    told = "The stack is better than nearest neighbor, but worse than random forest, beyond the noise."
    assert _verdict(about) == told

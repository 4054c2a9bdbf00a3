"""The transfer benchmark: the same rows and test part for all, and what is said of them."""

import csv
from pathlib import Path

import numpy as np
import pytest
from toy_runs import series

from yaokit.bench.fits import Place
from yaokit.bench.scores import MEASURES
from yaokit.bench.transfer import Transfer, drawn, sizes
from yaokit.bench.transfer_page import summary, task_rows, told
from yaokit.core.errors import UsageError

TASK, CLIFFS = "herg", "CHEMBL1862_Ki"


@pytest.fixture
def bench(tmp_path: Path, encoder: Path, monkeypatch: pytest.MonkeyPatch) -> Transfer:
    monkeypatch.setenv("YAOKIT_CACHE", str(tmp_path / "cache"))
    smiles, _, y = series(40)
    smiles[-1] = "not a molecule"
    for name, columns, values, train in (
        (f"tdc_admet_group/{TASK}.csv", ["Drug", "Y"], (y > np.median(y)).astype(int), "train_val"),
        (f"moleculeace/{CLIFFS}.csv", ["smiles", "y"], y, "train"),
    ):
        lines = [
            [s, v, train if i < 24 else "test"] for i, (s, v) in enumerate(zip(smiles, values, strict=True))
        ]
        (tmp_path / name).parent.mkdir(exist_ok=True)
        with open(tmp_path / name, "w", newline="") as file:
            csv.writer(file).writerows([[*columns, "split"], *lines])
    place = Place(tmp_path / "fits", tmp_path / "cache")
    return Transfer(tmp_path, place, encoders={"toy": ("masked", str(encoder))})


def test_each_way_answers_the_same_test_part(bench: Transfer):
    rows = bench.rows({(TASK, 0): bench.measure(TASK, 0) | {"seconds": 1.0}})
    (row,) = rows
    assert (row["n"], row["is_all"], row["unread"], row["n_test"]) == (24, True, 1, 16)
    assert set(row["ways"]) == {"scratch", "tuned", "usual", "svm", "gp", "forest"}
    assert len({way["mean"] for way in row["ways"].values()}) > 1
    about = {"command": "yaokit bench", "version": "0", "seeds": [0], "seconds": 1.0}
    page = bench.page({"rows": rows, "summary": bench.summary(rows), **about})
    assert "## toy" in page
    assert "24 (all)" in page
    assert "names no molecules that were held out" in page


def test_tasks_are_measured_as_their_source_does(bench: Transfer):
    parts = {task: bench.parts(task) for task in (TASK, CLIFFS)}
    assert [found[2].label for found in parts.values()] == ["AUROC", "RMSE"]
    assert [(len(found[0]), len(found[1])) for found in parts.values()] == [(24, 16), (24, 16)]


def test_rows_of_a_smaller_number_stand_in_the_larger():
    assert set(drawn(50, 10, 3)) < set(drawn(50, 20, 3))
    assert list(drawn(5, 5, 3)) == list(range(5))
    assert not np.array_equal(drawn(50, 10, 3), drawn(50, 10, 4))
    assert [sizes(n) for n in (60, 503, 700, 9_000)] == [[60], [100, 500], [100, 500, 700], [100, 500]]


def _parts(scores: dict[str, dict[str, float]]) -> dict:
    uses = {"toy": {"scratch": "a", "tuned": "b", "usual": "c", "svm": "d", "gp": "e"}}
    seconds = {size: dict.fromkeys(found, 1.0) for size, found in scores.items()}
    return {
        "uses": uses,
        "scores": scores,
        "fit_seconds": seconds,
        "beyond": {size: {"toy": found["b"] == 0.1} for size, found in scores.items()},
        "held_out": {"toy": True},
        "n_train": 900,
        "n_test": 9,
        "unread": 0,
    }


def _ways(**mine: float) -> dict[str, float]:
    return dict.fromkeys(("a", "b", "c", "d", "e", "forest"), 0.8) | mine


def test_lower_errors_are_counted_up_to_500_molecules():
    scores = {"100": _ways(a=1.0, b=0.5), "500": _ways(a=0.5, b=0.6), "900": _ways(a=1.0, b=0.1)}
    rows = task_rows("x", MEASURES["rmse"], [_parts(scores)])
    said = summary(rows)
    assert (said["toy_won"], said["toy_comparisons"], said["toy_won_share"]) == (1, 2, 0.5)
    assert said["toy_lower_by"] == pytest.approx((0.5 - 0.2) / 2)
    assert said["toy_lower_by_at_all"] == pytest.approx(0.9)
    assert said["toy_tuned_below_forest"] == 2


def test_networks_with_descriptors_are_compared_with_each_other():
    part = _parts({"100": _ways(a=1.0, b=0.5, f=0.4, g=0.3)})
    part["uses"]["toy"] |= {"scratch_described": "f", "tuned_described": "g"}
    rows = task_rows("x", MEASURES["rmse"], [part])
    said = summary(rows)
    assert said["toy_tuned_below_scratch_described"] == 0
    assert (said["toy_described_won"], said["toy_described_lower_by"]) == (1, pytest.approx(0.25))
    assert "wins 1 of 1; its error is on average 25.0% lower" in told("toy", rows, said)


def test_a_win_beyond_noise_is_one_of_most_seeds():
    parts = [_parts({"100": _ways(a=1.0, b=b)}) for b in (0.1, 0.5, 0.1)]
    assert summary(task_rows("x", MEASURES["rmse"], parts))["toy_won_beyond_noise"] == 1
    assert summary(task_rows("x", MEASURES["rmse"], parts[:2]))["toy_won_beyond_noise"] == 0


def test_of_an_auroc_the_error_is_what_is_missing_to_one():
    rows = task_rows("x", MEASURES["auroc"], [_parts({"100": _ways(a=0.8, b=0.9)})])
    assert rows[0]["lower_by"]["tuned"] == pytest.approx(0.5)


def test_without_an_encoder_nothing_is_measured(tmp_path: Path):
    place = Place(tmp_path / "fits", tmp_path / "cache")
    with pytest.raises(UsageError, match="no pre-trained encoder is shipped"):
        Transfer(tmp_path, place, encoders={})
    with pytest.raises(UsageError, match="no --members"):
        Transfer(tmp_path, place, ["forest"])

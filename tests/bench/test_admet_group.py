"""The ADMET group: test rows keep their place, nothing is chosen on them, leaks are counted."""

from pathlib import Path

import numpy as np
import pytest

from yaokit.bench.admet_group import TASKS, AdmetGroup, limited, published
from yaokit.bench.fits import Place
from yaokit.bench.scores import MEASURES

SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def group(data: Path, tmp_path: Path) -> AdmetGroup:
    return AdmetGroup(data, Place(tmp_path / "fits", tmp_path / "cache"), ["nearest"])


@pytest.mark.parametrize("task", ["caco2_wang", "hia_hou"])
def test_every_test_row_is_answered_in_its_place(group: AdmetGroup, task: str):
    part = group.measure(task, 0)
    assert len(part["y"]) == len(part["predicted"]) == 15
    assert np.isfinite(part["predicted"]).all()
    assert part["unread"] == [14]


def test_a_row_that_does_not_parse_gets_the_middle_of_what_was_learned(group: AdmetGroup):
    learning, _, _ = group.learning("caco2_wang", 0)
    predicted = group.measure("caco2_wang", 0)["predicted"]
    assert predicted[14] == pytest.approx(np.median(learning.y.values))


def test_molecules_of_both_parts_are_counted(group: AdmetGroup):
    part = group.measure("caco2_wang", 0)
    assert part["shared"] == [0]


def test_choosing_does_not_read_the_test_part(group: AdmetGroup, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("yaokit.bench.admet_group.held_out", None)
    learning, labels, _ = group.learning("hia_hou", 0)
    assert group.choose(learning, labels, "hia_hou").weights == {"nearest": 1.0}


def test_limits_cut_what_cannot_be():
    assert limited(np.array([-5.0, 50.0, 105.0]), "ppbr_az").tolist() == [0.0, 50.0, 100.0]
    assert limited(np.array([-5.0, 50.0]), "vdss_lombardo").tolist() == [0.0, 50.0]
    assert limited(np.array([-5.0]), "caco2_wang").tolist() == [-5.0]


def test_a_row_says_how_far_it_is_from_others(group: AdmetGroup):
    parts = {("caco2_wang", seed): {**group.measure("caco2_wang", seed), "seconds": 1.0} for seed in (0, 1)}
    (row,) = group.rows(parts)
    assert row["low"] <= row["mean"] <= row["high"]
    assert row["sd"] is not None
    assert row["published"]["MapLight"] == "1"
    assert row["behind"] == pytest.approx((row["mean"] - 0.256) / 0.256)
    assert row["without_shared"] != row["mean"]


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared data sets")
def test_all_tasks_have_data_and_published_rows():
    found = published(SHARED / "tdc_admet_group")
    assert {row["published"] for row in TASKS.values()} == set(found)
    for row in TASKS.values():
        assert MEASURES[row["metric"]].label.upper() == str(found[row["published"]]["metric"]).upper()
        assert MEASURES[row["metric"]].higher == (found[row["published"]]["better"] == "higher")

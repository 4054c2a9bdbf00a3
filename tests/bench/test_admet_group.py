"""The ADMET group: test rows keep their place, nothing is chosen on them, leaks are counted."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from yaokit.bench.admet_group import TASKS, AdmetGroup, limited, published
from yaokit.bench.audit import GROUP
from yaokit.bench.fits import Place
from yaokit.bench.rows import table
from yaokit.bench.scores import MEASURES
from yaokit.nn.pretrained import keep

ABOUT = {"command": "yaokit bench", "version": "0", "seeds": [0, 1], "seconds": 1.0}
SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def group(data: Path, tmp_path: Path) -> AdmetGroup:
    return AdmetGroup(data, Place(tmp_path / "fits", tmp_path / "cache"), ["nearest"])


@pytest.fixture(scope="module", params=["caco2_wang", "hia_hou"])
def part(
    data: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> dict[str, Any]:
    """What was measured of a task of numbers and one of classes."""
    folder = tmp_path_factory.mktemp("group")
    group = AdmetGroup(data, Place(folder / "fits", folder / "cache"), ["nearest"])
    return {**group.measure(request.param, 0), "task": request.param, "seconds": 1.0}


def test_every_test_row_is_answered_in_its_place(part: dict[str, Any], group: AdmetGroup):
    assert "y" not in part
    assert len(group.measured(part["task"])) == len(part["predicted"]) == 15
    assert np.isfinite(part["predicted"]).all()


def test_a_row_that_does_not_parse_gets_the_middle_of_what_was_learned(part: dict[str, Any], data: Path):
    learned = [float(row["Y"] or "nan") for row in table(data / GROUP / f"{part['task']}.csv")[:40]]
    middle = np.median(learned) if part["task"] == "caco2_wang" else np.mean(learned)
    assert part["unread"] == [14]
    assert part["predicted"][14] == pytest.approx(middle, rel=1e-5)


def test_molecules_of_both_parts_are_counted(part: dict[str, Any]):
    assert part["shared"] == [0]


def test_a_row_says_how_far_it_is_from_others(
    part: dict[str, Any], group: AdmetGroup, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("yaokit.bench.scores.DRAWS", 100)
    task = part["task"]
    (row,) = group.rows({(task, 0): part, (task, 1): part})
    best = float(TASKS[task]["clean"])
    assert row["low"] <= row["mean"] <= row["high"]
    assert row["sd"] == 0
    assert row["published"]["MapLight"] == "1"
    assert row["behind"] == pytest.approx(abs(row["mean"] - best) / best)
    assert row["without_shared"] != row["mean"]
    assert task in group.page({"rows": [row], "summary": group.summary([row]), **ABOUT})


@pytest.mark.parametrize("better", [True, False])
def test_what_pretraining_gives_is_a_table_of_its_own(
    part: dict[str, Any], group: AdmetGroup, monkeypatch: pytest.MonkeyPatch, *, better: bool
):
    monkeypatch.setattr("yaokit.bench.scores.DRAWS", 100)
    assert part["without_pretrained"] is None
    off = {**part, "predicted": [0.5] * 15}  # says nothing
    with_it, without = (part, off) if better else (off, part)
    task = part["task"]
    (row,) = group.rows({(task, 0): {**with_it, "without_pretrained": without}})
    gain = row["without_pretrained"]
    assert (gain["gain"] > 0) == better
    assert gain["gain_low"] <= gain["gain"] <= gain["gain_high"]
    said = group.summary([row])
    assert said["pretrained_better"] == better
    assert "What pre-training gives" in group.page({"rows": [row], "summary": said, **ABOUT})
    (plain,) = group.rows({(task, 0): part})
    assert "What pre-training gives" not in group.page(
        {"rows": [plain], "summary": group.summary([plain]), **ABOUT}
    )


def test_the_stack_without_pretrained_members_is_weighed_anew(
    data: Path, tmp_path: Path, encoder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("YAOKIT_CACHE", str(tmp_path / "cache"))
    label = f"svm:embedded@{keep(encoder, ['masked'])}"
    group = AdmetGroup(data, Place(tmp_path / "fits", tmp_path / "cache"), ["nearest", label])
    part = group.measure("hia_hou", 0)
    assert set(part["members"]) == {"nearest", label}
    assert part["without_pretrained"]["weights"] == {"nearest": 1.0}
    assert len(part["without_pretrained"]["predicted"]) == 15


def test_choosing_does_not_read_the_test_part(group: AdmetGroup, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("yaokit.bench.admet_group.held_out", None)
    learning, labels, _ = group.learning("hia_hou", 0)
    assert group.choose(learning, labels, "hia_hou").weights == {"nearest": 1.0}


def test_limits_cut_what_cannot_be():
    assert limited(np.array([-5.0, 50.0, 105.0]), "ppbr_az").tolist() == [0.0, 50.0, 100.0]
    assert limited(np.array([-5.0, 50.0]), "vdss_lombardo").tolist() == [0.0, 50.0]
    assert limited(np.array([-5.0]), "caco2_wang").tolist() == [-5.0]


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared data sets")
def test_all_tasks_have_data_and_published_rows():
    found = published(SHARED / "tdc_admet_group")
    assert {row["published"] for row in TASKS.values()} == set(found)
    for row in TASKS.values():
        assert str(found[row["published"]]["metric"]) in MEASURES[row["metric"]].label
        assert MEASURES[row["metric"]].higher == (found[row["published"]]["better"] == "higher")

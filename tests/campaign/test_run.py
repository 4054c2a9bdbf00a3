"""The runner: what is done is not done again, and what changed is."""

import os
import shutil
from pathlib import Path

import pytest
from toy_encoder import saved_encoder
from toy_runs import PLAN, write_campaign

from yaokit.campaign import campaign_status, run_campaign
from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.store import locked, read_json

STEPS = ["curate", "train", "series", "design", "profile", "rank", "report"]


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished campaign that a test may change."""
    shutil.copytree(finished, tmp_path / "copy")
    return tmp_path / "copy"


def again(folder: Path) -> list[str]:
    """Run the plan in `folder`; the steps that were done anew."""
    campaign = run_campaign(folder / "plan.toml", folder / "out", workers=1)
    assert [step["name"] for step in campaign["steps"]] == STEPS
    return [step["name"] for step in campaign["steps"] if not step["reused"]]


def change(folder: Path, old: str, new: str) -> None:
    text = (folder / "plan.toml").read_text()
    assert old in text
    (folder / "plan.toml").write_text(text.replace(old, new))


def test_a_second_run_reuses_every_step_and_changes_no_result(copy: Path):
    before = {path: path.read_bytes() for path in (copy / "out" / "steps").rglob("*.*") if path.is_file()}
    assert again(copy) == []
    assert {path: path.read_bytes() for path in before} == before
    assert read_json(copy / "out" / "campaign.json")["status"] == "done"


def test_a_changed_setting_redoes_its_step_and_those_after_it_only(copy: Path):
    change(copy, "candidates = 10", "candidates = 5")
    assert again(copy) == ["rank", "report"]
    assert len((copy / "out" / "candidates.csv").read_text().splitlines()) == 6
    change(copy, "candidates = 5", "candidates = 10")
    assert again(copy) == []  # the first results are still there


def test_a_comment_redoes_the_report_alone(copy: Path):
    change(copy, "[campaign]", "# a note\n[campaign]")  # the report shows the plan
    assert again(copy) == ["report"]


def test_a_moved_folder_is_done_still(copy: Path):
    moved = copy.rename(copy.with_name("moved"))
    assert again(moved) == []


def test_a_moved_and_renamed_input_is_the_same_input(copy: Path):
    (copy / "data").mkdir()
    (copy / "measured.csv").rename(copy / "data" / "raw.csv")
    change(copy, "measured.csv", "data/raw.csv")
    assert again(copy) == ["report"]


def test_a_changed_input_is_another_one(copy: Path):
    plan = PLAN.partition('[[steps]]\nuse = "train"')[0]
    (copy / "plan.toml").write_text(plan)
    with open(copy / "measured.csv", "a") as file:
        file.write("new,CCO,5.5\n")
    campaign = run_campaign(copy / "plan.toml", copy / "out", workers=1)
    assert [(step["reused"], step["n_out"]) for step in campaign["steps"]] == [(False, 61)]


def test_a_touched_input_is_the_same_input(copy: Path):
    os.utime(copy / "measured.csv")
    assert again(copy) == []


def test_a_folder_in_use_is_refused(copy: Path):
    with locked(copy / "out"), pytest.raises(UsageError, match="in use by another yaokit run"):
        run_campaign(copy / "plan.toml", copy / "out")
    assert campaign_status(copy / "out")["status"] == "done"


def test_a_step_that_fails_leaves_nothing_that_looks_whole(tmp_path: Path):
    write_campaign(tmp_path, n=10)
    with pytest.raises(NothingUsable):
        run_campaign(tmp_path / "plan.toml", tmp_path / "out", workers=1)
    folders = sorted(path.name.rpartition("-")[0] for path in (tmp_path / "out" / "steps").iterdir())
    assert folders == ["curate", "train"]
    assert [p.name for p in (tmp_path / "out" / "steps").glob("train-*") if p.suffix != ".part"] == []
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"steps", ".lock"}
    assert campaign_status(tmp_path / "out")["status"] == "unfinished"


def test_a_run_that_stops_is_no_longer_done(copy: Path):
    (copy / "empty.smi").touch()
    change(copy, 'library = "series"', 'library = "empty.smi"')
    with pytest.raises(NothingUsable, match=r"empty\.smi"):
        run_campaign(copy / "plan.toml", copy / "out", workers=1)
    found = campaign_status(copy / "out")
    assert found["status"] == "unfinished"
    assert [name.partition("-")[0] for name in found["unfinished"]] == ["series"]
    (copy / "plan.toml").write_text(PLAN)
    assert again(copy) == []
    assert campaign_status(copy / "out")["status"] == "done"
    assert list((copy / "out" / "steps").glob("*.part")) == []


def test_status_lists_each_step_once(copy: Path):
    change(copy, "candidates = 10", "candidates = 5")
    again(copy)
    (copy / "out" / "campaign.json").unlink()
    steps = campaign_status(copy / "out")["steps"]
    assert sorted(step["name"] for step in steps) == sorted(STEPS)
    assert next(step for step in steps if step["name"] == "rank")["n_out"] == 5


def test_an_empty_folder_has_no_status(tmp_path: Path):
    with pytest.raises(UsageError, match="no campaign has run here"):
        campaign_status(tmp_path)


def test_campaign_json_tells_counts_seconds_memory_and_versions(finished: Path):
    campaign = read_json(finished / "out" / "campaign.json")
    assert campaign["title"] == "A small campaign"
    assert campaign["plan"] == PLAN
    assert campaign["seconds"] == pytest.approx(sum(step["seconds"] for step in campaign["steps"]))
    assert campaign["peak_memory_mb"] >= 50
    assert {"yaokit", "python", "rdkit"} <= campaign["versions"].keys()
    for step in campaign["steps"]:
        assert (finished / "out" / step["folder"] / "summary.json").is_file()
        assert {"kind", "key", "n_in", "n_out", "dropped", "notes", "settings"} <= step.keys()


def test_a_model_starts_from_the_encoder_of_a_folder_and_another_one_is_another_model(copy: Path):
    saved_encoder(copy / "encoder")
    change(copy, 'models = ["boosting"]', 'models = ["svm:embedded"]\nencoder = "encoder"')
    assert again(copy) == STEPS[1:]
    first = train_folder(copy)
    assert (first / "model" / "encoders").is_dir()
    assert again(copy) == []
    saved_encoder(copy / "encoder", seed=1)
    assert again(copy)[0] == "train"
    assert train_folder(copy) != first


def test_an_encoder_that_is_not_there_is_refused_before_any_step(copy: Path):
    change(copy, 'models = ["boosting"]', 'models = ["svm:embedded"]\nencoder = "graff"')
    with pytest.raises(UsageError, match="graff"):
        again(copy)


def train_folder(copy: Path) -> Path:
    """Where the model of the last run stands."""
    steps = read_json(copy / "out" / "campaign.json")["steps"]
    return copy / "out" / next(step["folder"] for step in steps if step["name"] == "train")

"""What every entry of STEPS promises."""

import inspect
import re
from pathlib import Path

import pytest
from pydantic import ValidationError
from toy_runs import small_campaign

from yaokit.campaign.step import Inputs, Settings, Step
from yaokit.campaign.steps import STEPS
from yaokit.core.errors import UsageError
from yaokit.core.lazy import resolve
from yaokit.core.reasons import REASONS
from yaokit.core.store import read_json

OTHER_CODES = {"MERGED", "CENSORED"}  # of whole steps; the others are REASONS
NEEDED = {"curate": {"files": ["x.csv"], "values": [{"column": "y"}]}}


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_campaign(tmp_path_factory) / "out"


@pytest.fixture(params=list(STEPS))
def step(request: pytest.FixtureRequest) -> Step:
    return resolve(STEPS[request.param])


@pytest.fixture
def folder(step: Step, finished: Path) -> Path:
    """The step's folder in the finished campaign."""
    steps = read_json(finished / "campaign.json")["steps"]
    return next(finished / record["folder"] for record in steps if record["kind"] == step.name)


def test_a_step_is_called_as_in_the_table(step: Step):
    assert STEPS[step.name].endswith(f":{step.name.upper()}")
    assert step.version >= 1
    assert list(inspect.signature(step.run).parameters) == ["out", "inputs", "settings"]


def test_a_step_comes_after_known_steps_only(step: Step):
    order = list(STEPS)
    assert all(order.index(before) < order.index(step.name) for before in step.after)


def test_an_unknown_setting_is_an_error(step: Step):
    assert issubclass(step.settings, Settings)
    step.settings.model_validate(NEEDED.get(step.name, {}))
    with pytest.raises(ValidationError, match="no_such_setting"):
        step.settings.model_validate({**NEEDED.get(step.name, {}), "no_such_setting": 1})


def test_settings_cannot_be_changed(step: Step):
    settings = step.settings.model_validate(NEEDED.get(step.name, {}))
    for name in step.settings.model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(settings, name, None)


def test_every_row_that_came_in_went_out_or_was_dropped_for_a_reason(folder: Path):
    summary = read_json(folder / "summary.json")
    assert summary["n_in"] == summary["n_out"] + sum(summary["dropped"].values())
    assert all(count >= 0 for count in summary["dropped"].values())
    assert summary["dropped"].keys() <= REASONS.keys() | OTHER_CODES
    assert all(isinstance(note, str) and note for note in summary["notes"])


def test_a_folder_is_named_by_its_content_and_whole(folder: Path, finished: Path):
    record = read_json(folder / "step.json")
    assert re.fullmatch(r"[0-9a-f]{16}", record["key"])
    assert folder.name == f"{record['name']}-{record['key']}"
    assert list(finished.rglob("*.part")) == []


def test_no_working_files_are_left(folder: Path):
    left = {path.name for path in folder.rglob("*") if path.is_dir()}
    assert left <= {"table", "model", "members", "boosting"}
    assert not any(path.suffix in (".pkl", ".pickle", ".joblib", ".pt") for path in folder.rglob("*"))


@pytest.mark.parametrize("name", [name for name in STEPS if name != "curate"])  # it needs none
def test_a_missing_step_before_is_named(name: str, tmp_path: Path):
    step = resolve(STEPS[name])
    with pytest.raises(UsageError, match="the plan needs a step with use = '"):
        step.run(tmp_path, Inputs(), step.settings.model_validate({}))

"""Plans: every mistake is named with what would be right, before anything runs."""

from pathlib import Path

import pytest
from toy_runs import PLAN

from yaokit.campaign import read_plan
from yaokit.campaign.plan import Plan
from yaokit.core.errors import UsageError


def plan(text: str, folder: Path) -> Plan:
    (folder / "plan.toml").write_text(text)
    return read_plan(folder / "plan.toml")


def test_steps_get_their_settings_and_the_campaigns(tmp_path: Path):
    found = plan(PLAN, tmp_path)
    assert [step.name for step in found.steps] == [
        "curate",
        "train",
        "series",
        "design",
        "profile",
        "rank",
        "report",
    ]
    train, report = found.steps[1].settings.model_dump(), found.steps[-1].settings.model_dump()
    assert (train["folds"], train["repeats"], train["seed"]) == (3, 1, 1)
    assert report == {"title": "A small campaign", "plan": PLAN, "seed": 1}


def test_a_steps_own_seed_goes_before_the_campaigns(tmp_path: Path):
    found = plan(PLAN.replace("budget = 40", "budget = 40\nseed = 9"), tmp_path)
    assert found.steps[3].settings.model_dump()["seed"] == 9


def test_paths_count_from_the_plans_folder(tmp_path: Path):
    files = plan(PLAN, tmp_path).steps[0].settings.model_dump()["files"]
    assert files == (str(tmp_path / "measured.csv"),)


def test_builtin_names_are_no_paths(tmp_path: Path):
    text = PLAN.replace("measured.csv", "builtin:chembl2321810").replace(
        'library = "series"', 'library = "builtin:zinc250k"'
    )
    found = plan(text, tmp_path)
    assert found.steps[0].settings.model_dump()["files"] == ("builtin:chembl2321810",)
    assert found.steps[2].settings.model_dump()["library"] == "builtin:zinc250k"


CURATE = PLAN[PLAN.index("[[steps]]") : PLAN.index('[[steps]]\nuse = "train"')]
MISTAKES = {
    "[campaign\n": r"not valid TOML: .*line 1",
    "[campain]\n": "'campain' is not known; did you mean 'campaign'",
    "[campaign]\nsed = 1\n[[steps]]\nuse='report'": r"\[campaign\]: 'sed' is not known; did you mean 'seed'",
    "[campaign]\nseed = -1\n[[steps]]\nuse='report'": r"\[campaign\]: seed: .*greater than or equal to 0",
    "steps = 3": "no steps",
    "steps = [3]": "step 1: needs use = one of curate, ",
    "[[steps]]\nname = 'x'": "step 1: needs use = one of curate, ",
    "[[steps]]\nuse = ['train']": "step 1: needs use = one of curate, ",
    "[[steps]]\nuse = 'trian'": "step 1: 'trian' is not known; did you mean 'train'",
    "[[steps]]\nuse = 'xyz'": "step 1: 'xyz' is not known; choose from: curate, ",
    "[[steps]]\nuse = 'train'\nfolds = 1": r"step 1 \(train\): folds: .*greater than or equal to 3",
    "[[steps]]\nuse = 'train'\nmodel = 'x'": "'model' is not known; did you mean 'models'",
    "[[steps]]\nuse = 'train'\n[[steps]]\nuse = 'train'": "step 2: a step is already called 'train'",
    "[[steps]]\nuse = 'train'\nname = '../up'": "the name '../up' may hold letters",
    "[[steps]]\nuse = 'train'\nname = ''": "the name '' may hold letters",
    "[[steps]]\nuse = 'curate'\nvalues = []\nfiles = []": r"step 1 \(curate\): files: ",
    "[[steps]]\nuse = 'profile'\nalerts = ['PAIN']": r"alerts\.0: 'PAIN' is not known; choose from: ",
    CURATE.replace('unit = "p"', 'unti = "p"'): r"values\.0\.unti.* is not known",
    CURATE.replace('unit = "p" }', 'goal = "more" }'): r"values\.0\.goal: .*'maximize' or 'minimize'",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_named(text: str, tmp_path: Path):
    with pytest.raises(UsageError, match=MISTAKES[text]) as raised:
        plan(text, tmp_path)
    assert str(raised.value).startswith(str(tmp_path / "plan.toml"))


def test_a_missing_plan_says_how_to_get_one(tmp_path: Path):
    with pytest.raises(UsageError, match="no such plan; `yaokit campaign init DIR` writes one"):
        read_plan(tmp_path / "plan.toml")


def test_a_folder_or_a_picture_is_no_plan(tmp_path: Path):
    (tmp_path / "photo.toml").write_bytes(b"\x89PNG\xff\xfe")
    for path in (tmp_path, tmp_path / "photo.toml"):
        with pytest.raises(UsageError, match="is not a plan"):
            read_plan(path)

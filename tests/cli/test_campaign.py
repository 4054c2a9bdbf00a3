"""The campaign commands; what a campaign does is tested in tests/campaign and tests/flows."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

STEP = {"name": "curate", "n_in": 1017, "n_out": 1000, "seconds": 2.04, "finished": 1.0, "notes": ["a note"]}


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A campaign's folder after its first step, killed in the second."""
    folder = tmp_path / "run"
    for name in ("curate-0123", "train-4567.part"):
        (folder / "steps" / name).mkdir(parents=True)
    (folder / "steps/curate-0123/step.json").write_text(json.dumps(STEP))
    return folder


def test_init_writes_a_plan_that_fits_the_table(yaokit: Callable, tmp_path: Path) -> None:
    (tmp_path / "raw.csv").write_text("Name,SMILES,IC50_nM\na,CCO,12\nb,CCN,40\n")
    done = yaokit("campaign", "init", "project", "--table", "raw.csv")
    assert done.returncode == 0, done.stderr
    assert "yaokit campaign run project/campaign.toml" in done.stdout
    plan = tomllib.loads((tmp_path / "project/campaign.toml").read_text())
    assert plan["steps"][0]["values"][0]["column"] == "IC50_nM"
    assert yaokit("campaign", "init", "project").returncode == 2


def test_init_tells_what_it_guessed(yaokit: Callable, tmp_path: Path) -> None:
    (tmp_path / "raw.csv").write_text("Name,SMILES,pchembl_value,logS,note\na,CCO,6.1,-2,x\nb,CCN,7,-1.5,y\n")
    done = yaokit("campaign", "init", "project", "--table", "raw.csv")
    assert "SMILES" in done.stdout
    assert "column pchembl_value, unit p" in done.stdout
    text = (tmp_path / "project/campaign.toml").read_text()
    assert '  # { column = "logS", unit = "none", goal = "maximize" },' in text
    assert "note" not in text.split("values = [")[1].split("]")[0]


def test_init_without_a_known_value_says_which_line_to_fill_in(yaokit: Callable, tmp_path: Path) -> None:
    (tmp_path / "raw.csv").write_text("SMILES,response,batch\nCCO,0.4,first\nCCN,0.9,second\n")
    done = yaokit("campaign", "init", "project", "--table", "raw.csv")
    lines = (tmp_path / "project/campaign.toml").read_text().splitlines()
    number = next(i for i, line in enumerate(lines, start=1) if "WHICH?" in line)
    assert f"choose a value column in line {number}, then" in done.stdout
    assert lines[number - 1].endswith("# one of: response")


def test_status_of_an_unfinished_run_says_how_to_continue(yaokit: Callable, run_folder: Path) -> None:
    done = yaokit("campaign", "status", run_folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "curate  1,017 in, 1,000 out, 2.0 s",
        "train   not finished; run the plan again to continue",
    ]


def test_status_as_json(yaokit: Callable, run_folder: Path) -> None:
    found = json.loads(yaokit("campaign", "status", run_folder, "--json").stdout)
    assert found["steps"] == [STEP]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[campaign", "TOML"),
        ("[campain]", "did you mean 'campaign'"),
        ("[[steps]]\nuse = 'curat'", "did you mean 'curate'"),
        ("[[steps]]\nuse = 'train'\nfold = 3", "did you mean 'folds'"),
        ("", "no steps"),
    ],
)
def test_a_wrong_plan_is_one_line(text: str, told: str, yaokit: Callable, tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(text)
    done = yaokit("campaign", "run", "plan.toml", "-o", "out")
    assert done.returncode == 2
    assert "plan.toml" in done.stderr
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "words", [["run", "no.toml"], ["status", "nowhere"], ["init", "d", "--table", "no.csv"]]
)
def test_a_missing_path_is_named(words: list[str], yaokit: Callable) -> None:
    done = yaokit("campaign", *words)
    assert done.returncode == 2
    assert words[-1] in done.stderr
    assert done.stderr.count("\n") == 1

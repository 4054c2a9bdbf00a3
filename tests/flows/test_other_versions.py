"""A model made with other versions of the packages: it works, and a different RDKit is named once."""

import json
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from toy_runs import TASK, series, small_model

from yaokit.cli import app
from yaokit.core.store import read_json, write_json

COMMANDS: dict[str, Callable[[Path, Path, Path], list[object]]] = {
    "predict": lambda model, file, out: ["predict", model, file, "-o", out / "p.csv"],
    "evaluate": lambda model, file, out: ["evaluate", model, file, "-o", out / "test", "--unit", "p"],
    "screen": lambda model, file, out: ["screen", file, "--model", model, "--top", 2, "-o", out / "hits"],
    "explain": lambda model, file, out: ["explain", model, file, "--top", 1, "-o", out / "why"],
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_model(tmp_path_factory)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some measured molecules."""
    path = tmp_path_factory.mktemp("measured") / "measured.csv"
    rows = [f"{i},{s},{y}" for s, i, y in zip(*series(12, 2), strict=True)]
    path.write_text("\n".join([f"id,smiles,{TASK}", *rows]) + "\n")
    return path


def made_with(model: Path, out: Path, **versions: str) -> Path:
    """A copy of the model, as if other versions had made it."""
    shutil.copytree(model, out)
    card = read_json(out / "card.json")
    write_json(out / "card.json", {**card, "yaokit": "0.0.9", "versions": card["versions"] | versions})
    return out


def run(*words: object) -> int:
    return app.run([*map(str, words), "--workers", "1", "--quiet"])


@pytest.mark.parametrize("name", list(COMMANDS))
def test_another_rdkit_is_named_once(
    name: str, model: Path, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    old = made_with(model, tmp_path / "old", rdkit="2025.3.1")
    assert run(*COMMANDS[name](old, file, tmp_path)) == 0
    told = f"made with RDKit 2025.3.1, this is {version('rdkit')}: predictions may differ slightly"
    assert capsys.readouterr().out.count(told) == 1


def test_other_versions_of_the_rest_predict_the_same_without_a_word(
    model: Path, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    old = made_with(model, tmp_path / "old", numpy="1.26.0", torch="2.1.0", lightgbm="3.3.5")
    for folder in (model, old):
        out = tmp_path / folder.name
        out.mkdir(exist_ok=True)
        assert run(*COMMANDS["predict"](folder, file, out), "--json") == 0
        assert "notes" not in json.loads(capsys.readouterr().out)
    assert (tmp_path / "old" / "p.csv").read_bytes() == (tmp_path / model.name / "p.csv").read_bytes()

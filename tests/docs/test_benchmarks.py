"""Kept benchmark results belong to the code they were measured on."""

import importlib.util
import json
from pathlib import Path

import pytest

from yaokit.bench.admet_group import members_for
from yaokit.bench.moleculeace import MEMBERS
from yaokit.bench.runner import BENCHMARKS, hash_of
from yaokit.models.auto import CHOICES
from yaokit.models.targets import CLASSIFICATION, REGRESSION

ROOT = Path(__file__).parents[2]
KEPT = sorted((ROOT / "docs/benchmarks").glob("*.json"))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_results_are_whole(path: Path):
    found = json.loads(path.read_text())
    assert {"benchmark", "command", "version", "code_hash", "seeds", "seconds", "rows", "summary"} <= set(
        found
    )
    assert path.with_suffix(".md").exists()


@pytest.mark.slow
@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_results_are_of_this_code(path: Path, monkeypatch: pytest.MonkeyPatch):
    if path.stem in BENCHMARKS:
        again = f"yaokit bench {path.stem} --data DIR -o DIR"
        assert json.loads(path.read_text())["code_hash"] == hash_of(path.stem), f"measure again: {again}"
        return
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    script = ROOT / "benchmarks" / f"{path.stem}.py"
    spec = importlib.util.spec_from_file_location(f"benchmark_{path.stem}", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert json.loads(path.read_text())["code_hash"] == module.code_hash(), f"measure again: {script.name}"


@pytest.mark.parametrize(
    "members",
    [members_for(REGRESSION, 500), members_for(CLASSIFICATION, 500), MEMBERS],
    ids=["admet_group numbers", "admet_group classes", "moleculeace"],
)
def test_the_nearest_call_of_train_is_named(members: tuple[str, ...]):
    assert f"--model {','.join(members)} " in (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")


def test_the_default_of_train_is_told_apart():
    page = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")
    assert "are not what `yaokit train --model auto` gives" in page
    assert {c.label for c in CHOICES if c.up_to} == {"boosting", "mlp", "svm", "gp"}  # as the page says

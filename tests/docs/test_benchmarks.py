"""Kept benchmark results belong to the code they were measured on."""

import importlib.util
import json
from pathlib import Path

import pytest

from yaokit.bench.runner import BENCHMARKS, hash_of

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

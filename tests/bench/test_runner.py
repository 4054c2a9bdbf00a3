"""A benchmark's parts are measured once, and once more when the code is another."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from yaokit.bench import run
from yaokit.bench.admet_group import AdmetGroup
from yaokit.bench.runner import _hashes
from yaokit.core.errors import UsageError
from yaokit.core.store import read_json

SETTINGS = {"tasks": ["caco2_wang"], "seeds": 1, "members": ["nearest"]}


@pytest.fixture(scope="module", autouse=True)
def _same_code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No file of the package changes meanwhile, whoever works on it; nobody else's fits are read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("yaokit.bench.runner.hash_of", lambda *_: "this")
        patch.setenv("YAOKIT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def out(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    folder = tmp_path_factory.mktemp("out")
    run("admet_group", data, folder, **SETTINGS)
    return folder


def test_results_are_whole(out: Path):
    results = read_json(out / "admet_group.json")
    wanted = {"benchmark", "command", "version", "code_hash", "parts", "seeds", "seconds", "rows", "summary"}
    assert wanted <= set(results)
    assert [path.name for path in (out / results["parts"]).glob("*.json")] == ["caco2_wang-0.json"]
    assert "caco2_wang" in (out / "admet_group.md").read_text(encoding="utf-8")


def test_finished_parts_are_not_measured_again(data: Path, out: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(AdmetGroup, "measure", None)
    before = read_json(out / "admet_group.json")
    assert run("admet_group", data, out, **SETTINGS) == before


def test_parts_of_other_code_are_measured_again(data: Path, out: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("yaokit.bench.runner.hash_of", lambda *_: "other")
    monkeypatch.setattr(AdmetGroup, "measure", None)
    with pytest.raises(TypeError):
        run("admet_group", data, out, **SETTINGS)


def test_a_stopped_part_keeps_its_fits(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setenv("YAOKIT_CACHE", str(tmp_path / "cache"))
    with monkeypatch.context() as patch:
        patch.setattr(AdmetGroup, "answer", stopped)
        with pytest.raises(KeyboardInterrupt):
            run("admet_group", data, tmp_path / "out", **SETTINGS)
    kept = list((tmp_path / "cache").rglob("*.safetensors"))
    before = {path: path.stat().st_mtime_ns for path in kept}
    run("admet_group", data, tmp_path / "out", **SETTINGS)
    assert len(kept) == 5
    assert all(path.stat().st_mtime_ns == at for path, at in before.items())


def test_unknown_names_are_refused_with_the_choices(data: Path, tmp_path: Path):
    with pytest.raises(UsageError, match="moleculeace"):
        run("unknown", data, tmp_path / "out")
    with pytest.raises(UsageError, match="caco2_wang"):
        run("admet_group", data, tmp_path / "out", tasks=["caco3"])
    with pytest.raises(UsageError, match="nearest"):
        run("admet_group", data, tmp_path / "out", tasks=["caco2_wang"], members=["unknown"])


def test_missing_data_are_named(tmp_path: Path):
    with pytest.raises(UsageError, match="tdc_admet_group"):
        run("admet_group", tmp_path, tmp_path / "out", **SETTINGS)


def test_data_of_several_folders_are_told_apart(tmp_path: Path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.csv").write_text(folder)
    assert list(_hashes(tmp_path / "one", [])) == ["a.csv"]
    found = _hashes(tmp_path / "one", [tmp_path / "one", tmp_path / "two" / "a.csv"])
    assert list(found) == ["one/a.csv", "two/a.csv"]
    assert found["one/a.csv"] != found["two/a.csv"]
    (tmp_path / "one" / "b.csv.gz").write_text("packed")
    assert list(_hashes(tmp_path / "one", [tmp_path / "one" / "b.csv"])) == ["one/b.csv.gz"]
    with pytest.raises(UsageError, match=r"no files in .*three; give --data"):
        _hashes(tmp_path / "one", [tmp_path / "three"])

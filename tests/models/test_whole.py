"""A model folder that is not as it was saved is told, with the file that changed."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from toy_runs import TASK, small_model

from yaokit.core.errors import UsageError
from yaokit.core.store import read_json, write_json
from yaokit.models import load
from yaokit.models.whole import check_whole, file_hashes


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    """A copy of a small stack."""
    return Path(shutil.copytree(small_model(tmp_path_factory), tmp_path / "model"))


def changed(folder: Path, keep_hashes: bool = False, **values: Any) -> None:
    """Put values into the card; without its hashes it is one of before."""
    card = read_json(folder / "card.json") | values
    if not keep_hashes:
        card.pop("files", None)
    write_json(folder / "card.json", card)


def test_the_card_names_every_file_that_loading_reads(folder: Path):
    members = [path for path in (folder / "members").rglob("*") if path.is_file()]
    names = {path.relative_to(folder).as_posix() for path in members}
    assert read_json(folder / "card.json")["files"].keys() == names | {
        "metrics.json",
        "training.parquet",
        "trust.safetensors",
    }


def test_one_changed_byte_of_any_of_them_is_told(folder: Path):
    for name in read_json(folder / "card.json")["files"]:
        path = folder / name
        bytes_before = path.read_bytes()
        path.write_bytes(bytes_before[:-1] + bytes([bytes_before[-1] ^ 1]))
        with pytest.raises(
            UsageError, match=f"{name} has changed since the model was saved: copy the folder"
        ):
            load(folder)
        path.unlink()
        with pytest.raises(UsageError, match=f"{name} is missing: copy the folder"):
            load(folder)
        path.write_bytes(bytes_before)
    load(folder)


def test_other_files_may_change(folder: Path):
    (folder / "report.html").write_text("mine")
    (folder / "members" / "notes.txt").write_text("mine")
    assert load(folder).tasks == (TASK,)


def test_a_card_of_before_holds_no_hashes_and_loads(folder: Path):
    changed(folder)
    assert load(folder).tasks == (TASK,)


def test_files_below_one_folder_can_be_checked_alone(folder: Path):
    card = read_json(folder / "card.json")
    (folder / "trust.safetensors").unlink()
    check_whole(folder, card, "members/boosting/")
    with pytest.raises(UsageError, match=r"trust\.safetensors is missing"):
        check_whole(folder, card)


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"tasks": []}', '{"tasks": [1]}', '{"tasks": [{"task": "x"}]}', "{"]
)
def test_metrics_of_something_else_are_told(folder: Path, text: str):
    changed(folder)
    (folder / "metrics.json").write_text(text)
    with pytest.raises(UsageError, match=r"metrics\.json is damaged: copy the folder again"):
        load(folder)


@pytest.mark.parametrize("values", [{"versions": "x"}, {"files": ["x"]}], ids=["versions", "files"])
def test_a_card_with_parts_of_another_kind_is_told(folder: Path, values: dict[str, Any]):
    changed(folder, keep_hashes=True, **values)
    with pytest.raises(UsageError, match=r"card\.json is damaged"):
        load(folder)


@pytest.mark.parametrize("weights", [[], [0.5, 0.5]])
def test_weights_of_another_number_of_members_are_told(folder: Path, weights: list[float]):
    tasks = read_json(folder / "card.json")["tasks"]
    changed(folder, tasks=[task | {"weights": weights} for task in tasks])
    with pytest.raises(UsageError, match=r"card\.json is damaged"):
        load(folder)


def test_hashes_are_of_files_and_of_all_in_folders(tmp_path: Path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("a/b/c", "a/d", "e", "f"):
        (tmp_path / name).write_text("")
    assert list(file_hashes(tmp_path, ["a", "e", "absent"])) == ["a/b/c", "a/d", "e"]

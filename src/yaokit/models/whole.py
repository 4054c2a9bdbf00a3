"""That a model folder is as it was saved: its card holds the SHA-256 of each file that loading reads."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from yaokit.core.errors import UsageError
from yaokit.core.store import file_hash, read_json


def file_hashes(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Path below the folder → SHA-256, of these files and of all in these folders; some may be absent."""
    paths = [folder / name for name in names]
    found = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])]
    return {file.relative_to(folder).as_posix(): file_hash(file) for file in sorted(found) if file.is_file()}


def check_whole(folder: Path, card: Mapping[str, Any], below: str = "") -> None:
    """UsageError names a file that is gone or changed; `below`: only files whose path begins so.

    A card of before that holds no hashes is not checked.
    """
    hashes = card.get("files", {})
    if not isinstance(hashes, dict) or not isinstance(card.get("versions", {}), dict):
        raise UsageError(f"{folder / 'card.json'} is damaged: copy the folder again or train the model again")
    for name, wanted in hashes.items():
        path = folder / name
        if name.startswith(below) and not (path.is_file() and file_hash(path) == wanted):
            state = "has changed since the model was saved" if path.is_file() else "is missing"
            raise UsageError(f"{path} {state}: copy the folder again or train the model again")


def metrics_of(folder: Path, tasks: Iterable[str]) -> dict[str, Any]:
    """The content of metrics.json; UsageError if it does not tell of these tasks."""
    path = folder / "metrics.json"
    try:
        found = read_json(path)
        told = [about["task"] for about in found["tasks"]]
    except (OSError, ValueError, LookupError, TypeError):
        found, told = {}, None
    if told != list(tasks):
        state = "is damaged" if path.is_file() else "is missing"
        raise UsageError(f"{path} {state}: copy the folder again or train the model again")
    return found

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from yaokit.cli import app

TOYS = ("done", "rejects", "full", "full_inside", "full_in_words", "too_large", "denied", "memory", "defect")


class Done(NamedTuple):
    """How one command ended."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Toy commands beside the real ones, in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    for name in TOYS:
        monkeypatch.setitem(app.COMMANDS, name.replace("_", "-"), (f"toy_commands:{name}", "a toy"))


@pytest.fixture
def yaokit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """Runs a command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str | Path) -> Done:
        code = app.run([str(word) for word in words])
        return Done(code, *capsys.readouterr())

    return call

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from yaokit.cli import app

TOYS = ("done", "rejects", "full", "full_inside", "denied", "memory", "defect")


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Toy commands beside the real ones, in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    for name in TOYS:
        monkeypatch.setitem(app.COMMANDS, name.replace("_", "-"), (f"toy_commands:{name}", "a toy"))


@pytest.fixture
def yaokit(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the installed program in an empty folder."""
    program = Path(sys.executable).with_name("yaokit")

    def call(*words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )

    return call

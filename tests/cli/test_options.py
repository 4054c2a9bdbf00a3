"""What is the same in several commands."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from toy_runs import TASK, series, small_model

WORDS = {
    "predict": ("predict", "MODEL", "-", "-o", "p.csv"),
    "evaluate": ("evaluate", "MODEL", "-", "--unit", "p", "-o", "test"),
    "screen": ("screen", "-", "--model", "MODEL", "--top", "2", "-o", "hits"),
    "explain": ("explain", "MODEL", "-", "--top", "1", "-o", "why"),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_model(tmp_path_factory)


@pytest.mark.parametrize("name", list(WORDS))
def test_a_dash_is_standard_input(
    name: str, yaokit: Callable, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"{i},{s},{y}" for s, i, y in zip(*series(12, 2), strict=True)]
    content = "\n".join([f"id,smiles,{TASK}", *rows]).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    words = [model if word == "MODEL" else word for word in WORDS[name]]
    done = yaokit(*words, "--workers", "1", "--quiet")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", list(WORDS))
@pytest.mark.parametrize("file", ["-", "--made-up"])
def test_an_unknown_option_is_no_file(file: str, name: str, yaokit: Callable) -> None:
    done = yaokit(*(file if word == "-" else word for word in WORDS[name]), "--made-up")
    assert done.returncode == 2
    assert "--made-up" in done.stderr

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from yaokit.models import MODELS
from yaokit.nn import pretrained


def test_every_model_is_listed_with_what_it_reads(yaokit: Callable) -> None:
    done = yaokit("models", "list", "--json")
    assert done.returncode == 0, done.stderr
    shown = done.stdout
    assert json.loads(shown)
    assert all(name in shown for name in MODELS if name != "trusted")


def test_shipped_networks_are_listed(
    yaokit: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pretrained, "_shipped_folder", lambda name: tmp_path / name)
    card = {"corpus": {"name": "few", "n": 1_000}, "licence": "CC0"}
    pretrained.save_pretrained(tmp_path / "graph", "graph", {}, {"w": np.zeros(200_000, np.float32)}, card)
    done = yaokit("models", "list")
    assert done.returncode == 0, done.stderr
    assert "pre-trained encoder, 0.2 million weights, 1,000 molecules of few, CC0" in done.stdout
    assert json.loads(yaokit("models", "list", "--json").stdout)["pretrained"][0]["name"] == "graph"

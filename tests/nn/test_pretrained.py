import json
from pathlib import Path

import numpy as np
import pytest

from yaokit.core.errors import UsageError
from yaokit.core.store import read_json, write_json
from yaokit.nn.pretrained import ENCODERS, PRIORS, keep, open_pretrained, save_pretrained, shipped

SETTINGS = {"width": 4, "layers": 1}


def _save(folder: Path, kind: str = "masked", scale: float = 1.0) -> Path:
    state = {"layer.weight": np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4) * scale}
    save_pretrained(folder, kind, SETTINGS, state, {"steps": 7, "corpus": {"name": "toy"}})
    return folder


def test_what_is_saved_is_opened(tmp_path):
    found = open_pretrained(_save(tmp_path / "net"), ENCODERS)
    assert (found.kind, found.settings, found.card["steps"]) == ("masked", SETTINGS, 7)
    assert found.state["layer.weight"].dtype == np.float32
    np.testing.assert_allclose(found.state["layer.weight"][0], np.linspace(-1, 1, 12)[:4], atol=5e-4)
    assert found.card["parameters"] == 12


def test_the_key_is_of_what_computes(tmp_path):
    keys = [open_pretrained(_save(tmp_path / str(i), scale=s), ENCODERS).key for i, s in enumerate((1, 1, 2))]
    assert keys[0] == keys[1] != keys[2]


def test_weights_too_large_for_half_precision_stay_whole(tmp_path):
    found = open_pretrained(_save(tmp_path, scale=1e6), ENCODERS)
    assert found.state["layer.weight"].max() == 1e6


def test_saving_again_leaves_other_files(tmp_path):
    _save(tmp_path)
    (tmp_path / "log.txt").write_text("kept")
    _save(tmp_path, scale=3)
    assert open_pretrained(tmp_path, ENCODERS).state["layer.weight"].max() == 3
    assert sorted(p.name for p in tmp_path.iterdir()) == ["card.json", "log.txt", "weights.safetensors"]


def test_another_kind_says_what_is_needed(tmp_path):
    with pytest.raises(UsageError, match=r"of kind 'masked'; needed here: causal"):
        open_pretrained(_save(tmp_path), PRIORS)


def test_an_unknown_name_lists_the_shipped():
    with pytest.raises(UsageError, match=r"'grahp' is no folder and no shipped name.*shipped: "):
        open_pretrained("grahp", ENCODERS)


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"has no card\.json"):
        open_pretrained(tmp_path, ENCODERS)
    write_json(tmp_path / "card.json", {"format": 1, "members": []})
    with pytest.raises(UsageError, match="not the card of a pre-trained network"):
        open_pretrained(tmp_path, ENCODERS)


@pytest.mark.parametrize("keep", [0, 40, -1])
def test_damaged_weights_are_noticed(tmp_path, keep):
    path = _save(tmp_path) / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UsageError, match=r"weights\.safetensors is damaged"):
        open_pretrained(tmp_path, ENCODERS)


def test_an_empty_name_is_refused():
    with pytest.raises(UsageError, match="without a name"):
        open_pretrained(" ", ENCODERS)


def test_a_damaged_card_is_noticed(tmp_path):
    card = _save(tmp_path) / "card.json"
    card.write_text(card.read_text()[:-20])
    with pytest.raises(UsageError, match=r"card\.json is damaged"):
        open_pretrained(tmp_path, ENCODERS)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [("format", 99, "of format 99"), ("tokens", {"version": 0, "size": 9}, "tokens {'version': 0")],
)
def test_what_another_version_made_is_refused(tmp_path, name, value, message):
    card = _save(tmp_path) / "card.json"
    card.write_text(json.dumps({**read_json(card), name: value}))
    with pytest.raises(UsageError, match=message):
        open_pretrained(tmp_path, ENCODERS)


def test_shipped_networks_open_and_have_a_default():
    for name, card in shipped().items():
        found = open_pretrained(name, [card["kind"]])
        assert found.state
        assert open_pretrained("default", [card["kind"]]).kind == card["kind"]


def test_a_network_is_kept_under_its_key(tmp_path, monkeypatch):
    monkeypatch.setenv("YAOKIT_CACHE", str(tmp_path / "cache"))
    folder = _save(tmp_path / "net")
    wanted = open_pretrained(folder, ENCODERS)
    assert keep(folder, ENCODERS) == keep(folder, ENCODERS) == wanted.key
    (folder / "card.json").unlink()
    assert open_pretrained(wanted.key, ENCODERS).key == wanted.key
    assert keep(wanted.key, ENCODERS) == wanted.key


def test_a_damaged_copy_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setenv("YAOKIT_CACHE", str(tmp_path / "cache"))
    key = keep(_save(tmp_path / "net"), ENCODERS)
    (tmp_path / "cache" / "pretrained" / key / "weights.safetensors").write_bytes(b"cut")
    with pytest.raises(UsageError, match="is damaged"):
        open_pretrained(key, ENCODERS)
    assert keep(tmp_path / "net", ENCODERS) == key
    assert open_pretrained(key, ENCODERS).key == key


def test_what_is_no_network_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("YAOKIT_CACHE", str(tmp_path / "cache"))
    with pytest.raises(UsageError, match="no pre-trained network"):
        keep(tmp_path, ENCODERS)
    with pytest.raises(UsageError, match="kind 'masked'"):
        keep(_save(tmp_path / "net"), PRIORS)
    assert not (tmp_path / "cache").exists()

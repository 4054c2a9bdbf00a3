import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from yaokit.nn.causal import CausalNet, network_settings
from yaokit.nn.pretrained import save_pretrained
from yaokit.nn.tokenizer import EOS, smiles_tokenizer

TINY = network_settings("gru-tiny", embedding=4, width=8, depth=1)


@pytest.fixture
def prior(tmp_path: Path) -> Path:
    """Draws alkanes, and strings with a bracket that are no molecules."""
    state = {name: np.zeros_like(t.numpy()) for name, t in CausalNet(**TINY).state_dict().items()}
    number = smiles_tokenizer().number
    state["head.bias"] -= 50
    state["head.bias"][[EOS, number["C"], number["("]]] = (1.0, 1.0, 0.5)
    save_pretrained(tmp_path / "prior", "causal", TINY, state, {"name": "toy"})
    return tmp_path / "prior"


def test_molecules_are_written_and_counted(yaokit: Callable, prior: Path):
    done = yaokit("generate", prior, "-n", "1_0", "-o", "new.smi", "--json", "--seed", "3")
    assert done.returncode == 0, done.stderr
    told, lines = json.loads(done.stdout), Path("new.smi").read_text().splitlines()
    assert len(lines) == told["n_written"] == 10
    assert told["n_drawn"] > told["n_valid"] >= told["n_distinct"] == len(set(lines))


def test_fewer_than_asked_for_is_said(yaokit: Callable, prior: Path):
    done = yaokit("generate", prior, "-n", "50", "-o", "new.smi", "--unique")
    assert done.returncode == 0, done.stderr
    assert "note: 50 were asked for: it gave up after 2,000 strings" in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nothing", "-n", "1", "-o", "new.smi"], "'nothing' is no folder and no shipped name"),
        (["prior", "-n", "0", "-o", "new.smi"], "1 or more"),
        (["prior", "-n", "1", "-o", "new.csv"], "one SMILES a line"),
        (["prior", "-n", "1", "-o", "new.smi", "--temperature", "0"], "above 0"),
        (["prior", "-n", "1", "-o", "new.smi", "--raw", "--unique"], "choose one of raw and unique"),
    ],
)
def test_wrong_usage_is_one_line(yaokit: Callable, prior: Path, words: list[str], told: str):
    done = yaokit("generate", *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
    assert not Path("new.smi").exists()


@pytest.mark.parametrize("value", [0, "8"])
def test_a_damaged_card_is_one_line(yaokit: Callable, prior: Path, value: object):
    card = json.loads((prior / "card.json").read_text())
    card["settings"]["width"] = value
    (prior / "card.json").write_text(json.dumps(card))
    done = yaokit("generate", prior, "-n", "1", "-o", "new.smi")
    assert done.returncode == 2
    assert "the weights of toy are not those of its settings" in done.stderr
    assert done.stderr.count("\n") == 1

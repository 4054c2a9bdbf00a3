"""Molecules drawn from a language model into a file."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from rdkit import Chem
from toy_runs import made_once

from yaokit.core.errors import NothingUsable, UsageError
from yaokit.data.read.files import read_records
from yaokit.data.read.library import molecules as library
from yaokit.generate import language
from yaokit.generate.language import Drawing, Drawn, canonical, write_molecules
from yaokit.nn.causal import CausalNet, log_likelihood, network_settings
from yaokit.nn.devices import one_thread
from yaokit.nn.pretrained import save_pretrained
from yaokit.nn.tokenizer import pad, smiles_tokenizer

SETTINGS = network_settings("gru-tiny", embedding=16, width=96, depth=1)


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(scope="session")
def prior(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a network that has begun to learn 64 small molecules."""
    return made_once(tmp_path_factory, "prior", _make)


def _make(folder: Path) -> None:
    short = [text for row in read_records("builtin:zinc250k") if len(text := row.cells["smiles"]) < 22][:64]
    tokens = torch.from_numpy(pad([smiles_tokenizer().encode(text, ends=True) for text in short]))
    torch.manual_seed(0)
    net = CausalNet(**SETTINGS)
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-2)
    with one_thread():
        for _ in range(60):
            optimizer.zero_grad()
            (-log_likelihood(net, tokens).mean() / 20).backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
    state = {name: tensor.numpy() for name, tensor in net.state_dict().items()}
    save_pretrained(folder, "causal", SETTINGS, state, {"name": "small molecules"})


def written(prior: Path, out: Path, n: int = 40, **how: object) -> tuple[list[str], Drawn]:
    told = write_molecules(prior, n, out, Drawing(**how))  # type: ignore[arg-type]
    return out.read_text().splitlines(), told


def test_every_line_is_a_canonical_molecule(prior: Path, tmp_path: Path):
    lines, told = written(prior, tmp_path / "new.smi")
    assert len(lines) == told.n_written == 40
    assert [Chem.CanonSmiles(text) for text in lines] == lines
    assert told.n_drawn > told.n_valid == 40


def test_a_library_is_read_from_it(prior: Path, tmp_path: Path):
    lines, _ = written(prior, tmp_path / "new.smi")
    assert [molecule.smiles for molecule in library(tmp_path / "new.smi")] == lines


def test_raw_strings_are_counted_as_they_are(prior: Path, tmp_path: Path):
    lines, told = written(prior, tmp_path / "new.smi", raw=True)
    found = [canonical(text) for text in lines]
    assert len(lines) == told.n_drawn == 40
    assert told.n_valid == sum(text is not None for text in found) < 40
    assert told.n_distinct == len(set(found) - {None})
    assert told.summary()["validity"] == round(told.n_valid / 40, 4)


def test_unique_molecules_are_different(prior: Path, tmp_path: Path):
    cold = written(prior, tmp_path / "cold.smi", n=60, temperature=0.3)[0]
    lines = written(prior, tmp_path / "new.smi", n=20, temperature=0.3, unique=True)[0]
    assert len(set(cold)) < 60
    assert len(set(lines)) == len(lines) == 20
    assert lines == list(dict.fromkeys(cold))[:20]


def test_the_seed_decides_not_the_workers(prior: Path, tmp_path: Path):
    first, again, other = (
        written(prior, tmp_path / "new.smi", seed=seed, workers=workers)[0]
        for seed, workers in ((1, 1), (1, 3), (2, 1))
    )
    assert first == again != other


def test_more_molecules_begin_with_the_same(prior: Path, tmp_path: Path):
    few, many = (written(prior, tmp_path / "new.smi", n=n)[0] for n in (10, 30))
    assert many[:10] == few


def test_it_gives_up_on_a_network_that_has_learned_nothing(tmp_path: Path):
    net = CausalNet(**SETTINGS)
    state = {name: np.zeros_like(tensor.numpy()) for name, tensor in net.state_dict().items()}
    state["head.bias"][smiles_tokenizer().number["("]] = 50
    save_pretrained(tmp_path / "prior", "causal", SETTINGS, state, {})
    with pytest.raises(NothingUsable, match=r"none of 2,000 strings.*train .*prior for longer"):
        written(tmp_path / "prior", tmp_path / "new.smi", n=3)
    assert not list(tmp_path.glob("new*"))


def test_a_stop_leaves_no_half_file(prior: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    calls = []

    def stopped(text: str) -> str | None:
        calls.append(text)
        if len(calls) > 30:
            raise KeyboardInterrupt
        return canonical(text)

    monkeypatch.setattr(language, "canonical", stopped)
    (tmp_path / "new.smi").write_text("C\n")
    with pytest.raises(KeyboardInterrupt):
        written(prior, tmp_path / "new.smi", n=1_000)
    assert (tmp_path / "new.smi").read_text() == "C\n"
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("name", "told"),
    [("folder", "is a folder"), ("new.csv", "one SMILES a line"), ("no/new.smi", "no folder")],
)
def test_a_file_that_cannot_be_written_is_refused_first(tmp_path: Path, name: str, told: str):
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match=told):
        write_molecules("no such prior", 1, tmp_path / name, Drawing())


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Drawing(temperature=0.0), "above 0"),
        (lambda: Drawing(temperature=float("nan")), "above 0"),
        (lambda: Drawing(temperature=1e-40), "0.001 to 1,000"),
        (lambda: Drawing(temperature=1e300), "0.001 to 1,000"),
        (lambda: Drawing(raw=True, unique=True), "choose one"),
    ],
    ids=["cold", "nan", "too small", "too large", "both"],
)
def test_impossible_drawings_are_refused(make: Callable[[], Drawing], told: str):
    with pytest.raises(UsageError, match=told):
        make()


def test_what_is_no_prior_is_refused(tmp_path: Path):
    save_pretrained(tmp_path / "encoder", "masked", {}, {"a": np.zeros(1, np.float32)}, {})
    with pytest.raises(UsageError, match="causal"):
        written(tmp_path / "encoder", tmp_path / "new.smi")
    with pytest.raises(UsageError, match="nowhere"):
        write_molecules("nowhere", 1, tmp_path / "new.smi", Drawing())

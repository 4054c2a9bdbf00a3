import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.precision import MixedPrecision
from toy_pretraining import TARGET, small_corpus
from toy_runs import made_once

from yaokit.core.errors import UsageError
from yaokit.core.progress import SILENT, Silent
from yaokit.nn.checkpoint import load_about, load_arrays, save_arrays
from yaokit.nn.devices import make_engine
from yaokit.nn.pretrained import open_pretrained
from yaokit.pretrain import KINDS, stream
from yaokit.pretrain import corpus as corpora
from yaokit.pretrain import run as running
from yaokit.pretrain.corpus import Corpus, open_corpus
from yaokit.pretrain.plan import Plan
from yaokit.pretrain.run import Job, _Run, pretrain

PLAN = Plan(steps=24, batch_size=32, lr=0.03, warmup=4, n_valid=30, valid_every=10, precision="32-true")
CHILD = """
import resource, sys
from dataclasses import replace
from pathlib import Path
from toy_pretraining import TARGET
from yaokit.pretrain import KINDS
from yaokit.pretrain.corpus import open_corpus
from yaokit.pretrain.run import pretrain
sys.path.insert(0, {folder!r})
from test_run import job
KINDS["toy"] = TARGET
if {limit}:
    resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
pretrain(job(Path({corpus!r}), Path({out!r}), fate={fate!r}, at={at}, save_every_s=0.0))
"""


@pytest.fixture(autouse=True)
def _toy_kind(monkeypatch):
    monkeypatch.setitem(KINDS, "toy", TARGET)


@pytest.fixture
def corpus(tmp_path_factory) -> Path:
    return made_once(tmp_path_factory, "corpus", lambda out: small_corpus(out)) / "corpus"


def job(corpus: Path, out: Path, *, fate: str = "", at: int = 0, **changes) -> Job:
    """A short training; `fate` befalls it at its `at`-th step, which is no part of its identity."""
    found = Job(open_corpus(corpus), "toy", out, {}, replace(PLAN, **changes), device="cpu")
    return replace(found, network={"fate": fate, "at": at}) if fate else found


def weights(out: Path) -> dict[str, np.ndarray]:
    return open_pretrained(out, ["toy"]).state


def assert_same(a: Path, b: Path) -> None:
    one, other = weights(a), weights(b)
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def child(corpus: Path, out: Path, fate: str, at: int, limit: int = 0) -> subprocess.CompletedProcess:
    code = CHILD.format(
        folder=str(Path(__file__).parent), corpus=str(corpus), out=str(out), fate=fate, at=at, limit=limit
    )
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_it_learns_and_says_what_it_did(corpus, tmp_path):
    card = pretrain(job(corpus, tmp_path, steps=120))
    assert card["is_finished"]
    assert card["steps"] == card["of_steps"] == 120
    assert card["molecules_seen"] == pytest.approx(120 * 32, rel=0.1)
    assert card["corpus"]["n"] == 300
    assert card["data_licences"] == ["not stated"]
    logged = [json.loads(line) for line in (tmp_path / "training" / "log.jsonl").read_text().splitlines()]
    held = [line["valid loss"] for line in logged if "valid loss" in line]
    assert len(held) == 12
    assert held[-1] < 0.7 * held[0]
    assert card["losses"]["valid"][0]["loss"] == pytest.approx(held[-1], rel=1e-4)


def test_what_prepare_found_is_shipped_with_the_weights(corpus, tmp_path):
    pretrain(job(corpus, tmp_path, steps=2))
    mean = weights(tmp_path)["prepared.mean"]
    smiles = open_corpus(corpus).smiles(0)
    assert mean[0] == pytest.approx(np.mean([text.upper().count("C") for text in smiles]), rel=1e-3)


@pytest.mark.parametrize("at", [1, 9, 17])
def test_a_training_that_is_asked_to_stop_goes_on_to_the_same_weights(corpus, tmp_path, at):
    pretrain(job(corpus, tmp_path / "whole"))
    with pytest.raises(KeyboardInterrupt):
        pretrain(job(corpus, tmp_path / "cut", fate="SIGTERM", at=at))
    assert open_pretrained(tmp_path / "cut", ["toy"]).card["steps"] == at
    assert pretrain(job(corpus, tmp_path / "cut"))["is_finished"]
    assert_same(tmp_path / "whole", tmp_path / "cut")


def test_a_killed_training_goes_on_to_the_same_weights(corpus, tmp_path):
    pretrain(job(corpus, tmp_path / "whole"))
    killed = child(corpus, tmp_path / "cut", "SIGKILL", 13)
    assert killed.returncode == -9, killed.stderr
    assert open_pretrained(tmp_path / "cut", ["toy"]).card["steps"] == 12
    pretrain(job(corpus, tmp_path / "cut"))
    assert_same(tmp_path / "whole", tmp_path / "cut")


def test_a_full_disk_leaves_the_last_good_checkpoint(corpus, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        pretrain(job(corpus, tmp_path / "cut", fate="SIGTERM", at=8))
    failed = child(corpus, tmp_path / "cut", "none", 0, limit=1_500)
    assert failed.returncode != 0
    assert "File too large" in failed.stderr
    assert load_about(tmp_path / "cut" / "training" / "checkpoint.safetensors")["step"] == 8
    assert open_pretrained(tmp_path / "cut", ["toy"]).card["steps"] == 8
    pretrain(job(corpus, tmp_path / "cut"))
    pretrain(job(corpus, tmp_path / "whole"))
    assert_same(tmp_path / "whole", tmp_path / "cut")


@pytest.mark.parametrize(
    ("precision", "cure"), [("32-true", r"\) and"), ("bf16-mixed", r'\) or set precision = "32-true" and')]
)
def test_a_loss_that_is_no_number_stops_it_and_names_the_step(corpus, tmp_path, precision, cure):
    with pytest.raises(KeyboardInterrupt):
        pretrain(job(corpus, tmp_path, fate="SIGTERM", at=6, precision=precision))
    told = rf"the loss is nan at step 11 of 24; .* of step 6 are kept.*lr \(now 0\.03{cure} run"
    with pytest.raises(UsageError, match=told):
        pretrain(job(corpus, tmp_path, fate="nan", at=5, precision=precision))
    assert open_pretrained(tmp_path, ["toy"]).card["steps"] == 6
    assert pretrain(job(corpus, tmp_path))["is_finished"]


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
@pytest.mark.parametrize("at", [18, 12])  # the last step; one before others
def test_weights_that_are_no_numbers_are_never_saved(corpus, tmp_path, precision, at):
    with pytest.raises(KeyboardInterrupt):
        pretrain(job(corpus, tmp_path, fate="SIGTERM", at=6, precision=precision))
    with pytest.raises(UsageError, match=r"no number|loss is nan at step 19.* of step 6 are kept"):
        pretrain(job(corpus, tmp_path, fate="nan gradient", at=at, precision=precision, n_valid=30))
    for array in weights(tmp_path).values():
        assert np.isfinite(array).all()
    assert open_pretrained(tmp_path, ["toy"]).card["steps"] == 6


def test_a_training_of_something_else_is_refused(corpus, tmp_path):
    pretrain(job(corpus, tmp_path, steps=2))
    for change, what in (({"seed": 1}, "seed"), ({"batch_size": 16}, "batch_size")):
        with pytest.raises(UsageError, match=f"holds a pre-training with another {what}"):
            pretrain(job(corpus, tmp_path, **change))
    with pytest.raises(UsageError, match="another network"):
        pretrain(replace(job(corpus, tmp_path), network={"width": 9}))


def test_a_training_can_be_made_longer(corpus, tmp_path):
    pretrain(job(corpus, tmp_path, steps=5))
    card = pretrain(job(corpus, tmp_path, steps=9))
    assert (card["steps"], card["is_finished"]) == (9, True)
    assert [(plan["first_step"], plan["steps"]) for plan in card["plans"]] == [(0, 5), (5, 9)]


def test_a_time_limit_stops_it_and_is_no_error(corpus, tmp_path):
    card = pretrain(job(corpus, tmp_path), time_limit_s=0.0)
    assert not card["is_finished"]
    assert card["steps"] == 0
    assert pretrain(job(corpus, tmp_path), time_limit_s=1e6)["is_finished"]


def test_a_time_limit_stops_the_making_of_targets_too(tmp_path, monkeypatch):
    monkeypatch.setattr(corpora, "PIECE", 30)
    folder = small_corpus(tmp_path, 100).folder
    for n in (1, 2):
        card = pretrain(job(folder, tmp_path / "net"), time_limit_s=0.0)
        assert (card["steps"], card["is_finished"]) == (0, False)
        assert len(list(folder.glob("targets/*/*.npy"))) == n
    assert pretrain(job(folder, tmp_path / "net"))["is_finished"]


def test_a_training_begun_when_letters_were_counted_goes_on_to_the_same_weights(
    corpus, tmp_path, monkeypatch
):
    with monkeypatch.context() as here:
        here.setattr(stream, "GROUPING", "letters")
        pretrain(job(corpus, tmp_path / "whole"))
        with pytest.raises(KeyboardInterrupt):
            pretrain(job(corpus, tmp_path / "cut", fate="SIGTERM", at=3))
    path = tmp_path / "cut" / "training" / "checkpoint.safetensors"
    about = load_about(path)
    assert about.pop("grouping") == "letters"
    save_arrays(path, load_arrays(path), about)
    pretrain(job(corpus, tmp_path / "cut"))
    assert_same(tmp_path / "whole", tmp_path / "cut")
    pretrain(job(corpus, tmp_path / "new"))
    with pytest.raises(AssertionError):
        assert_same(tmp_path / "whole", tmp_path / "new")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_a_damaged_card_beside_a_good_checkpoint_is_written_anew(corpus, tmp_path, text):
    card = pretrain(job(corpus, tmp_path, steps=4))
    (tmp_path / "card.json").write_text(text)
    with pytest.raises(UsageError, match=r"the loss is nan at step 5 of 9; .* of step 4 are kept"):
        pretrain(job(corpus, tmp_path, steps=9, fate="nan", at=1))
    again = pretrain(job(corpus, tmp_path, steps=4), time_limit_s=0.0)
    assert {**again, "cpu_hours": 0} == {**card, "cpu_hours": 0}


@pytest.mark.parametrize("text", ["{", '{"kind": "regression"}'])
def test_a_folder_with_another_card_or_no_checkpoint_is_left_alone(corpus, tmp_path, text):
    (tmp_path / "training").mkdir()
    if text != "{":
        (tmp_path / "training" / "checkpoint.safetensors").touch()
    (tmp_path / "card.json").write_text(text)
    with pytest.raises(UsageError, match="is no folder of a pre-training"):
        pretrain(job(corpus, tmp_path))


@pytest.mark.parametrize("keep", [0, 100, -9])
def test_a_damaged_checkpoint_is_named(corpus, tmp_path, keep):
    pretrain(job(corpus, tmp_path, steps=2))
    path = tmp_path / "training" / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UsageError, match=r"checkpoint\.safetensors is damaged"):
        pretrain(job(corpus, tmp_path))


@pytest.mark.parametrize("n", [0, 5])  # none asked for; a tenth of five is none
def test_without_molecules_held_back_it_learns_all_the_same(corpus, tmp_path, n):
    found = small_corpus(tmp_path / "few", n=5) if n else open_corpus(corpus)
    card = pretrain(replace(job(corpus, tmp_path / "net", n_valid=n, steps=3, valid_every=2), corpus=found))
    assert card["is_finished"]
    assert card["losses"]["valid"] == []
    assert np.isfinite(card["losses"]["train"])


def test_a_validation_that_fails_at_the_end_loses_no_step(corpus, tmp_path, monkeypatch):
    def fail(_):
        raise OSError("no")

    with monkeypatch.context() as here:
        here.setattr(_Run, "_validate", fail)
        with pytest.raises(OSError, match="no"):
            pretrain(job(corpus, tmp_path, steps=3))
    assert load_about(tmp_path / "training" / "checkpoint.safetensors")["step"] == 3
    assert pretrain(job(corpus, tmp_path, steps=3))["losses"]["valid"][0]["step"] == 3


def test_half_precision_learns_too(corpus, tmp_path):
    card = pretrain(job(corpus, tmp_path, steps=60, precision="bf16-mixed"))
    assert card["losses"]["train"] < 20


def test_a_scaled_gradient_goes_on_to_the_same_weights(corpus, tmp_path, monkeypatch):
    def scaling(*_) -> Fabric:  # on the processor Fabric takes bf16-mixed of itself
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0**20)  # too much for the first steps
        return Fabric(accelerator="cpu", plugins=MixedPrecision("16-mixed", "cpu", scaler))

    monkeypatch.setattr(running, "make_engine", scaling)
    half = {"precision": "16-mixed", "lr": 0.01}
    pretrain(job(corpus, tmp_path / "whole", **half))
    with pytest.raises(KeyboardInterrupt):
        pretrain(job(corpus, tmp_path / "cut", fate="SIGTERM", at=12, **half))
    path = tmp_path / "cut" / "training" / "checkpoint.safetensors"
    about = load_about(path)
    assert about["scaler"]["scale"] < 2.0**20
    pretrain(job(corpus, tmp_path / "cut", **half))
    assert_same(tmp_path / "whole", tmp_path / "cut")


def test_a_corpus_with_letters_that_are_no_token_is_refused_before_the_first_step(corpus, tmp_path):
    found = open_corpus(corpus)
    older = Corpus(found.folder, {**found.about, "n_unknown_tokens": 3})
    with pytest.raises(UsageError, match=r"letters that are no token \(3\).*prepare it again"):
        pretrain(Job(older, "causal", tmp_path / "net", {"size": "gru-tiny"}, PLAN, "cpu"))
    assert not (tmp_path / "net").exists()
    assert pretrain(replace(job(corpus, tmp_path / "toy", steps=2), corpus=older))["is_finished"]


class Told(Silent):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def test_targets_that_need_much_disk_are_told_before(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "_MUCH", 0)
    told = Told()
    pretrain(job(corpus, tmp_path, steps=3), time_limit_s=0.0, progress=told)
    cost = [line for line in told.lines if "numbers to learn" in line]
    assert len(cost) == 1
    assert "for 96 molecules will need 0.0 GB" in cost[0]  # 3 steps of 32; 4 bytes each
    pretrain(job(corpus, tmp_path, steps=3))
    pretrain(job(corpus, tmp_path, steps=4), progress=told)
    assert len([line for line in told.lines if "numbers to learn" in line]) == 1


def test_utilization_is_of_all_devices(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "peak_flops", lambda *_: 1e9)
    run = _Run(job(corpus, tmp_path), None, SILENT, make_engine("cpu", 1, "32-true"))
    monkeypatch.setattr(run.engine, "world_size", 4)
    assert run._start()
    assert run.meter.peak == 4e9
    assert run._card()["devices"] == 4
    run.meter.close()


@pytest.mark.slow
def test_a_loss_that_is_no_number_in_one_of_two_processes_is_told_as_in_one(corpus, tmp_path):
    plan = replace(PLAN, steps=6, warmup=0, lr=1e30, n_valid=20)
    two = Job(open_corpus(corpus), "causal", tmp_path / "net", {"size": "gru-tiny"}, plan, "cpu", devices=2)
    with pytest.raises(UsageError, match=r"pre-training failed: the loss is .* at step \d of 6"):
        pretrain(two)


@pytest.mark.slow
def test_two_processes_train_one_network(corpus, tmp_path):
    plan = replace(PLAN, steps=6, n_valid=20)
    jobs = [
        Job(open_corpus(corpus), "causal", tmp_path / str(n), {"size": "gru-tiny"}, plan, "cpu", devices=n)
        for n in (1, 2)
    ]
    cards = [pretrain(job) for job in jobs]
    assert [card["is_finished"] for card in cards] == [True, True]
    assert [card["devices"] for card in cards] == [1, 2]
    one, two = (card["losses"]["valid"][0]["loss"] for card in cards)
    assert two == pytest.approx(one, rel=0.1)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own, while it compiles
@pytest.mark.parametrize(
    ("kind", "network"),
    [
        ("causal", {"size": "gpt-small", "width": 32, "depth": 1, "heads": 2}),
        ("masked", {"width": 32, "depth": 1, "heads": 2}),
        ("graph", {"hidden": 32, "depth": 2}),
    ],
)
def test_a_compiled_network_learns_the_same(corpus, tmp_path, kind, network):
    plan = replace(PLAN, steps=6, valid_every=6)
    one, other = (
        pretrain(
            Job(open_corpus(corpus), kind, tmp_path / str(on), network, replace(plan, compile=on), "cpu")
        )
        for on in (False, True)
    )
    assert other["losses"]["train"] == pytest.approx(one["losses"]["train"], rel=1e-3)
    assert other["losses"]["valid"][0] == pytest.approx(one["losses"]["valid"][0], rel=1e-3)

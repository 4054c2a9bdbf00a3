"""The objective of language models."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from rdkit import Chem
from toy_pretraining import small_corpus
from toy_runs import made_once, series

from yaokit.chem.syntax import NUMBERS
from yaokit.core.errors import UsageError
from yaokit.nn.causal import load_prior, log_likelihood, sample
from yaokit.nn.devices import one_thread
from yaokit.nn.tokenizer import BOS, EOS, PAD, smiles_tokenizer
from yaokit.pretrain.causal import Causal, rewritten
from yaokit.pretrain.corpus import open_corpus
from yaokit.pretrain.plan import Plan
from yaokit.pretrain.run import Job, pretrain

TINY = {"size": "gru-tiny", "embedding": 8, "width": 16, "depth": 1}


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(scope="module")
def molecules() -> list[str]:
    return series(40)[0]


def random() -> np.random.Generator:
    return np.random.default_rng(0)


def test_the_loss_is_the_mean_likelihood_of_molecules(molecules: list[str]):
    objective = Causal(**TINY)
    net = objective.module().eval()
    batch = objective.batch(molecules, None, random())
    loss, parts = objective.loss(net, batch)
    mean = -log_likelihood(net, batch[0]).mean()
    assert loss.item() == pytest.approx(mean.item() / 40)
    assert parts["nats_a_molecule"].item() == pytest.approx(mean.item())
    n_tokens = sum(len(smiles_tokenizer().split(text)) + 1 for text in molecules)
    assert parts["nats_a_token"].item() == pytest.approx(mean.item() * len(molecules) / n_tokens)


def test_the_loss_is_the_same_if_the_network_finds_out_what_is_open(molecules: list[str]):
    objective = Causal(**TINY)
    net = objective.module().eval()
    tokens, told = objective.batch(molecules, None, random())
    assert torch.equal(objective.loss(net, (tokens, told))[0], objective.loss(net, (tokens, None))[0])
    assert objective.loss(net, (tokens, told * 0))[0] != objective.loss(net, (tokens, told))[0]
    assert Causal(**TINY, syntax=False).batch(molecules, None, random())[1] is None


def test_molecules_are_written_as_they_are_given(molecules: list[str]):
    batch = Causal(**TINY).batch(molecules, None, random())[0].numpy()
    assert [smiles_tokenizer().decode(row) for row in batch] == molecules
    assert (batch[:, 0] == BOS).all()


def test_a_share_is_written_anew_each_time(molecules: list[str]):
    objective, decode = Causal(**TINY, randomized=0.5), smiles_tokenizer().decode
    random_ = random()
    first, second = (
        [decode(row) for row in objective.batch(molecules, None, random_)[0].numpy()] for _ in "12"
    )
    n_same = sum(a == b for a, b in zip(first, molecules, strict=True))
    assert 8 < n_same < 32
    assert first != second
    assert [Chem.CanonSmiles(text) for text in first] == [Chem.CanonSmiles(text) for text in molecules]


def test_what_cannot_be_written_anew_stays_as_it_is():
    assert rewritten("C1CC", 0) == "C1CC"
    assert rewritten("C", 0) == "C"


def test_of_a_long_molecule_the_beginning_is_learned():
    objective = Causal(**TINY, longest=10)
    batch, told = objective.batch(["C" * 30, "CCO"], None, random())
    assert told.shape == (2, 12, NUMBERS)
    assert batch.shape == (2, 12)
    assert EOS not in batch[0]
    assert batch[1].tolist() == [BOS, *batch[1, 1:4].tolist(), EOS, *[PAD] * 7]


def test_the_weights_shipped_are_those_of_the_network(molecules: list[str]):
    objective = Causal(**TINY)
    net = objective.module()
    again = objective.module()
    again.load_state_dict({name: torch.from_numpy(a) for name, a in objective.state(net).items()})
    batch = objective.batch(molecules, None, random())
    assert torch.equal(net(*batch), again(*batch))


@pytest.mark.parametrize("size", ["gru", "gpt-small"])
def test_work_grows_with_tokens_not_with_padding(size: str, molecules: list[str]):
    objective = Causal(size=size)
    tokens, told = objective.batch(molecules, None, random())
    flops = objective.flops((tokens, told))
    assert objective.flops((torch.nn.functional.pad(tokens, (0, 20), value=PAD), told)) == flops
    assert objective.flops((tokens[:20], told[:20])) < 0.7 * flops
    n_tokens, n_weights = (
        (tokens[:, 1:] != PAD).sum(),
        sum(p.numel() for p in objective.module().parameters()),
    )
    assert 0.7 < flops / float(6 * n_tokens * n_weights) < 1.2


def test_bf16_learns_too(molecules: list[str]):
    torch.manual_seed(0)
    objective = Causal(**{**TINY, "width": 32})
    net = objective.module()
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2)
    batch, losses = objective.batch(molecules, None, random()), []
    for _ in range(25):
        with torch.autocast("cpu", torch.bfloat16):
            loss, _parts = objective.loss(net, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]


def test_impossible_settings_are_refused():
    with pytest.raises(UsageError, match="a share"):
        Causal(randomized=2)
    with pytest.raises(UsageError, match="true or false"):
        Causal(syntax="yes")
    with pytest.raises(UsageError, match="it has: architecture"):
        Causal(size="gru", layers=3)


def test_a_prior_trained_twice_draws_the_same(tmp_path_factory, tmp_path: Path):
    corpus = open_corpus(made_once(tmp_path_factory, "corpus", lambda out: small_corpus(out)) / "corpus")
    plan = Plan(steps=12, batch_size=64, lr=2e-2, warmup=4, n_valid=30, schedule="trapezoid")
    network = {**TINY, "dropout": 0.1, "randomized": 0.3}
    drawn = []
    for name in ("first", "again"):
        card = pretrain(Job(corpus, "causal", tmp_path / name, network, plan, device="cpu"))
        assert card["losses"]["valid"][-1]["nats_a_token"] < 0.7 * np.log(len(smiles_tokenizer()))
        drawn.append(sample(load_prior(tmp_path / name), 20, seed=0, longest=20))
    assert drawn[0] == drawn[1]

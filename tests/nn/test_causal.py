"""Language models of SMILES: what they draw is what they say it is worth."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from toy_runs import series

from yaokit.core.errors import UsageError
from yaokit.data.read.files import read_records
from yaokit.nn.causal import (
    SIZES,
    CausalNet,
    load_prior,
    log_likelihood,
    log_likelihoods,
    network_settings,
    sample,
    syntax_of,
)
from yaokit.nn.devices import one_thread
from yaokit.nn.pretrained import Pretrained, save_pretrained
from yaokit.nn.tokenizer import EOS, PAD, pad, smiles_tokenizer

SMALL = {
    "gru": {"architecture": "gru", "embedding": 16, "width": 64, "depth": 2, "dropout": 0.1},
    "gpt": {"architecture": "gpt", "width": 64, "depth": 2, "heads": 4, "dropout": 0.1},
}
SMALL |= {f"{name} told": {**settings, "syntax": True} for name, settings in SMALL.items()}


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(params=list(SMALL))
def net(request: pytest.FixtureRequest) -> CausalNet:
    torch.manual_seed(0)
    return CausalNet(**SMALL[request.param]).eval()


def tokens(smiles: list[str]) -> torch.Tensor:
    return torch.from_numpy(pad([smiles_tokenizer().encode(text, ends=True) for text in smiles]))


@pytest.fixture(scope="module")
def molecules() -> list[str]:
    return series(32)[0]


def test_padding_does_not_change_a_likelihood(net: CausalNet, molecules: list[str]):
    with torch.no_grad():
        together = log_likelihood(net, tokens(molecules))
        alone = torch.cat([log_likelihood(net, tokens([text])) for text in molecules])
        wider = log_likelihood(net, torch.nn.functional.pad(tokens(molecules), (0, 9), value=PAD))
    assert torch.allclose(together, alone, rtol=1e-5)
    assert torch.allclose(together, wider, rtol=1e-5)


def test_permuted_rows_give_permuted_likelihoods(net: CausalNet, molecules: list[str]):
    order = np.random.default_rng(0).permutation(len(molecules))
    shuffled = log_likelihoods(net, [molecules[i] for i in order], batch=5)
    assert np.allclose(log_likelihoods(net, molecules)[order], shuffled, rtol=1e-5)


def test_steps_give_the_logits_of_the_whole_sequence(net: CausalNet, molecules: list[str]):
    batch = tokens(molecules)[:, :30]
    with torch.no_grad():
        whole, state, told = net(batch), net.start(len(batch)), syntax_of(batch)
        for place in range(batch.shape[1]):
            logits, state = net.step(
                batch[:, place], state, told[:, place] if net.settings["syntax"] else None
            )
            known = batch[:, place] != PAD
            assert torch.allclose(logits[known], whole[known, place], atol=1e-4)


def test_the_probabilities_of_all_next_tokens_add_up_to_one_without_special_ones(net: CausalNet):
    chances = net(tokens(["CCO"]))[0, 1].softmax(dim=0)
    closed = [i for i, kind in enumerate(smiles_tokenizer().kinds) if kind in ("special", "reserve")]
    assert chances.sum().item() == pytest.approx(1)
    assert [i for i in closed if chances[i] > 0] == [EOS]


def test_a_letter_that_is_no_token_is_impossible(net: CausalNet):
    assert log_likelihoods(net, ["CCO", "CC☃"])[1] == -np.inf


def test_every_parameter_gets_a_gradient(net: CausalNet, molecules: list[str]):
    log_likelihood(net.train(), tokens(molecules)).mean().backward()
    silent = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == []


def test_a_seed_gives_the_same_molecules_in_batches_of_any_size(net: CausalNet):
    drawn = sample(net, 40, seed=3, longest=30)
    assert drawn == sample(net, 40, seed=3, longest=30)
    assert drawn == sample(net, 40, seed=3, longest=30, batch=7)
    assert drawn[10:20] == sample(net, 10, seed=3, longest=30, first=10)
    assert drawn != sample(net, 40, seed=4, longest=30)


@pytest.mark.parametrize(
    ("kind", "changes", "lr"), [("gru", {"width": 128, "depth": 1}, 2e-2), ("gpt", {}, 5e-3)]
)
def test_32_molecules_learned_by_heart_are_drawn_again(kind: str, changes: dict[str, int], lr: float):
    torch.manual_seed(0)
    net = CausalNet(**{**SMALL[kind], "dropout": 0.0, **changes})
    short = [smiles for row in read_records("builtin:zinc250k") if len(smiles := row.cells["smiles"]) <= 24]
    short = short[:32]
    optimizer = torch.optim.AdamW(net.parameters(), lr=lr, fused=True)
    steps = 220
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / steps)
        optimizer.zero_grad()
        (-log_likelihood(net, tokens(short)).mean() / 20).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
    drawn = sample(net, 200, seed=0)
    assert np.mean([text in short for text in drawn]) > 0.8
    assert len(set(drawn) & set(short)) > 20
    assert log_likelihoods(net, short).mean() > np.log(1 / 32) - 0.5


@pytest.fixture
def alkane_net(net: CausalNet) -> CausalNet:
    """One that writes short strings of C and O."""
    number = smiles_tokenizer().number
    with torch.no_grad():
        net.head.bias.fill_(-30)
        net.head.bias[[EOS, number["C"], number["O"]]] = torch.tensor([1.0, 1.5, 0.5])
    return net


def test_draws_are_as_frequent_as_their_likelihood_says(alkane_net: CausalNet):
    drawn = sample(alkane_net, 3000, seed=0)
    for text in ("C", "O", "CO", "CC"):
        expected = float(np.exp(log_likelihoods(alkane_net, [text])[0]))
        found = sum(text == other for other in drawn) / len(drawn)
        assert expected > 0.01
        assert found == pytest.approx(expected, abs=4 * (expected / len(drawn)) ** 0.5)


def test_a_low_temperature_draws_what_is_likely(alkane_net: CausalNet):
    drawn = [sample(alkane_net, 200, seed=0, temperature=t, longest=10) for t in (0.01, 0.7, 1.4)]
    n_distinct = [len(set(texts)) for texts in drawn]
    assert n_distinct[0] == 1
    assert n_distinct[1] < n_distinct[2]


def test_what_is_not_ended_is_empty(alkane_net: CausalNet):
    assert max(map(len, sample(alkane_net, 200, seed=0, longest=3))) == 2


@pytest.mark.parametrize("size", list(SIZES))
def test_sizes_are_those_of_their_settings(size: str):
    with torch.device("meta"):
        net = CausalNet(**network_settings(size))
    assert net.settings == network_settings(size)


def test_an_unknown_setting_is_refused_with_a_list():
    with pytest.raises(UsageError, match="it has: architecture, embedding, width, depth, dropout"):
        network_settings("gru", heads=3)
    with pytest.raises(UsageError, match="gru-tiny"):
        network_settings("huge")


def test_what_was_saved_is_loaded(net: CausalNet, molecules: list[str], tmp_path: Path):
    state = {name: tensor.numpy() for name, tensor in net.state_dict().items()}
    save_pretrained(tmp_path, "causal", net.settings, state, {"name": "toy"})
    again = load_prior(tmp_path)
    assert np.allclose(log_likelihoods(again, molecules), log_likelihoods(net, molecules), rtol=1e-3)


@pytest.mark.parametrize("changes", [{"width": 32}, {"layers": 2}], ids=["size", "setting"])
def test_settings_that_are_not_of_the_weights_are_refused(changes: dict[str, int], tmp_path: Path):
    net = CausalNet(**SMALL["gru"])
    state = {name: tensor.numpy() for name, tensor in net.state_dict().items()}
    save_pretrained(tmp_path, "causal", {**net.settings, **changes}, state, {"name": "toy"})
    with pytest.raises(UsageError, match="the weights of toy are not those of its settings"):
        load_prior(tmp_path)


@pytest.mark.parametrize("name", ["width", "depth", "embedding", "heads"])
@pytest.mark.parametrize("value", [0, -8, "8", 8.0, None, 10**18, 3])
def test_numbers_that_no_such_network_has_are_refused(name: str, value: Any, tmp_path: Path):
    net = CausalNet(**SMALL["gru" if name == "embedding" else "gpt"])
    state = {key: tensor.numpy() for key, tensor in net.state_dict().items()}
    save_pretrained(tmp_path, "causal", {**net.settings, name: value}, state, {"name": "toy"})
    with pytest.raises(UsageError, match="the weights of toy are not those of its settings"):
        load_prior(tmp_path)


def test_settings_that_are_no_table_are_refused(tmp_path: Path):
    found = Pretrained("causal", [], {}, {"name": "toy"}, "")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"settings \(its settings are no table\)"):
        load_prior(found)

"""The masked encoder: what it says of a molecule depends on nothing but the molecule."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from rdkit import Chem
from toy_runs import series

from yaokit.core.errors import UsageError
from yaokit.nn.devices import one_thread
from yaokit.nn.masked import Embedder, MaskedNet, encoded, sequence_net, shape_of, start_from
from yaokit.nn.pretrained import Pretrained, open_pretrained, save_pretrained
from yaokit.nn.tokenizer import pad

SHAPE = {"width": 32, "depth": 2, "heads": 2, "stem": 5, "dropout": 0.0}


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture
def net() -> MaskedNet:
    torch.manual_seed(0)
    return MaskedNet(7, **SHAPE).eval()


@pytest.fixture
def found(net: MaskedNet, tmp_path: Path) -> Pretrained:
    state = {name: tensor.numpy() for name, tensor in net.state_dict().items() if name.startswith("net.")}
    save_pretrained(tmp_path, "masked", SHAPE, state, {})
    return open_pretrained(tmp_path, ["masked"])


@pytest.fixture
def embed(found: Pretrained) -> Embedder:
    return Embedder(found.settings, found.state)


def tokens(n: int) -> torch.Tensor:
    return torch.from_numpy(pad([encoded(text) for text in series(n)[0]]))


def test_padding_does_not_change_outputs(net: MaskedNet):
    batch, places = tokens(4), torch.tensor([[0, 2], [3, 5]])
    wide = torch.nn.functional.pad(batch, (0, 9))
    with torch.no_grad():
        for narrow, wider in zip(net(batch, places), net(wide, places), strict=True):
            assert torch.allclose(narrow, wider, atol=1e-5)


def test_every_parameter_gets_a_gradient(net: MaskedNet):
    named, told = net(tokens(4), torch.tensor([[0, 2], [1, 3], [3, 5]]))
    (named.square().sum() + told.square().sum()).backward()
    silent = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == []


def test_an_embedding_is_the_same_alone_and_among_others(embed: Embedder):
    mols = [Chem.MolFromSmiles(text) for text in [*series(30)[0], "C", "C" * 400]]
    together = embed(mols)
    alone = np.concatenate([embed([mol]) for mol in mols])
    assert together.shape == (32, embed.width)
    assert together.dtype == np.float32
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(embed(mols[::-1])[::-1], together, atol=1e-5)


def test_an_embedding_does_not_depend_on_the_order_of_atoms(embed: Embedder):
    mol = Chem.MolFromSmiles(series(1)[0][0])
    other = Chem.RenumberAtoms(mol, list(reversed(range(mol.GetNumAtoms()))))
    np.testing.assert_allclose(embed([mol]), embed([other]), atol=1e-6)


def test_no_molecules_have_no_embeddings(embed: Embedder):
    assert embed([]).shape == (0, 32)


def test_it_leaves_random_numbers_alone(found: Pretrained):
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    Embedder(found.settings, found.state).of_smiles(["CCO"])
    assert torch.equal(torch.rand(3), expected)


def test_a_letter_that_is_no_token_is_named(embed: Embedder):
    with pytest.raises(UsageError, match=r"'CCX!' holds what is no part of a SMILES: 'X', '!'"):
        embed.of_smiles(["CCO", "CCX!"])


def test_a_network_starts_from_all_but_the_last_layer(found: Pretrained):
    net = sequence_net(3, **shape_of(found.settings))
    before = net.head.layers[-1].weight.clone()
    start_from(net, found.state)
    assert torch.equal(net.head.layers[-1].weight, before)
    for name in ("embedding.weight", "encoder.layers.1.qkv.weight", "head.layers.0.weight"):
        assert torch.equal(net.state_dict()[name], torch.from_numpy(found.state[f"net.{name}"]))


def test_a_frozen_network_learns_in_its_head_only(found: Pretrained):
    net = sequence_net(3, **shape_of(found.settings))
    start_from(net, found.state, frozen=True)
    learning = {name.partition(".")[0] for name, p in net.named_parameters() if p.requires_grad}
    assert learning == {"head"}


def test_weights_of_another_size_are_refused(found: Pretrained):
    net = sequence_net(3, **{**SHAPE, "width": 64})
    with pytest.raises(UsageError, match="do not fit this network"):
        start_from(net, found.state)


def test_a_card_without_sizes_is_refused():
    with pytest.raises(UsageError, match="card has no width"):
        shape_of({})


def test_heads_must_divide_the_width():
    with pytest.raises(UsageError, match="width 30 does not divide into 4 heads"):
        sequence_net(1, 30, 1, 4, 0, 0.0)

"""Parts of networks for sequences: what stands in one place must not leak into another."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

from yaokit.nn.blocks import ConvTower, Encoder, Head, Readout, Recurrent, SequenceNet, rotate, rotations
from yaokit.nn.devices import one_thread
from yaokit.nn.tokenizer import PAD

WIDTH = 16
ENCODERS = {
    "conv": lambda: ConvTower(WIDTH, depth=3, kernel=5, dropout=0.2),
    "gru": lambda: Recurrent(WIDTH, depth=2, cell="gru", dropout=0.2),
    "lstm": lambda: Recurrent(WIDTH, depth=2, cell="lstm", dropout=0.2),
    "transformer": lambda: Encoder(WIDTH, depth=2, heads=4, dropout=0.2),
    "stemmed": lambda: Encoder(WIDTH, depth=2, heads=4, dropout=0.2, stem=4),
}
Make = Callable[[], torch.nn.Module]


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(params=list(ENCODERS))
def net(request: pytest.FixtureRequest) -> SequenceNet:
    torch.manual_seed(0)
    return SequenceNet(30, WIDTH, ENCODERS[request.param](), outputs=3, dropout=0.2)


def tokens(*lengths: int) -> torch.Tensor:
    random = np.random.default_rng(0)
    out = torch.full((len(lengths), max(lengths)), PAD)
    for row, length in enumerate(lengths):
        out[row, :length] = torch.from_numpy(random.integers(1, 30, length))
    return out


def test_padding_does_not_change_outputs(net: SequenceNet):
    net.eval()
    batch = tokens(3, 12, 7)
    with torch.no_grad():
        together = net(batch)
        alone = torch.cat([net(row[row != PAD][None]) for row in batch])
        wider = net(torch.nn.functional.pad(batch, (0, 9), value=PAD))
    assert torch.allclose(together, alone, atol=1e-5)
    assert torch.allclose(together, wider, atol=1e-5)


def test_permuted_rows_give_permuted_outputs(net: SequenceNet):
    net.eval()
    batch, order = tokens(3, 12, 7), [2, 0, 1]
    with torch.no_grad():
        assert torch.allclose(net(batch)[order], net(batch[order]), atol=1e-5)


def test_the_order_of_tokens_matters(net: SequenceNet):
    net.eval()
    batch = tokens(8)
    with torch.no_grad():
        assert not torch.allclose(net(batch), net(batch.flip(1)), atol=1e-4)


def test_every_parameter_gets_a_gradient(net: SequenceNet):
    net(tokens(5, 9, 12, 4)).square().sum().backward()
    silent = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == []


def test_it_learns_32_sequences_by_heart(net: SequenceNet):
    for part in net.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    random = np.random.default_rng(1)
    batch = tokens(*random.integers(4, 12, 32))
    wanted = torch.from_numpy(random.standard_normal((32, 3)).astype(np.float32))
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2)
    for _ in range(150):
        optimizer.zero_grad()
        loss = (net(batch) - wanted).square().mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.02


def test_attention_asked_for_is_the_one_applied():
    torch.manual_seed(0)
    encoder = Encoder(WIDTH, depth=2, heads=4, dropout=0.2).eval()
    batch = tokens(4, 9)
    x, mask = torch.randn(2, 9, WIDTH), batch != PAD
    maps: list[torch.Tensor] = []
    with torch.no_grad():
        assert torch.allclose(encoder(x, mask), encoder(x, mask, maps=maps), atol=1e-5)
    assert [m.shape for m in maps] == [(2, 4, 9, 9)] * 2
    for attention in maps:
        assert torch.allclose(attention.sum(dim=-1), torch.ones(2, 4, 9))
        assert attention[0, :, :, 4:].abs().max() == 0


@pytest.mark.parametrize("stem", [0, 5])
def test_a_causal_encoder_does_not_look_ahead(stem: int):
    torch.manual_seed(0)
    encoder = Encoder(WIDTH, depth=2, heads=4, dropout=0.2, stem=stem).eval()
    x, mask = torch.randn(1, 9, WIDTH), torch.ones(1, 9, dtype=torch.bool)
    changed = x.clone()
    changed[:, 6:] += 1
    with torch.no_grad():
        before, after = (encoder(part, mask, causal=True) for part in (x, changed))
    assert torch.allclose(before[:, :6], after[:, :6], atol=1e-6)
    assert not torch.allclose(before[:, 6:], after[:, 6:], atol=1e-2)


def test_rotation_tells_how_far_two_places_are_apart():
    x = torch.randn(1, WIDTH)
    turned = rotate(x.expand(20, WIDTH), rotations(20, WIDTH, x.device))
    assert torch.allclose(turned.norm(dim=1), x.norm().expand(20), atol=1e-5)
    near = turned @ turned.T
    for shift in (1, 5):
        along = near.diagonal(shift)
        assert torch.allclose(along, along[:1].expand_as(along), atol=1e-4)


def test_a_readout_reads_known_places_only():
    readout = Readout(WIDTH)
    x, mask = torch.randn(1, 5, WIDTH), torch.tensor([[True, True, False, False, False]])
    other = x.clone()
    other[:, 2:] = 100.0
    assert torch.equal(readout(x, mask), readout(other, mask))
    assert readout(x, mask).shape == (1, 2 * WIDTH)


def test_a_head_without_a_hidden_layer_is_linear():
    head = Head((4, 2), dropout=0.5)
    x = torch.randn(3, 4)
    assert torch.equal(head(x), head.layers[0](x))

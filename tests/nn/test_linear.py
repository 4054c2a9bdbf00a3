"""The dense layer: torch's own, in value and slope."""

import pytest
import torch
from torch import nn

from yaokit.nn.linear import Linear


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(24,), (1, 24), (64, 24), (5, 7, 24), (0, 24)])
def test_values_and_slopes_are_those_of_torch(shape: tuple[int, ...], bias: bool):
    torch.manual_seed(0)
    ours, theirs = Linear(24, 40, bias), nn.Linear(24, 40, bias)
    theirs.load_state_dict(ours.state_dict())
    found = []
    x, slope = torch.randn(shape), torch.randn(*shape[:-1], 40)
    for layer in (ours, theirs):
        asked = x.clone().requires_grad_()
        out = layer(asked)
        out.backward(slope)
        found.append([out, asked.grad, *(weights.grad for weights in layer.parameters())])
    for mine, other in zip(*found, strict=True):
        assert torch.allclose(mine, other, atol=1e-5)


def test_rows_need_not_lie_in_order():
    layer, x = Linear(24, 40), torch.randn(5, 24, 7)
    assert torch.allclose(layer(x.transpose(1, 2)), layer(x.transpose(1, 2).contiguous()), atol=1e-6)


def test_a_frozen_layer_learns_nothing_and_passes_slopes_on():
    layer, x = Linear(24, 40).requires_grad_(False), torch.randn(3, 24, requires_grad=True)
    layer(x).sum().backward()
    assert torch.allclose(x.grad, layer.weight.sum(dim=0).expand(3, -1), atol=1e-5)  # type: ignore[arg-type]
    assert layer.weight.grad is None


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_numbers_are_left_to_torch(dtype: torch.dtype):
    layer = Linear(24, 40)
    assert layer.to(dtype)(torch.randn(3, 24, dtype=dtype)).dtype == dtype
    with torch.autocast("cpu", torch.bfloat16):
        assert Linear(24, 40)(torch.randn(3, 24)).dtype == torch.bfloat16


def test_compiled_it_says_the_same():
    layer, x = Linear(24, 40), torch.randn(3, 24)
    with torch.no_grad():
        assert torch.allclose(torch.compile(layer, backend="aot_eager")(x), layer(x), atol=1e-6)

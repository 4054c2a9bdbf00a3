"""A dense layer that is as fast on one maker's processors as on another's.

MKL, with which torch multiplies 32-bit matrices on a processor, leaves half of what others than Intel's
can do unused; oneDNN, which torch has for other operations, does not. Results differ by rounding at most.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

_ONEDNN = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


class Linear(nn.Linear):
    """`nn.Linear`, by oneDNN where that can be: 32-bit numbers on a processor, not compiled."""

    def forward(self, input: Tensor) -> Tensor:
        if _ONEDNN and not torch.compiler.is_compiling() and _suits(input) and _suits(self.weight):
            return _Product.apply(input, self.weight, self.bias)
        return super().forward(input)


def _suits(x: Tensor) -> bool:
    return (
        x.device.type == "cpu"
        and x.dtype == torch.float32
        and x.numel() > 0
        and not torch.is_autocast_enabled("cpu")
    )


class _Product(torch.autograd.Function):
    """x wᵀ + b."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _product(x, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        rows, grads = x.reshape(-1, x.shape[-1]), grad.reshape(-1, grad.shape[-1])
        to_x, to_weight, to_bias = ctx.needs_input_grad
        return (
            _product(grad, weight.t(), None) if to_x else None,
            grads.t() @ rows if to_weight else None,
            grads.sum(dim=0) if to_bias else None,
        )


def _product(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return torch.ops.mkldnn._linear_pointwise(x.contiguous(), weight.contiguous(), bias, "none", [], "")

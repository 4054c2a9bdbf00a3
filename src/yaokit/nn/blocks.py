"""Parts of networks that read token sequences; a filled-up place never changes another one's output.

Shapes: tokens (n, length) int64; x (n, length, width) float32; mask (n, length) bool, True = a token.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from yaokit.nn.linear import Linear
from yaokit.nn.tokenizer import PAD

CELLS = {"gru": nn.GRU, "lstm": nn.LSTM}
Maps = list[Tensor]  # attention of each layer, (n, heads, length, length)


class ConvTower(nn.Module):
    """Residual 1-D convolutions, each reaching twice as far as the one before."""

    def __init__(self, width: int, depth: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(depth)])
        self.convs = nn.ModuleList(
            [
                nn.Conv1d(width, width, kernel, padding=(kernel // 2) * 2**i, dilation=2**i)
                for i in range(depth)
            ]
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        keep = mask[..., None]
        for norm, conv in zip(self.norms, self.convs, strict=True):
            inner = (norm(x) * keep).transpose(1, 2)  # (n, width, length)
            x = x + self.dropout(functional.gelu(conv(inner).transpose(1, 2)))
        return x * keep


class Recurrent(nn.Module):
    """A GRU or LSTM that reads forward and backward; each direction gives half of the width."""

    def __init__(self, width: int, depth: int, cell: str, dropout: float) -> None:
        super().__init__()
        kind = CELLS[cell]
        self.cells = nn.ModuleList(
            [kind(width, width // 2, batch_first=True, bidirectional=True) for _ in range(depth)]
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        lengths = mask.sum(dim=1).cpu()
        for cell in self.cells:
            packed = pack_padded_sequence(self.dropout(x), lengths, batch_first=True, enforce_sorted=False)
            x, _ = pad_packed_sequence(cell(packed)[0], batch_first=True, total_length=mask.shape[1])
        return x


class Encoder(nn.Module):
    """A Transformer: pre-norm layers whose attention knows places by rotation.

    Rotary positions: Su 2021, arXiv:2104.09864. RMS norm: Zhang 2019, arXiv:1910.07467. With
    `causal` a place sees only those before it. Any length will do; the cost grows with its square.
    `stem` > 0 is the reach of a convolution before the first layer: neighbors in one step.
    """

    def __init__(self, width: int, depth: int, heads: int, dropout: float, stem: int = 0) -> None:
        super().__init__()
        self.stem = nn.Conv1d(width, width, stem) if stem else None
        self.layers = nn.ModuleList([_Layer(width, heads, dropout) for _ in range(depth)])
        self.norm = nn.RMSNorm(width)

    def forward(self, x: Tensor, mask: Tensor, *, causal: bool = False, maps: Maps | None = None) -> Tensor:
        """The encoded x; `maps`, a list, is given the attention of each layer."""
        allowed = mask[:, None, None, :]  # (n, 1, from, to)
        if causal:
            allowed = allowed & torch.ones(2 * mask.shape[1:], dtype=torch.bool, device=x.device).tril()
        turns = rotations(x.shape[1], self.layers[0].size, x.device)  # type: ignore[arg-type]
        if self.stem is not None:
            reach = self.stem.kernel_size[0] - 1
            sides = (reach, 0) if causal else (reach // 2, reach - reach // 2)
            inner = functional.pad((x * mask[..., None]).transpose(1, 2), sides)
            x = x + functional.gelu(self.stem(inner).transpose(1, 2))
        for layer in self.layers:
            x = layer(x, allowed, turns, maps)
        return self.norm(x) * mask[..., None]


class _Layer(nn.Module):
    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.size, self.rate = heads, width // heads, dropout
        self.before, self.between = nn.RMSNorm(width), nn.RMSNorm(width)
        self.qkv = Linear(width, 3 * width, bias=False)
        self.out = Linear(width, width, bias=False)
        self.up, self.down = Linear(width, 4 * width), Linear(4 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, allowed: Tensor, turns: tuple[Tensor, Tensor], maps: Maps | None) -> Tensor:
        n, length, width = x.shape
        qkv = self.qkv(self.before(x)).view(n, length, 3, self.heads, self.size)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (n, heads, length, size)
        q, k = rotate(q, turns), rotate(k, turns)
        if maps is None:
            mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
        else:
            scores = (q @ k.transpose(2, 3)) / self.size**0.5
            weights = scores.masked_fill(~allowed, -torch.inf).softmax(dim=-1)
            maps.append(weights)
            mixed = weights @ v
        x = x + self.dropout(self.out(mixed.transpose(1, 2).reshape(n, length, width)))
        return x + self.dropout(self.down(functional.gelu(self.up(self.between(x)))))


def rotations(length: int, size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosine and sine (length, size / 2) of the angle of each place and pair of dimensions."""
    speeds = 10_000 ** (-torch.arange(0, size, 2, device=device) / size)
    angles = torch.arange(length, device=device)[:, None] * speeds
    return angles.cos(), angles.sin()


def rotate(x: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
    """The pairs of dimensions of x (…, length, size), turned."""
    first, second = x.chunk(2, dim=-1)
    cos, sin = turns
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)


class Readout(nn.Module):
    """A sequence as one vector: weighted mean, with learned weights, and maximum; (n, 2 * width)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score = Linear(width, 1, bias=False)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        scores = self.score(x).squeeze(-1).masked_fill(~mask, -torch.inf)
        mean = (scores.softmax(dim=1)[..., None] * x).sum(dim=1)
        return torch.cat([mean, x.masked_fill(~mask[..., None], -torch.inf).amax(dim=1)], dim=1)


class Head(nn.Module):
    """Dense layers from a vector to the outputs."""

    def __init__(self, sizes: Sequence[int], dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList([Linear(a, b) for a, b in pairwise(sizes)])
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            x = self.dropout(functional.gelu(layer(x)))
        return self.layers[-1](x)


class SequenceNet(nn.Module):
    """Embedding → encoder → readout → head; forward takes tokens, `read` what they are embedded as."""

    def __init__(self, tokens: int, width: int, encoder: nn.Module, outputs: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, width, padding_idx=PAD)
        nn.init.normal_(self.embedding.weight, std=0.3)
        self.encoder = encoder
        self.readout = Readout(width)
        self.head = Head((2 * width, width, outputs), dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        """(n, outputs)."""
        return self.read(self.embedding(tokens), tokens != PAD)

    def read(self, x: Tensor, mask: Tensor) -> Tensor:
        """The same from embedded tokens, which attributions vary."""
        return self.head(self.readout(self.encoder(x, mask), mask))

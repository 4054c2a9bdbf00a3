"""The masked language model: an encoder of SMILES that also tells a molecule's descriptors.

Shapes: tokens (n, length) int64; places (hidden, 2) int64, a row and a place in it for each token asked for.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from rdkit import Chem
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from yaokit.core.errors import UsageError
from yaokit.nn.blocks import Encoder, SequenceNet
from yaokit.nn.devices import one_thread
from yaokit.nn.linear import Linear
from yaokit.nn.pretrained import Pretrained
from yaokit.nn.tokenizer import PAD, UNK, pad, smiles_tokenizer

SIZES: dict[str, dict[str, int]] = {
    "tiny": {"width": 160, "depth": 3, "heads": 4},  # 1.25 million parameters
    "small": {"width": 256, "depth": 8, "heads": 8},  # 6.9
    "base": {"width": 512, "depth": 10, "heads": 8},  # 33
}
SHAPE = ("width", "depth", "heads", "stem", "dropout")  # settings that a SequenceNet is built from
_PLACES = 4_096  # tokens of one batch when nothing is learned; more do not fit into a cache


class MaskedNet(nn.Module):
    """A SequenceNet whose outputs are the descriptors, and a layer that names hidden tokens."""

    def __init__(self, numbers: int, width: int, depth: int, heads: int, stem: int, dropout: float) -> None:
        super().__init__()
        self.net = sequence_net(numbers, width, depth, heads, stem, dropout)
        self.inner = Linear(width, width)
        self.norm = nn.RMSNorm(width)
        self.token = Linear(width, len(smiles_tokenizer()))

    def forward(self, tokens: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (hidden, tokens) of what stands at `places`, and (n, numbers)."""
        x, mask = self.encode(tokens)
        hidden = x[places[:, 0], places[:, 1]]
        named = self.token(self.norm(functional.gelu(self.inner(hidden)).float()))
        return named, self.net.head(self.net.readout(x, mask))

    def encode(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """(n, length, width), and where tokens are."""
        mask = tokens != PAD
        with _quick_to_learn(self.training and tokens.device.type == "cpu"):
            return self.net.encoder(self.net.embedding(tokens), mask), mask


def sequence_net(outputs: int, width: int, depth: int, heads: int, stem: int, dropout: float) -> SequenceNet:
    """Embedding, Transformer, readout and head, as the `transformer` member has them."""
    if width % (2 * heads):
        raise UsageError(f"width {width} does not divide into {heads} heads of even size")
    encoder = Encoder(width, depth, heads, dropout, stem)
    return SequenceNet(len(smiles_tokenizer()), width, encoder, outputs, dropout)


def shape_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a pre-trained network that its SequenceNet is built from; UsageError if one is not there."""
    if missing := [name for name in SHAPE if name not in settings]:
        raise UsageError(f"the pre-trained network's card has no {missing[0]}: it was not made by `masked`")
    return {name: settings[name] for name in SHAPE}


def start_from(net: SequenceNet, state: Mapping[str, np.ndarray], *, frozen: bool = False) -> None:
    """Put pre-trained weights into all but the last layer; `frozen` then leaves training the head only."""
    own = net.state_dict()
    last = f"head.layers.{len(net.head.layers) - 1}."
    given = {k.removeprefix("net."): torch.from_numpy(v) for k, v in state.items() if k.startswith("net.")}
    fresh = {k: v for k, v in own.items() if k.startswith(last)}
    try:
        net.load_state_dict({**{k: v for k, v in given.items() if not k.startswith(last)}, **fresh})
    except RuntimeError as error:
        raise UsageError(f"the pre-trained weights do not fit this network: {error}") from None
    if frozen:
        for part in (net.embedding, net.encoder, net.readout):
            part.requires_grad_(False)


def encoded(smiles: str) -> np.ndarray:
    """(length,) int64 tokens with both ends; UsageError if a part of the SMILES is no token."""
    numbers = smiles_tokenizer().encode(smiles, ends=True)
    if (numbers == UNK).any():
        unknown = ", ".join(map(repr, dict.fromkeys(smiles_tokenizer().unknown(smiles))))
        raise UsageError(f"{smiles!r} holds what is no part of a SMILES: {unknown}; take this molecule out")
    return numbers


def embed(found: Pretrained, mols: Sequence[Chem.Mol]) -> np.ndarray:
    """(n, width) float32 what a pre-trained network says of each molecule (Embedder)."""
    return Embedder(found.settings, found.state)(mols)


class Embedder:
    """The mean of what a pre-trained encoder says of each token of a molecule's canonical SMILES."""

    def __init__(self, settings: Mapping[str, Any], state: Mapping[str, np.ndarray]) -> None:
        shape = shape_of(settings)
        self.width = int(shape["width"])
        with torch.random.fork_rng(devices=[]):
            self._net = sequence_net(1, **shape).eval()
        start_from(self._net, state)

    def __call__(self, mols: Sequence[Chem.Mol]) -> np.ndarray:
        """(n, width) float32; a molecule's row depends on it alone, but for rounding."""
        return self.of_smiles([Chem.MolToSmiles(mol) for mol in mols])

    def of_smiles(self, smiles: Sequence[str]) -> np.ndarray:
        """The same of SMILES as they are written; UsageError if a part of one is no token."""
        sequences = [encoded(text) for text in smiles]
        out = np.zeros((len(smiles), self.width), np.float32)
        with torch.no_grad(), one_thread():
            for rows in _batches(np.array([len(sequence) for sequence in sequences], np.int64)):
                tokens = torch.from_numpy(pad([sequences[row] for row in rows]))
                mask = tokens != PAD
                x = self._net.encoder(self._net.embedding(tokens), mask)
                out[rows] = (x.sum(dim=1) / mask.sum(dim=1, keepdim=True)).numpy()
        return out


def _quick_to_learn(plain: bool) -> AbstractContextManager[Any]:
    """`plain` attention, whose way back takes half the time of the fused one on a processor."""
    return sdpa_kernel(SDPBackend.MATH) if plain else nullcontext()


def _batches(lengths: np.ndarray) -> list[np.ndarray]:
    """Rows of like length, together at most _PLACES tokens."""
    order = np.argsort(lengths, kind="stable")[::-1]
    out, start = [], 0
    while start < len(order):
        count = max(1, _PLACES // int(lengths[order[start]]))
        out.append(order[start : start + count])
        start += count
    return out

"""A Transformer over the tokens of a SMILES, with its attention."""

from typing import TYPE_CHECKING

import numpy as np

from yaokit.core.errors import UsageError
from yaokit.models.sequence import SmilesNetwork, Written

if TYPE_CHECKING:
    import torch


class Transformer(SmilesNetwork):
    """An encoder with rotary positions; a convolution first tells each token its neighbors."""

    name = "transformer"
    settings = (*SmilesNetwork.settings, "heads", "stem")
    heads = 4
    stem = 5  # tokens that a convolution before the first layer reads together; 0: no convolution
    dropout = 0.0
    lr = 2e-3

    def encoder(self) -> "torch.nn.Module":
        from yaokit.nn.blocks import Encoder

        if self.width % (2 * self.heads):
            raise UsageError(f"width {self.width} does not divide into {self.heads} heads of even size")
        return Encoder(self.width, self.depth, self.heads, self.dropout, self.stem)

    def attention(self, X: np.ndarray, number: int = 0) -> list[np.ndarray]:
        """For each canonical SMILES the (layers, heads, length, length) attention of one network.

        Places count from 1: 0 is the begin of the sequence, the last one its end. A row is where the
        attention comes from, and sums to 1. `Tokenizer.atom_tokens` says which places are an atom.
        """
        import torch

        from yaokit.nn.devices import one_thread
        from yaokit.nn.tokenizer import PAD

        module, out = self.module_of(number).cpu(), []
        ready = Written.of(X, 1, self.seed)
        with torch.no_grad(), one_thread():
            for row in range(len(X)):
                (tokens,) = self.inputs(ready, np.array([row]), None)
                maps: list[torch.Tensor] = []
                module.encoder(module.embedding(tokens), tokens != PAD, maps=maps)  # type: ignore[operator]
                out.append(torch.cat(maps).numpy())
        return out

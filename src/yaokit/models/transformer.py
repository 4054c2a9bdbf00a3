"""A Transformer over the tokens of a SMILES, with its attention."""

from typing import TYPE_CHECKING

import numpy as np

from yaokit.models.sequence import SmilesNetwork

if TYPE_CHECKING:
    import torch


class Transformer(SmilesNetwork):
    """An encoder with rotary positions."""

    name = "transformer"
    settings = (*SmilesNetwork.settings, "heads")
    heads = 4
    lr = 1e-3

    def encoder(self) -> "torch.nn.Module":
        from yaokit.nn.blocks import Encoder

        return Encoder(self.width, self.depth, self.heads, self.dropout)

    def attention(self, X: np.ndarray, number: int = 0) -> list[np.ndarray]:
        """For each canonical SMILES the (layers, heads, length, length) attention of one network.

        Places count from 1: 0 is the begin of the sequence, the last one its end. A row is where the
        attention comes from, and sums to 1. `Tokenizer.atom_tokens` says which places are an atom.
        """
        import torch

        from yaokit.nn.devices import one_thread
        from yaokit.nn.tokenizer import PAD

        module, ready, out = self.module_of(number).cpu(), self._ready(X), []
        with torch.no_grad(), one_thread():
            for row in range(len(X)):
                (tokens,) = self.inputs(ready, np.array([row]), None)
                maps: list[torch.Tensor] = []
                module.encoder(module.embedding(tokens), tokens != PAD, maps=maps)  # type: ignore[operator]
                out.append(torch.cat(maps).numpy())
        return out

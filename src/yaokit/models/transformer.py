"""A Transformer over the tokens of a SMILES, with its attention."""

from typing import TYPE_CHECKING

import numpy as np

from yaokit.core.errors import UsageError
from yaokit.models.sequence import SmilesNetwork, Written
from yaokit.models.targets import Targets
from yaokit.models.warm_start import WarmStart

if TYPE_CHECKING:
    import torch


class Transformer(WarmStart, SmilesNetwork):
    """An encoder with rotary positions; a convolution first tells each token its neighbors.

    `pretrained` names a `masked` network, shipped or a folder: all but the last layer start from its
    weights, and have its sizes whatever `width`, `depth`, `heads` and `stem` say. With `frozen` only
    the head learns. Once fitted the model needs that network no longer.
    """

    name = "transformer"
    settings = (*SmilesNetwork.settings, "heads", "stem", "pretrained", "frozen")
    heads = 4
    stem = 5  # tokens that a convolution before the first layer reads together; 0: no convolution
    dropout = 0.0
    lr = 2e-3

    def _prepare(self, X: np.ndarray, y: Targets) -> None:
        if self.pretrained is None:
            return
        from yaokit.nn.masked import shape_of
        from yaokit.nn.pretrained import open_pretrained

        found = open_pretrained(self.pretrained, ["masked"])
        for name, value in shape_of(found.settings).items():
            if name != "dropout":
                setattr(self, name, value)
        self._start = found.state

    def module(self, outputs: int) -> "torch.nn.Module":
        module = super().module(outputs)
        if self._start is not None:
            from yaokit.nn.masked import start_from

            start_from(module, self._start, frozen=self.frozen)  # type: ignore[arg-type]
        return module

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

"""A recurrent network over the tokens of a SMILES, read forward and backward."""

from typing import TYPE_CHECKING

from yaokit.models.sequence import SmilesNetwork

if TYPE_CHECKING:
    import torch


class Rnn(SmilesNetwork):
    """Bidirectional; `cell` is "gru" or "lstm"."""

    name = "rnn"
    settings = (*SmilesNetwork.settings, "cell")
    depth = 2
    cell = "gru"

    def encoder(self) -> "torch.nn.Module":
        from yaokit.nn.blocks import Recurrent

        return Recurrent(self.width, self.depth, self.cell, self.dropout)

"""A recurrent network over the tokens of a SMILES, read forward and backward."""

from typing import TYPE_CHECKING

from yaokit.core.errors import UsageError
from yaokit.models.sequence import SmilesNetwork

if TYPE_CHECKING:
    import torch


class Rnn(SmilesNetwork):
    """Bidirectional; `cell` is "gru" or "lstm"."""

    name = "rnn"
    settings = (*SmilesNetwork.settings, "cell")
    depth = 2
    dropout = 0.0
    batch_size = 16
    lr = 4e-3
    cell = "gru"

    def encoder(self) -> "torch.nn.Module":
        from yaokit.nn.blocks import CELLS, Recurrent

        if self.cell not in CELLS:
            raise UsageError(f"rnn has no cell {self.cell!r}; choose one of: {', '.join(CELLS)}")
        return Recurrent(self.width, self.depth, self.cell, self.dropout)

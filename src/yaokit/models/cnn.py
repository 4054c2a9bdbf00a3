"""Convolutions over the tokens of a SMILES."""

from typing import TYPE_CHECKING

from yaokit.models.sequence import SmilesNetwork

if TYPE_CHECKING:
    import torch


class Cnn(SmilesNetwork):
    """Residual convolutions, each reaching twice as far as the one before.

    After Hirohara 2018 (doi:10.1186/s12859-018-2523-5), who read columns of atom features, not tokens.
    """

    name = "cnn"
    settings = (*SmilesNetwork.settings, "kernel")
    width = 96
    kernel = 5
    epochs = 40

    def encoder(self) -> "torch.nn.Module":
        from yaokit.nn.blocks import ConvTower

        return ConvTower(self.width, self.depth, self.kernel, self.dropout)

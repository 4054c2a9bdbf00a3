"""Pre-training: corpora of molecules in, networks for models and generators out."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    import numpy as np
    import torch

KINDS = {  # what can be pre-trained
    "masked": "yaokit.pretrain.masked:Masked",
    "graph": "yaokit.pretrain.graph:Graph",
    "causal": "yaokit.pretrain.causal:Causal",
}


class Objective(Protocol):
    """What a network learns from SMILES alone. All randomness is given; the rest is fixed.

    A method `tokens(batch) -> int` may be added: what the log counts a second.
    """

    kind: ClassVar[str]
    settings: dict[str, Any]  # of the network, for its card
    prepared: "dict[str, np.ndarray]"  # what `prepare` gave, set by the loop before the first batch

    def __init__(self, **settings: Any) -> None:
        """From a recipe's [network] table; UsageError that lists the settings if one is unknown."""
        ...

    def module(self) -> "torch.nn.Module":
        """A fresh network."""
        ...

    def targets(self, smiles: Sequence[str]) -> "np.ndarray | None":
        """(n, k) dear numbers, kept beside the shard; None if it needs none."""
        ...

    def prepare(self, sample: Sequence[str], targets: "np.ndarray | None") -> "dict[str, np.ndarray]":
        """What is taken once from a sample of the corpus (scales, for instance), {} if nothing.

        The loop keeps it in checkpoints, ships it as `prepared.NAME` among the weights, and sets it
        as `self.prepared`, also when it goes on from a checkpoint.
        """
        ...

    def batch(
        self, smiles: Sequence[str], targets: "np.ndarray | None", random: "np.random.Generator"
    ) -> Any:
        """Tensors, or what has `.to(device)`, nested."""
        ...

    def loss(self, module: "torch.nn.Module", batch: Any) -> "tuple[torch.Tensor, dict[str, torch.Tensor]]":
        """The scalar to make small, and its parts for the log."""
        ...

    def state(self, module: "torch.nn.Module") -> "dict[str, np.ndarray]":
        """The float32 weights that are shipped."""
        ...

    def flops(self, batch: Any) -> float:
        """Of forward and backward of this batch."""
        ...

"""What a graph network ends in: from the vector of a molecule, and numbers beside it, to its outputs."""

import torch
from torch import Tensor, nn

HEADS = {
    "mlp": "yaokit.nn.heads:mlp",
    "linear": "yaokit.nn.heads:linear",
    "per_task": "yaokit.nn.heads:PerTask",
}


def mlp(inputs: int, hidden: int, outputs: int, dropout: float) -> nn.Sequential:
    """Two layers that all tasks share."""
    return nn.Sequential(
        nn.Dropout(dropout),
        nn.Linear(inputs, hidden),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(hidden, outputs),
    )


def linear(inputs: int, hidden: int, outputs: int, dropout: float) -> nn.Sequential:
    """One layer: how much is to be read off the vector as it is."""
    return nn.Sequential(nn.Dropout(dropout), nn.Linear(inputs, outputs))


class PerTask(nn.Module):
    """Two layers of its own for each task, a share of `hidden` wide: for tasks that have little in common."""

    def __init__(self, inputs: int, hidden: int, outputs: int, dropout: float) -> None:
        super().__init__()
        width = max(16, hidden // outputs)
        self.tasks = nn.ModuleList(mlp(inputs, width, 1, dropout) for _ in range(outputs))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([task(x) for task in self.tasks], dim=1)

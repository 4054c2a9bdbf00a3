"""The one training loop."""

from collections.abc import Callable

import numpy as np
import torch

from yaokit.core.seed import rng

LossOf = Callable[[np.ndarray], torch.Tensor]  # row numbers of a batch → scalar loss


def train(
    module: torch.nn.Module,
    loss_of: LossOf,
    n: int,
    *,
    epochs: int,
    batch_size: int,
    lr: float,
    weight_decay: float,
    seed: int,
) -> list[float]:
    """Fit `module` in place with AdamW under a one-cycle rate; gives each epoch's mean loss."""
    optimizer = torch.optim.AdamW(module.parameters(), lr=lr, weight_decay=weight_decay)
    per_epoch = max(1, -(-n // batch_size))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=epochs * per_epoch)
    module.train()
    history = []
    for epoch in range(epochs):
        order = rng(seed, "order", epoch).permutation(n)
        losses = []
        for rows in np.array_split(order, per_epoch):
            loss = loss_of(rows)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        history.append(float(np.mean(losses)))
    module.eval()
    return history

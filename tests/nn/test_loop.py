"""The training loop."""

import numpy as np
import torch

from yaokit.nn.loop import train


def fit(seed: int, n: int = 50, batch_size: int = 16, epochs: int = 40):
    """A line through points on a line; gives the module, its losses and the rows of each batch."""
    x = torch.linspace(-1, 1, n)[:, None]
    torch.manual_seed(0)
    module = torch.nn.Linear(1, 1)
    batches: list[np.ndarray] = []

    def loss_of(rows: np.ndarray) -> torch.Tensor:
        batches.append(rows)
        return (module(x[rows]) - (3 * x[rows] + 1)).square().mean()

    history = train(
        module, loss_of, n, epochs=epochs, batch_size=batch_size, lr=0.2, weight_decay=0.0, seed=seed
    )
    return module, history, batches


def test_it_finds_the_line():
    module, history, _ = fit(0)
    assert abs(module.weight.item() - 3) < 0.05
    assert abs(module.bias.item() - 1) < 0.05
    assert len(history) == 40
    assert history[-1] < 0.01 * history[0]
    assert not module.training


def test_each_epoch_sees_every_row_once():
    _, _, batches = fit(0, n=50, batch_size=16, epochs=2)
    assert len(batches) == 8
    for epoch in (batches[:4], batches[4:]):
        assert sorted(np.concatenate(epoch).tolist()) == list(range(50))
        assert max(map(len, epoch)) <= 16
    assert not np.array_equal(np.concatenate(batches[:4]), np.concatenate(batches[4:]))


def test_the_seed_decides_the_order():
    assert np.array_equal(np.concatenate(fit(1)[2]), np.concatenate(fit(1)[2]))
    assert not np.array_equal(np.concatenate(fit(1)[2]), np.concatenate(fit(2)[2]))


def test_one_row_is_enough():
    assert len(fit(0, n=1, epochs=3)[1]) == 3

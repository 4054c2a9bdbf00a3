from pathlib import Path

import numpy as np
import pytest
import torch

from yaokit.core.errors import UsageError
from yaokit.pretrain.checkpoint import Checkpoint, arrays_of, read_checkpoint, write_checkpoint

WHO = {"corpus": "abc", "seed": 0}


def _net(width: int = 3) -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    net = torch.nn.Linear(2, width)
    return net, torch.optim.AdamW(net.parameters())


def _written(folder: Path) -> torch.nn.Module:
    net, optimizer = _net()
    net(torch.ones(4, 2)).sum().backward()
    optimizer.step()
    at = Checkpoint(
        {"mean": np.arange(3.0)}, step=7, n_seen=9, train_loss=0.1 + 0.2, plans=[[0, {"lr": 0.1}]]
    )
    write_checkpoint(folder, WHO, at, arrays_of(net.state_dict()), optimizer)
    return net


def test_what_is_written_is_read_exactly(tmp_path):
    net = _written(tmp_path)
    again, optimizer = _net()
    at = read_checkpoint(tmp_path, WHO, again, optimizer)
    assert at is not None
    assert (at.step, at.n_seen, at.train_loss, at.plans) == (7, 9, 0.1 + 0.2, [[0, {"lr": 0.1}]])
    np.testing.assert_array_equal(at.prepared["mean"], np.arange(3.0))
    assert torch.equal(again.weight, net.weight)
    assert optimizer.state_dict()["state"][0]["step"] == 1


def test_without_a_checkpoint_there_is_none(tmp_path):
    assert read_checkpoint(tmp_path, WHO, *_net()) is None


def test_a_network_of_another_size_is_refused(tmp_path):
    _written(tmp_path)
    with pytest.raises(UsageError, match=r"of another version or size .*choose another folder"):
        read_checkpoint(tmp_path, WHO, *_net(5))


def test_another_training_is_refused(tmp_path):
    _written(tmp_path)
    with pytest.raises(UsageError, match="holds a pre-training with another corpus and seed"):
        read_checkpoint(tmp_path, {"corpus": "x", "seed": 1}, *_net())

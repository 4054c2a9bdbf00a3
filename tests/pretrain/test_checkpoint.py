from pathlib import Path

import numpy as np
import pytest
import torch

from yaokit.core.errors import UsageError
from yaokit.nn.checkpoint import load_about, load_arrays, save_arrays
from yaokit.pretrain.checkpoint import FILE, Checkpoint, arrays_of, read_checkpoint, write_checkpoint

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


def _changed(folder: Path, about: dict | None = None, without: tuple[str, ...] = (), lacks: str = "") -> None:
    """The checkpoint again with other words about it, without some of them or without some arrays."""
    path = folder / FILE
    found = {**load_about(path), **(about or {})}
    arrays = {name: array for name, array in load_arrays(path).items() if not lacks or lacks not in name}
    save_arrays(path, arrays, {name: value for name, value in found.items() if name not in without})


def test_a_checkpoint_of_before_formats_were_written_is_read(tmp_path):
    _written(tmp_path)
    _changed(tmp_path, without=("format", "n_arrays", "grouping", "scaler"))
    at = read_checkpoint(tmp_path, WHO, *_net())
    assert at is not None
    assert (at.step, at.grouping, at.scaler) == (7, "letters", {})


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"about": {"format": 2}}, "its format is 2, here 1"),
        ({"about": {"pace": 2}}, "pace: Extra inputs"),
        ({"about": {"grouping": "atoms"}}, "grouping 'atoms' is not known"),
        ({"about": {"step": -1}}, "step: Input should be greater"),
        ({"about": {"plans": [[0]]}}, "plans.0: List should have at least 2"),
        ({"without": ("step",)}, "step: Field required"),
        ({"lacks": "optimizer.0."}, "6 of its 9 arrays are there"),
        ({"lacks": "prepared.mean"}, "8 of its 9 arrays are there"),
        ({"lacks": "optimizer.1.", "without": ("n_arrays",)}, "moments of parameter 1 are missing"),
        ({"lacks": "exp_avg_sq", "without": ("n_arrays",)}, r"moments of parameter 0 are \{"),
    ],
)
def test_a_checkpoint_of_another_version_is_refused(tmp_path, change, why):
    _written(tmp_path)
    _changed(tmp_path, **change)
    with pytest.raises(UsageError, match=f"written by another version of yaokit, or is damaged .*{why}"):
        read_checkpoint(tmp_path, WHO, *_net())


def test_moments_of_more_parameters_than_there_are_are_refused(tmp_path):
    _written(tmp_path)
    path = tmp_path / FILE
    arrays, about = load_arrays(path), load_about(path)
    moved = {name.replace("optimizer.1.", "optimizer.2."): array for name, array in arrays.items()}
    save_arrays(path, moved, about)
    with pytest.raises(UsageError, match="there is no parameter 2"):
        read_checkpoint(tmp_path, WHO, *_net())


def test_a_parameter_that_never_learned_needs_no_moments(tmp_path):
    net, optimizer = _net()
    net.bias.requires_grad_(False)
    net(torch.ones(4, 2)).sum().backward()
    optimizer.step()
    write_checkpoint(tmp_path, WHO, Checkpoint({}, step=1), arrays_of(net.state_dict()), optimizer)
    assert read_checkpoint(tmp_path, WHO, *_net()) is not None

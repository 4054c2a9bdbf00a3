"""The training loop."""

from pathlib import Path

import numpy as np
import pytest
import torch

from yaokit.core.errors import UsageError
from yaokit.nn.loop import SCHEDULES, Epoch, Plan, train

X = torch.linspace(-1, 1, 50)[:, None]


class Line:
    """The loss of a line through points on a line; remembers the rows of each training batch."""

    def __init__(self, stop_at: int | None = None, noise: float = 0.0) -> None:
        self.batches: list[np.ndarray] = []
        self.stop_at, self.noise = stop_at, noise

    def batch(self, rows: np.ndarray, random: np.random.Generator | None):
        if random is not None:
            if len(self.batches) == self.stop_at:
                raise KeyboardInterrupt
            self.batches.append(rows)
        shift = 0.0 if random is None else self.noise * random.standard_normal()
        return X[rows], 3 * X[rows] + 1 + shift

    def loss(self, module: torch.nn.Module, batch) -> torch.Tensor:
        x, y = batch
        return (module(x) - y).square().mean()


def net(dropout: float = 0.0) -> torch.nn.Module:
    torch.manual_seed(0)
    layers = (torch.nn.Linear(1, 8), torch.nn.Tanh(), torch.nn.Dropout(dropout), torch.nn.Linear(8, 1))
    return torch.nn.Sequential(*layers)


def plan(**changes) -> Plan:
    return Plan(**{"epochs": 6, "batch_size": 16, "lr": 0.05, "weight_decay": 0.0, **changes})


def fit(task: Line, module: torch.nn.Module, n: int = 50, seed: int = 0, **changes) -> list[Epoch]:
    kept = {k: changes.pop(k) for k in ("valid", "work", "sizes", "key") if k in changes}
    return train(module, task, np.arange(n), plan(**changes), seed=seed, **kept)


def weights(module: torch.nn.Module) -> np.ndarray:
    return np.concatenate([p.detach().numpy().ravel() for p in module.parameters()])


def test_it_finds_the_line():
    module = torch.nn.Linear(1, 1)
    history = fit(Line(), module, epochs=40, lr=0.2)
    assert abs(module.weight.item() - 3) < 0.05
    assert abs(module.bias.item() - 1) < 0.05
    assert len(history) == 40
    assert history[-1].train < 0.01 * history[0].train
    assert not module.training


def test_each_epoch_sees_every_row_once():
    task = Line()
    fit(task, net(), epochs=2)
    assert len(task.batches) == 8
    for epoch in (task.batches[:4], task.batches[4:]):
        assert sorted(np.concatenate(epoch).tolist()) == list(range(50))
        assert max(map(len, epoch)) <= 16
    assert not np.array_equal(np.concatenate(task.batches[:4]), np.concatenate(task.batches[4:]))


def test_the_seed_decides_the_order():
    tasks = [Line(), Line(), Line()]
    for task, seed in zip(tasks, (1, 1, 2), strict=True):
        fit(task, net(), seed=seed)
    first, again, other = (np.concatenate(task.batches) for task in tasks)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_rows_of_like_size_share_a_batch():
    task, sizes = Line(), np.random.default_rng(0).permutation(50)
    fit(task, net(), epochs=1, sizes=sizes)
    assert sorted(np.concatenate(task.batches).tolist()) == list(range(50))
    assert max(np.ptp(sizes[rows]) for rows in task.batches) < 16


def test_one_row_is_enough():
    assert len(fit(Line(), net(), n=1, epochs=3)) == 3


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_rate_rises_and_falls(name: str):
    rates = [SCHEDULES[name](done)[0] for done in np.linspace(0, 0.999, 100)]
    top = int(np.argmax(rates))
    assert 0 < top < 50
    assert max(rates) == pytest.approx(1, abs=0.01)
    assert rates[0] < 0.05
    assert rates[-1] < 0.02
    assert (np.diff(rates[:top]) >= 0).all()
    assert (np.diff(rates[top:]) <= 0).all()


def test_one_cycle_is_that_of_torch():
    optimizer = torch.optim.AdamW(net().parameters(), lr=1.0)
    wanted = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=1001)
    for step in range(1000):
        rate, momentum = SCHEDULES["one_cycle"](step / 1000)
        assert rate == pytest.approx(optimizer.param_groups[0]["lr"], abs=0.01)
        assert momentum == pytest.approx(optimizer.param_groups[0]["betas"][0], abs=0.002)
        optimizer.step()
        wanted.step()


def test_the_best_weights_on_validation_rows_are_kept():
    module, task = net(), Line(noise=3.0)  # wrong answers while training
    history = fit(task, module, epochs=12, valid=np.arange(0, 50, 5), lr=0.3)
    best = min(epoch.valid for epoch in history if epoch.valid is not None)
    with torch.no_grad():
        assert task.loss(module, task.batch(np.arange(0, 50, 5), None)).item() == pytest.approx(best)
    assert history[-1].valid != best


def test_it_stops_when_validation_no_longer_improves():
    history = fit(Line(noise=3.0), net(), epochs=500, valid=np.arange(0, 50, 5), lr=0.3, patience=4)
    losses = [epoch.valid for epoch in history]
    assert len(losses) < 500
    assert len(losses) - 1 - int(np.argmin(losses)) == 4  # type: ignore[arg-type]


@pytest.mark.parametrize("steps", [1, 5, 8, 23])
def test_an_interrupted_fit_goes_on_to_the_same_result(steps: int, tmp_path: Path):
    changes = {"valid": np.arange(0, 50, 5), "save_every_s": -1.0}
    undisturbed, resumed = net(0.3), net(0.3)
    history = fit(Line(noise=0.1), undisturbed, **changes)
    with pytest.raises(KeyboardInterrupt):
        fit(Line(steps, noise=0.1), net(0.3), work=tmp_path, **changes)
    again = Line(noise=0.1)
    assert fit(again, resumed, work=tmp_path, **changes) == history
    assert len(again.batches) == 24 - steps
    assert np.array_equal(weights(undisturbed), weights(resumed))


def test_a_finished_fit_is_not_done_again(tmp_path: Path):
    first, second, task = net(), net(), Line()
    fit(Line(), first, work=tmp_path)
    fit(task, second, work=tmp_path)
    assert task.batches == []
    assert np.array_equal(weights(first), weights(second))


def test_a_checkpoint_of_another_fit_is_not_used(tmp_path: Path):
    fit(Line(), net(), work=tmp_path, key="one")
    for change in ({"key": "two"}, {"key": "one", "seed": 1}, {"key": "one", "lr": 0.01}):
        task = Line()
        fit(task, net(), work=tmp_path, **change)
        assert len(task.batches) == 24


def test_a_damaged_checkpoint_is_not_used(tmp_path: Path):
    fit(Line(), net(), work=tmp_path)
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    task = Line()
    fit(task, net(), work=tmp_path)
    assert len(task.batches) == 24


def test_losses_are_logged_for_tensorboard(tmp_path: Path):
    fit(Line(), net(), work=tmp_path, valid=np.arange(3))
    (log,) = (tmp_path / "logs").iterdir()
    for name in (b"loss/train", b"loss/valid", b"lr"):
        assert log.read_bytes().count(name) == 6


@pytest.mark.parametrize(("precision", "clip"), [("32-true", None), ("32-true", 1.0), ("bf16-mixed", 1.0)])
def test_a_loss_that_is_no_number_is_named_by_its_step(precision: str, clip: float | None):
    with pytest.raises(UsageError, match=r"loss is (nan|inf) at step \d+ of 600; lower lr"):
        fit(Line(), torch.nn.Linear(1, 1), epochs=150, lr=1e30, clip=clip, precision=precision)


def test_torchs_own_random_numbers_are_left_alone():
    torch.manual_seed(5)
    wanted = torch.rand(3)
    module = net(0.5)
    torch.manual_seed(5)
    fit(Line(), module)
    assert torch.equal(torch.rand(3), wanted)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused():
    with pytest.raises(UsageError, match='1 cuda asked for, but this machine has no GPU: use device "auto"'):
        fit(Line(), net(), device="cuda")


@pytest.mark.parametrize("change", [{"device": "tpu"}, {"precision": "8-bit"}, {"schedule": "flat"}])
def test_an_unknown_way_of_training_is_refused(change: dict[str, str]):
    with pytest.raises(UsageError, match="choose one of:"):
        fit(Line(), net(), **change)


def test_half_precision_learns_as_well():
    module = torch.nn.Linear(1, 1)
    fit(Line(), module, epochs=40, lr=0.2, precision="bf16-mixed")
    assert abs(module.weight.item() - 3) < 0.1
    assert module.weight.dtype == torch.float32


@pytest.mark.slow
def test_two_processes_learn_as_one_does():
    alone, shared = net(), net()
    history = fit(Line(), alone, n=48)
    assert fit(Line(), shared, n=48, device="cpu", devices=2)[-1].train == pytest.approx(
        history[-1].train, abs=0.05
    )
    assert np.abs(weights(alone) - weights(shared)).max() < 0.02


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_a_gpu_finds_the_line(precision: str):
    module = torch.nn.Linear(1, 1)
    fit(Line(), module, epochs=40, lr=0.2, device="cuda", precision=precision)
    assert module.weight.device.type == "cpu"
    assert abs(module.weight.item() - 3) < 0.1

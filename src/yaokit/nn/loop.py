"""The one training loop: any network, any data, any device."""

import math
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch

from yaokit.core.errors import UsageError
from yaokit.core.seed import derived, rng
from yaokit.core.store import content_key
from yaokit.nn.checkpoint import load_about, load_arrays, save_arrays
from yaokit.nn.devices import make_engine, one_thread

_LOOK = 50  # steps between two looks at the losses: each look makes a GPU wait
_POOL = 16  # batches whose rows are sorted by size together


class Task(Protocol):
    """What is learned. With `devices` > 1 it is pickled to the other processes."""

    def batch(self, rows: np.ndarray, random: np.random.Generator | None) -> Any:
        """Tensors (or what has `.to(device)`, nested) of the rows; `random` is None in validation."""
        ...

    def loss(self, module: torch.nn.Module, batch: Any) -> torch.Tensor:
        """The scalar mean loss of what `batch` gave."""
        ...


@dataclass(frozen=True)
class Plan:
    """How a network is trained."""

    epochs: int
    batch_size: int
    lr: float
    weight_decay: float = 1e-2
    schedule: str = "one_cycle"  # of SCHEDULES
    clip: float | None = 1.0  # longest gradient
    patience: int | None = None  # epochs without a better validation loss before it stops; None: never
    device: str = "cpu"  # of devices.DEVICES
    devices: int = 1
    precision: str = "32-true"  # of devices.PRECISIONS
    save_every_s: float = 60.0  # to `work`


class Epoch(NamedTuple):
    """Mean losses of one pass over the rows."""

    train: float
    valid: float | None = None


def train(
    module: torch.nn.Module,
    task: Task,
    rows: np.ndarray,
    plan: Plan,
    *,
    seed: int,
    valid: np.ndarray | None = None,
    work: Path | None = None,
    sizes: np.ndarray | None = None,
    key: Any = None,
) -> list[Epoch]:
    """Fit `module` in place on the numbered rows of the task; gives each epoch's losses.

    With `valid` rows the weights of the best epoch on them are kept. `work` holds a checkpoint
    from which an interrupted fit of the same `key` (JSON that names module and data) goes on, on
    the processor to the identical result, and TensorBoard logs. `sizes` (of all the task's rows)
    puts rows of like size into one batch. Leaves torch's own random numbers alone.
    UsageError if the loss is no longer a number, or the device is not there.
    """
    if plan.schedule not in SCHEDULES:
        raise UsageError(f"no schedule is called {plan.schedule!r}; choose one of: {', '.join(SCHEDULES)}")
    engine = make_engine(plan.device, plan.devices, plan.precision)
    fit = _Fit(module, task, np.asarray(rows), plan, seed, valid, work, sizes, key)
    if plan.devices > 1:
        with TemporaryDirectory() as folder:
            result = Path(folder) / "result.safetensors"
            engine.launch(_launched, fit, result)
            module.load_state_dict({k: torch.from_numpy(v) for k, v in load_arrays(result).items()})
            history = [Epoch(*losses) for losses in load_about(result)]
    else:
        history = fit.run(engine)
    module.to("cpu").eval()
    return history


def _launched(engine: Any, fit: "_Fit", result: Path) -> None:
    """One of several processes; a file brings the result back, since Fabric's pipe holds 64 kB."""
    fit.module = deepcopy(fit.module)  # the processes share the memory of what is handed to them
    history = fit.run(engine)
    if engine.is_global_zero:
        save_arrays(result, _arrays(fit.module.state_dict()), history)


def one_cycle(done: float, *, warm: float = 0.3) -> tuple[float, float]:
    """Rate and momentum, relative to the highest rate, when a share of the steps is done.

    Up from 1/25 and down to nothing along cosines, momentum the other way (Smith 2018,
    arXiv:1803.09820).
    """
    part = done / warm if done < warm else (done - warm) / (1 - warm)
    wave = (1 - math.cos(math.pi * part)) / 2  # 0 → 1
    if done < warm:
        return 0.04 + 0.96 * wave, 0.95 - 0.1 * wave
    return 1 - wave * (1 - 4e-6), 0.85 + 0.1 * wave


def warm_cosine(done: float, *, warm: float = 0.05) -> tuple[float, float]:
    """Straight up, then down along a cosine to a hundredth; momentum stays."""
    if done < warm:
        return max(done / warm, 1e-3), 0.9
    return 0.01 + 0.99 * (1 + math.cos(math.pi * (done - warm) / (1 - warm))) / 2, 0.9


SCHEDULES: dict[str, Callable[[float], tuple[float, float]]] = {
    "one_cycle": one_cycle,
    "warm_cosine": warm_cosine,
}


class _Fit:
    """One fit and how far it is; everything random depends on the seed and the step alone."""

    def __init__(
        self,
        module: torch.nn.Module,
        task: Task,
        rows: np.ndarray,
        plan: Plan,
        seed: int,
        valid: np.ndarray | None,
        work: Path | None,
        sizes: np.ndarray | None,
        key: Any,
    ) -> None:
        self.module, self.task, self.rows, self.plan, self.seed = module, task, rows, plan, seed
        self.valid = valid if valid is not None and len(valid) else None
        self.work, self.sizes = work, sizes
        self.per_epoch = max(1, -(-len(rows) // plan.batch_size))
        self.step = 0
        self.history: list[Epoch] = []
        self.losses: list[Any] = []  # of this epoch; tensors until looked at
        self.best: dict[str, np.ndarray] | None = None
        self.best_epoch = 0
        settings = {k: v for k, v in asdict(plan).items() if k != "save_every_s"}
        self.key = content_key([settings, rows.tolist(), seed, key])

    def run(self, engine: Any) -> list[Epoch]:
        self.engine = engine
        optimizer = torch.optim.AdamW(
            self.module.parameters(), lr=self.plan.lr, weight_decay=self.plan.weight_decay
        )
        devices = [engine.device] if engine.device.type == "cuda" else []
        with torch.random.fork_rng(devices), one_thread():
            self.wrapped, self.optimizer = engine.setup(self.module, optimizer)
            self._resume()
            self._log = _Log(self.work if engine.is_global_zero else None)
            self._saved = time.monotonic()
            try:
                while self.step < self.plan.epochs * self.per_epoch and not self._is_stale():
                    self._epoch()
            finally:
                self._log.close()
            self._save()
        if self.best is not None:
            self.module.load_state_dict({k: torch.from_numpy(v) for k, v in self.best.items()})
        return self.history

    def _epoch(self) -> None:
        epoch, start = divmod(self.step, self.per_epoch)
        self.wrapped.train()
        for rows in self._batches(epoch)[start:]:
            self.losses.append(self._learn(rows))
            self.step += 1
            if self.step % _LOOK == 0:
                self._look()
            if self.step % self.per_epoch and time.monotonic() - self._saved > self.plan.save_every_s:
                self._save()
        self._look()
        valid = self._validate()
        self.history.append(Epoch(float(np.mean(self.losses)), valid))
        self.losses = []
        self._keep_best()
        self._log.write(epoch, self.history[-1], self.optimizer.param_groups[0]["lr"])
        if time.monotonic() - self._saved > self.plan.save_every_s:
            self._save()

    def _batches(self, epoch: int) -> list[np.ndarray]:
        """Row numbers of each step of an epoch, the same for all devices."""
        random = rng(self.seed, "order", epoch)
        order = self.rows[random.permutation(len(self.rows))]
        if self.sizes is None:
            return np.array_split(order, self.per_epoch)
        pools = np.array_split(order, max(1, self.per_epoch // _POOL))
        order = np.concatenate([pool[np.argsort(self.sizes[pool], kind="stable")] for pool in pools])
        batches = np.array_split(order, self.per_epoch)
        return [batches[i] for i in random.permutation(len(batches))]

    def _learn(self, rows: np.ndarray) -> torch.Tensor:
        rank, size = self.engine.global_rank, self.engine.world_size
        _seed_torch(derived(self.seed, "step", self.step, rank))
        mine = rows[rank::size] if len(rows) >= size else rows
        rate, momentum = SCHEDULES[self.plan.schedule](self.step / (self.plan.epochs * self.per_epoch))
        for group in self.optimizer.param_groups:
            group["lr"], group["betas"] = self.plan.lr * rate, (momentum, group["betas"][1])
        batch = self.engine.to_device(self.task.batch(mine, rng(self.seed, "batch", self.step, rank)))
        loss = self.task.loss(self.wrapped, batch)
        self.optimizer.zero_grad()
        self.engine.backward(loss)
        if self.plan.clip is not None:
            # a Fabric: a gradient that is no number passes, `_look` tells it by the step
            how = {"error_if_nonfinite": False} if hasattr(self.engine, "autocast") else {}
            self.engine.clip_gradients(self.wrapped, self.optimizer, max_norm=self.plan.clip, **how)
        self.optimizer.step()
        return loss.detach()

    def _look(self) -> None:
        """Losses as numbers; UsageError at the first that is none."""
        first = self.step - len(self.losses)
        self.losses = [float(loss) for loss in self.losses]
        for i, loss in enumerate(self.losses):
            if not math.isfinite(loss):
                raise UsageError(
                    f"training failed: the loss is {loss} at step {first + i + 1} of "
                    f"{self.plan.epochs * self.per_epoch}; lower lr (now {self.plan.lr:g}) or look for "
                    "extreme values in the targets"
                )

    def _validate(self) -> float | None:
        if self.valid is None:
            return None
        self.wrapped.eval()
        total = 0.0
        with torch.no_grad():
            for start in range(0, len(self.valid), 2 * self.plan.batch_size):
                rows = self.valid[start : start + 2 * self.plan.batch_size]
                batch = self.engine.to_device(self.task.batch(rows, None))
                total += len(rows) * float(self.task.loss(self.wrapped, batch))
        return self.engine.broadcast(total / len(self.valid))

    def _keep_best(self) -> None:
        losses = [epoch.valid for epoch in self.history]
        if losses[-1] is not None and losses[-1] <= min(x for x in losses if x is not None):
            self.best, self.best_epoch = _arrays(self.module.state_dict()), len(losses)

    def _is_stale(self) -> bool:
        patience = self.plan.patience
        return patience is not None and bool(self.best) and len(self.history) - self.best_epoch >= patience

    def _save(self) -> None:
        self._look()
        self._saved = time.monotonic()
        if self.work is None or not self.engine.is_global_zero:
            return
        arrays = {f"now.{name}": array for name, array in _arrays(self.module.state_dict()).items()}
        arrays |= {f"best.{name}": array for name, array in (self.best or {}).items()}
        for i, state in self.optimizer.state_dict()["state"].items():
            arrays |= {f"optimizer.{i}.{name}": array for name, array in _arrays(state).items()}
        about = {
            "key": self.key,
            "step": self.step,
            "losses": self.losses,
            "best_epoch": self.best_epoch,
            "history": [[epoch.train, epoch.valid] for epoch in self.history],
        }
        self.work.mkdir(parents=True, exist_ok=True)
        save_arrays(self.work / "checkpoint.safetensors", arrays, about)

    def _resume(self) -> None:
        """Go on from the checkpoint in `work`, if it is one of this fit."""
        path = self.work / "checkpoint.safetensors" if self.work else None
        about = load_about(path) if path else None
        if path is None or not about or about["key"] != self.key:
            return
        arrays = load_arrays(path)
        parts = {part: _under(arrays, part) for part in ("now", "best", "optimizer")}
        self.module.load_state_dict({k: torch.from_numpy(v) for k, v in parts["now"].items()})
        state: dict[int, dict[str, torch.Tensor]] = {}
        for name, array in parts["optimizer"].items():
            number, _, what = name.partition(".")
            state.setdefault(int(number), {})[what] = torch.from_numpy(array)
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})
        self.step, self.losses, self.best_epoch = about["step"], about["losses"], about["best_epoch"]
        self.history = [Epoch(*losses) for losses in about["history"]]
        self.best = parts["best"] or None


class _Log:
    """TensorBoard scalars in `work`/logs; nothing without a folder."""

    def __init__(self, work: Path | None) -> None:
        self._writer: Any = None
        if work is not None:
            from tensorboardX import SummaryWriter

            self._writer = SummaryWriter(str(work / "logs"))

    def write(self, epoch: int, losses: Epoch, lr: float) -> None:
        if self._writer is None:
            return
        self._writer.add_scalar("loss/train", losses.train, epoch)
        if losses.valid is not None:
            self._writer.add_scalar("loss/valid", losses.valid, epoch)
        self._writer.add_scalar("lr", lr, epoch)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


def _seed_torch(seed: int) -> None:
    torch.default_generator.manual_seed(seed)  # torch.manual_seed takes 0.1 ms, a tenth of a small step
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed(seed)


def _arrays(state: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in state.items()}


def _under(arrays: dict[str, np.ndarray], part: str) -> dict[str, np.ndarray]:
    return {name[len(part) + 1 :]: array for name, array in arrays.items() if name.startswith(f"{part}.")}

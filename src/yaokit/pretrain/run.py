"""The pre-training loop: a corpus streamed through an objective, resumable at any step.

What a step sees and how it is random follow from the seed and its number alone. So a run that was
stopped, by a time limit or by force, goes on to the same weights.
"""

import logging
import math
import shutil
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from yaokit.core.errors import UsageError
from yaokit.core.lazy import choices, pick
from yaokit.core.progress import SILENT, Lines, Progress, Silent
from yaokit.core.seed import derived
from yaokit.core.store import content_key, read_json
from yaokit.nn.devices import make_engine, one_thread
from yaokit.nn.pretrained import SEQUENCES, save_pretrained
from yaokit.pretrain import KINDS, Objective
from yaokit.pretrain.checkpoint import Checkpoint, arrays_of, check_out, read_checkpoint, write_checkpoint
from yaokit.pretrain.corpus import Corpus, Targets
from yaokit.pretrain.handed import handed_back, handing
from yaokit.pretrain.meter import Meter, peak_flops
from yaokit.pretrain.order import Order
from yaokit.pretrain.plan import Plan, rate, total_steps
from yaokit.pretrain.stream import Stream

SAMPLE = 10_000  # molecules that `prepare` sees
_LOOK = 20  # steps between two looks at the losses: each look makes a GPU wait
_GREETERS = ("lightning_fabric", "lightning_fabric.utilities.rank_zero")
_MUCH = 1e9  # bytes of targets that are told before
_ASK = 10  # steps between two questions whether to stop, with several devices


@dataclass(frozen=True)
class Job:
    """What is trained, on what, how and where."""

    corpus: Corpus
    kind: str  # of KINDS
    out: Path
    network: Mapping[str, Any] = field(default_factory=dict)  # settings of the objective
    plan: Plan = field(default_factory=Plan)
    device: str = "auto"
    devices: int = 1
    workers: int = 1  # processes that make targets; beside a GPU also batches
    about: Mapping[str, Any] = field(default_factory=dict)  # more for the card: recipe, licence


def pretrain(job: Job, *, time_limit_s: float | None = None, progress: Progress = SILENT) -> dict[str, Any]:
    """Train, or go on from the checkpoint in `out`/training; the card (see `is_finished`).

    `out` gets card.json, weights.safetensors and training/ (checkpoint, log.jsonl, TensorBoard logs).
    UsageError if `out` holds another training or something else, or if a loss is no number: then the
    last good checkpoint and weights stay. KeyboardInterrupt and SIGTERM stop it after a step, all saved.
    """
    check_out(job.out)
    _check_tokens(job)
    if time_limit_s is not None and not time_limit_s >= 0:
        raise UsageError(f"time limit {time_limit_s:g} s: a number, 0 or more")
    deadline = None if time_limit_s is None else time.monotonic() + time_limit_s
    for name in _GREETERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    engine = make_engine(job.device, job.devices, job.plan.precision)
    if job.devices > 1:
        lines = progress if isinstance(progress, Silent) else Lines()  # a bar cannot be handed over
        with handed_back() as place:
            engine.launch(partial(_launched, job=job, deadline=deadline, progress=lines, place=place))
    else:
        _Run(job, deadline, progress, engine).run()
    card = job.out / "card.json"
    return read_json(card) if card.exists() else {"steps": 0, "is_finished": False}


def _launched(engine: Any, job: Job, deadline: float | None, progress: Progress, place: Path) -> None:
    with handing(place, engine.global_rank):
        _Run(job, deadline, progress if engine.is_global_zero else SILENT, engine).run()


def _check_tokens(job: Job) -> None:
    """UsageError if a network of sequences is to read what is no token: its loss would be no number."""
    n = job.corpus.about.get("n_unknown_tokens", 0)
    if n and job.kind in SEQUENCES:
        raise UsageError(
            f"{job.corpus.folder} was made by a yaokit that kept lines with letters that are no token "
            f"({n:,}), which no network of sequences can learn: prepare it again, or choose --kind graph"
        )


class _Run:
    """One process's part of a pre-training."""

    def __init__(self, job: Job, deadline: float | None, progress: Progress, engine: Any) -> None:
        self.job, self.deadline, self.progress, self.engine = job, deadline, progress, engine
        self.plan = job.plan
        self.objective: Objective = pick(KINDS, job.kind, "pretrain")(**job.network)
        self.order = Order(job.corpus.sizes, self.plan.batch_size, self.plan.n_valid, self.plan.seed)
        self.total = total_steps(self.plan, self.order.per_epoch)
        targets = Targets(
            job.corpus,
            choices(KINDS, "pretrain")[job.kind],
            dict(job.network),
            job.workers,
            other=job.out / "targets",
        )
        self.targets = targets if targets.are_wanted else None
        processes = job.workers if engine.device.type == "cuda" else 0
        self.stream = Stream(job.corpus, self.objective, self.order, self.targets, processes)
        self.losses: list[torch.Tensor] = []  # since the last look
        self.parts: dict[str, torch.Tensor] = {}

    def run(self) -> None:
        devices = [self.engine.device] if self.engine.device.type == "cuda" else []
        threads = one_thread if self.engine.device.type == "cpu" else nullcontext
        with torch.random.fork_rng(devices), threads(), _asked_to_stop() as self.asked:
            if self._start():
                try:
                    while self.at.step < self.total and self._shard():
                        pass
                    self._look()
                    self._finish()
                finally:
                    self.meter.close()
        if self.asked:
            raise KeyboardInterrupt

    def _start(self) -> bool:
        """Network, optimizer and counts, fresh or as they were left; False if it was to stop before."""
        torch.manual_seed(derived(self.plan.seed, "weights"))
        self.module = self.objective.module()
        optimizer = torch.optim.AdamW(
            _groups(self.module, self.plan.weight_decay),
            lr=self.plan.lr,
            betas=(0.9, self.plan.beta2),
            fused=self.engine.device.type == "cuda",
        )
        run: Any = torch.compile(self.module) if self.plan.compile else self.module
        self.wrapped, self.optimizer = self.engine.setup(run, optimizer)
        self.work = self.job.out / "training"
        self.work.mkdir(parents=True, exist_ok=True)
        found = read_checkpoint(self.work, self._identity(), self.module, self.optimizer)
        if found is None:
            self._tell_cost()
        elif (scaler := self._scaler()) and found.scaler:
            scaler.load_state_dict(found.scaler)
        prepared = found.prepared if found else self._prepare()
        if prepared is None:
            return False
        self.at = found or Checkpoint(prepared=prepared, grouping=self.stream.grouping)
        self.stream.grouping = self.at.grouping
        self.kept = self.at.step  # of the checkpoint on disk
        self.objective.prepared = self.at.prepared
        settings = asdict(self.plan)
        if not self.at.plans or self.at.plans[-1][1] != settings:
            self.at.plans.append([self.at.step, settings])
        self.cpu, self.saved = time.process_time(), time.monotonic()
        is_first = self.engine.is_global_zero
        self.meter = Meter(self.work if is_first else None, self.progress, self.total, self.at.step)
        peak = peak_flops(self.engine.device, self.plan.precision) if is_first else None
        self.meter.peak = peak and peak * self.engine.world_size
        return True

    def _scaler(self) -> Any:
        """What scales gradients of 16-mixed, and is part of where a training is; None without."""
        strategy = getattr(self.engine, "strategy", None)
        return getattr(strategy.precision, "scaler", None) if strategy else None

    def _tell_cost(self) -> None:
        """Where targets will need much disk, how much, before they are begun."""
        if self.targets is None or not self.engine.is_global_zero:
            return
        n = min(len(self.job.corpus), self.total * self.plan.batch_size)
        needed, place = n * self.targets.row_bytes, self.targets.folder
        if needed > _MUCH:
            free = shutil.disk_usage(next(p for p in (place, *place.parents) if p.exists())).free
            self.progress.say(
                f"  numbers to learn for {n:,} molecules will need {needed / 1e9:,.1f} GB in {place} "
                f"({free / 1e9:,.1f} GB free) and some {n * 1.5e-3 / 3600:,.1f} CPU hours"
            )

    def _identity(self) -> dict[str, Any]:
        """What must be the same for a run to go on."""
        plan = {name: getattr(self.plan, name) for name in ("batch_size", "seed", "n_valid")}
        network = content_key(self.objective.settings)
        return {"corpus": self.job.corpus.key, "kind": self.job.kind, "network": network, **plan}

    def _prepare(self) -> dict[str, np.ndarray] | None:
        """What the objective takes from the first molecules of the corpus; None if it was to stop before."""
        smiles, targets = [], []
        for shard, size in enumerate(self.job.corpus.sizes):
            if n := min(size, SAMPLE - len(smiles)):
                smiles += self.job.corpus.smiles(shard)[:n]
                if self.targets is not None:
                    if not self._make_targets(shard, n):
                        return None
                    targets.append(self.targets.read(shard, n))
        return self.objective.prepare(smiles, np.concatenate(targets) if targets else None)

    def _make_targets(self, shard: int, n: int | None = None, *, all_of_them: bool = False) -> bool:
        """Make those of a shard, or of its first n molecules; False if it was to stop before."""
        made = True
        if self.targets is not None and self.engine.is_global_zero:
            is_late = (lambda: False) if all_of_them else self._is_late
            made = self.targets.make(shard, self.targets.missing(shard, n), self.progress, is_late)
        return self.engine.broadcast(made)

    def _shard(self) -> bool:
        """The rest of the shard in which the next step is; False if it was to stop before."""
        stretch = self.order.stretch(self.at.step)
        if not self._make_targets(stretch.shard):
            return False
        self.wrapped.train()
        rank, ranks = self.engine.global_rank, self.engine.world_size
        batches = self.stream.batches(stretch, self.at.step, min(stretch.last, self.total), rank, ranks)
        for step, n, batch in batches:
            if (ranks == 1 or step % _ASK == 0) and self.engine.broadcast(self._is_late()):
                return False
            self._learn(step, n, batch)
            if self.at.step % self.plan.valid_every == 0:
                self._look()
                self._validate()
            if time.monotonic() - self.saved > self.plan.save_every_s:
                self._look()
                self._save()
        return True

    def _is_late(self) -> bool:
        return bool(self.asked) or (self.deadline is not None and time.monotonic() >= self.deadline)

    def _learn(self, step: int, n: int, batch: Any) -> None:
        torch.manual_seed(derived(self.plan.seed, "step", step, self.engine.global_rank))
        lr = rate(self.plan, step, self.total)
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self._measure(n, batch)
        with self._autocast():
            loss, self.parts = self.objective.loss(self.wrapped, self.engine.to_device(batch))
        self.optimizer.zero_grad()
        self.engine.backward(loss)
        self._clip()
        self.optimizer.step()
        self.losses.append(loss.detach())
        self.at.step += 1
        self.at.n_seen += n
        if len(self.losses) >= _LOOK:
            self._look()
            if self.meter.is_due:
                parts = {name: float(part.detach()) for name, part in self.parts.items()}
                self.meter.tell(self.at.step, {"loss": self.at.train_loss, **parts}, lr)

    def _clip(self) -> None:
        """A gradient that is no number passes: the loss or a weight tells it, by the step."""
        how = {"error_if_nonfinite": False} if hasattr(self.engine, "autocast") else {}
        self.engine.clip_gradients(self.wrapped, self.optimizer, max_norm=self.plan.clip, **how)

    def _measure(self, n: int, batch: Any) -> None:
        tokens = getattr(self.objective, "tokens", None)
        ranks = self.engine.world_size
        n_tokens = ranks * tokens(batch) if tokens else 0
        self.meter.add(n, n_tokens, ranks * self.objective.flops(batch))

    def _autocast(self) -> Any:
        return self.engine.autocast() if hasattr(self.engine, "autocast") else nullcontext()

    def _look(self) -> None:
        """Losses as numbers; UsageError at the first that is none."""
        first = self.at.step - len(self.losses)
        for i, loss in enumerate(self.losses):
            value = float(loss)
            if not math.isfinite(value):
                raise self._failed(first + i + 1, f"the loss is {value}")
            share = max(0.01, 2 / (first + i + 2))  # 1 at the first step
            before = 0.0 if math.isnan(self.at.train_loss) else self.at.train_loss
            self.at.train_loss = (1 - share) * before + share * value
        self.losses = []

    def _failed(self, step: int, what: str) -> UsageError:
        good = (
            f"checkpoint and weights of step {self.kept:,} are kept" if self.kept else "nothing was saved yet"
        )
        other = "" if self.plan.precision == "32-true" else ' or set precision = "32-true"'
        return UsageError(
            f"pre-training failed: {what} at step {step:,} of {self.total:,}; {good}. "
            f"Lower lr (now {self.plan.lr:g}){other} and run the same command again"
        )

    def _validate(self) -> None:
        """The mean losses of the molecules held back, if there are any, each time on the same batches."""
        if not self.order.n_valid:
            return
        self._make_targets(0, self.order.n_valid, all_of_them=True)
        self.wrapped.eval()
        total: dict[str, float] = {}
        n_seen = 0
        with torch.no_grad(), self._autocast():
            for n, batch in self.stream.valid():
                loss, parts = self.objective.loss(self.wrapped, self.engine.to_device(batch))
                for name, value in {"loss": loss, **parts}.items():
                    total[name] = total.get(name, 0.0) + n * float(value)
                n_seen += n
        self.wrapped.train()
        means = {name: value / n_seen for name, value in total.items()}
        if broken := next((name for name, value in means.items() if not math.isfinite(value)), None):
            raise self._failed(self.at.step, f"{broken} of the molecules held back is no number")
        self.at.valid.append({"step": self.at.step, **means})
        self.meter.tell_valid(self.at.step, means)

    def _finish(self) -> None:
        self._save()
        last = self.at.valid[-1]["step"] if self.at.valid else -1
        if self.at.step >= self.total and last != self.at.step and self.order.n_valid:
            self._validate()
            self._save()

    def _save(self) -> None:
        """Checkpoint and weights; UsageError if a weight is no number."""
        self.saved = time.monotonic()
        state = arrays_of(self.module.state_dict())
        if broken := next((name for name, array in state.items() if not np.isfinite(array).all()), None):
            raise self._failed(self.at.step, f"{broken} holds what is no number")
        if not self.engine.is_global_zero or not self.at.step:
            return
        scaler = self._scaler()
        self.at.scaler = scaler.state_dict() if scaler else {}
        now = time.process_time()
        self.at.cpu_s, self.cpu = self.at.cpu_s + now - self.cpu, now
        write_checkpoint(self.work, self._identity(), self.at, state, self.optimizer)
        self.kept = self.at.step
        weights = self.objective.state(self.module)
        weights |= {f"prepared.{name}": array for name, array in self.at.prepared.items()}
        save_pretrained(self.job.out, self.job.kind, self.objective.settings, weights, self._card())

    def _card(self) -> dict[str, Any]:
        kept = ("name", "key", "n", "counts", "excluded", "sources", "standardizer")
        return {
            **self.job.about,
            "data_licences": sorted({source["licence"] for source in self.job.corpus.about["sources"]}),
            "network": dict(self.job.network),  # as asked for; `settings` are those of its shape
            "corpus": {name: self.job.corpus.about[name] for name in kept},
            "is_finished": self.at.step >= self.total,
            "steps": self.at.step,
            "of_steps": self.total,
            "epochs": round(self.at.step / self.order.per_epoch, 3),
            "molecules_seen": self.at.n_seen,
            "seed": self.plan.seed,
            "losses": {"train": _rounded(self.at.train_loss), "valid": self.at.valid[-1:]},
            "plans": [{"first_step": step, **settings} for step, settings in self.at.plans],
            "cpu_hours": round(self.at.cpu_s / 3600, 3),
            "device": self.engine.device.type,
            "devices": self.engine.world_size,
            "torch": torch.__version__,
        }


def _groups(module: torch.nn.Module, decay: float) -> list[dict[str, Any]]:
    """Matrices with weight decay, biases and scales without."""
    wide = [p for p in module.parameters() if p.ndim >= 2]
    narrow = [p for p in module.parameters() if p.ndim < 2]
    return [{"params": wide, "weight_decay": decay}, {"params": narrow, "weight_decay": 0.0}]


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else float(f"{value:.6g}")


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """Signals to stop are collected, so that a step is never left half done; the second stops at once."""
    asked: list[int] = []

    def note(number: int, frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

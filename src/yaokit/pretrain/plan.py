"""How a network is pre-trained: settings, and the rate at each step."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Plan:
    """How long, how fast, where. Without `steps`, `epochs` count."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    steps: int | None = None
    epochs: float = 1.0
    batch_size: int = 256  # molecules, over all devices
    lr: float = 1e-3  # the highest
    warmup: int = 500  # steps up to it
    schedule: str = "cosine"  # of SCHEDULES
    weight_decay: float = 1e-2
    beta2: float = 0.98
    clip: float = 1.0  # longest gradient
    precision: str = "bf16-mixed"  # of nn.devices.PRECISIONS
    compile: bool = False  # torch.compile
    seed: int = 0
    n_valid: int = 2_000  # molecules held back, at most a tenth
    valid_every: int = 2_000  # steps
    save_every_s: float = 180.0

    def __post_init__(self) -> None:
        if self.schedule not in SCHEDULES:
            raise ValueError(
                f"no schedule is called {self.schedule!r}; choose one of: {', '.join(SCHEDULES)}"
            )
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and not value >= least:
                raise ValueError(f"{name} = {value}: must be {least} or more")
        for name in ("lr", "epochs", "clip"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} = {getattr(self, name)}: must be a number above 0")
        if not 0 <= self.beta2 < 1:
            raise ValueError(f"beta2 = {self.beta2}: must be 0 or more and below 1")
        if self.weight_decay == math.inf:
            raise ValueError(f"weight_decay = {self.weight_decay}: must be a number")


_LEAST = {  # settings that may not be less
    "batch_size": 1,
    "valid_every": 1,
    "steps": 0,
    "warmup": 0,
    "n_valid": 0,
    "weight_decay": 0,
    "save_every_s": 0,
}


def total_steps(plan: Plan, per_epoch: int) -> int:
    """Steps of the whole training."""
    return plan.steps if plan.steps is not None else max(1, round(plan.epochs * per_epoch))


def rate(plan: Plan, step: int, total: int) -> float:
    """The learning rate of a step: straight up, then as the schedule says."""
    if step < plan.warmup:
        return plan.lr * (step + 1) / plan.warmup
    done = (step - plan.warmup) / max(1, total - plan.warmup)
    return plan.lr * SCHEDULES[plan.schedule](min(done, 1.0))


def _cosine(done: float) -> float:
    return 0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2


def _trapezoid(done: float, fall: float = 0.25) -> float:
    """Level, then straight down: a training whose end is not known yet can be made longer before that."""
    return 1.0 if done < 1 - fall else max(0.01, (1 - done) / fall)


SCHEDULES: dict[str, Callable[[float], float]] = {"cosine": _cosine, "trapezoid": _trapezoid}

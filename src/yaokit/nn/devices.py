"""Where a network is trained: one thread of the processor, or what Lightning Fabric drives."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from yaokit.core.errors import UsageError

DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("32-true", "bf16-mixed", "16-mixed")


class Processor:
    """The few calls of Fabric that the loop makes, for one process on the processor.

    Importing and starting Fabric takes longer than fitting a small network.
    """

    device = torch.device("cpu")
    global_rank, world_size = 0, 1
    is_global_zero = True

    def setup(self, module: torch.nn.Module, optimizer: Any) -> tuple[torch.nn.Module, Any]:
        return module, optimizer

    def to_device(self, batch: Any) -> Any:
        return batch

    def backward(self, loss: torch.Tensor) -> None:
        loss.backward()

    def clip_gradients(self, module: torch.nn.Module, optimizer: Any, max_norm: float) -> None:
        torch.nn.utils.clip_grad_norm_(module.parameters(), max_norm)

    def broadcast(self, value: Any) -> Any:
        return value


def check_device(device: str, devices: int = 1, precision: str = "32-true") -> str:
    """The device that is meant, "auto" resolved; UsageError says what there is instead."""
    for value, known in ((device, DEVICES), (precision, PRECISIONS)):
        if value not in known:
            raise UsageError(f"cannot train on {value!r}; choose one of: {', '.join(known)}")
    found = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if device == "auto":
        device = next((name for name, n in found.items() if n), "cpu")
        if device == "cpu" and devices > 1:
            raise UsageError(
                f"{devices} GPUs asked for, but this machine has none: ask for one device, or for the "
                'device "cpu" to work with several processes on the processor'
            )
    if device != "cpu" and found[device] < devices:
        there = [f"{n} {name}" for name, n in found.items() if n]
        raise UsageError(
            f"{devices} {device} asked for, but this machine has {', '.join(there) or 'no GPU'}: "
            'use device "auto" or "cpu"'
        )
    return device


def make_engine(device: str, devices: int, precision: str) -> Any:
    """A Fabric, or a Processor where one process computes as it always does."""
    device = check_device(device, devices, precision)
    if (device, devices, precision) == ("cpu", 1, "32-true"):
        return Processor()
    from lightning_fabric import Fabric

    strategy = "ddp_spawn" if devices > 1 else "auto"
    return Fabric(accelerator=device, devices=devices, precision=precision, strategy=strategy)  # type: ignore[arg-type]


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch on one thread: quicker for small layers, and the same sums on every machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)

"""How fast a pre-training runs: lines for people, log.jsonl, TensorBoard."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from yaokit.core.progress import Progress

_EVERY_S = 10.0
# Dense products of 16-bit numbers, FLOP/s, from the makers' data sheets; of others it is measured.
_PEAKS = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12, "A10": 125e12, "L4": 121e12}


class Meter:
    """Counts work between two lines of the log; `work` None logs nothing."""

    def __init__(self, work: Path | None, progress: Progress, total: int, first: int) -> None:
        self.progress, self.total, self.first = progress, total, first
        self.peak: float | None = None
        self._log: Any = None
        self._board: Any = None
        if work is not None:
            from tensorboardX import SummaryWriter

            self._log = open(work / "log.jsonl", "a", encoding="utf-8")  # noqa: SIM115 - closed by close()
            self._board = SummaryWriter(str(work / "logs"))
        self._begun = self._told = time.monotonic()
        self._n = self._tokens = self._flops = 0.0

    def add(self, molecules: int, tokens: float, flops: float) -> None:
        """The work of one step."""
        self._n += molecules
        self._tokens += tokens
        self._flops += flops

    @property
    def is_due(self) -> bool:
        return time.monotonic() - self._told >= _EVERY_S

    def tell(self, step: int, losses: Mapping[str, float], lr: float) -> None:
        """Log rates since the last time and losses."""
        now = time.monotonic()
        spent = max(now - self._told, 1e-9)
        left_s = (self.total - step) * (now - self._begun) / max(step - self.first, 1)
        rates = {
            "molecules/s": self._n / spent,
            "tokens/s": self._tokens / spent,
            "flop/s": self._flops / spent,
        }
        if self.peak:
            rates["utilization"] = rates["flop/s"] / self.peak
        self._write(step, {**losses, "lr": lr, **rates})
        self.progress.say(_line(step, self.total, losses, rates, left_s))
        self._told, self._n, self._tokens, self._flops = now, 0.0, 0.0, 0.0

    def tell_valid(self, step: int, losses: Mapping[str, float]) -> None:
        """Log the losses of what is held back."""
        self._write(step, {f"valid {name}": value for name, value in losses.items()})
        self.progress.say(f"  step {step:,}: held back, {_named(losses)}")

    def close(self) -> None:
        for file in (self._log, self._board):
            if file is not None:
                file.close()

    def _write(self, step: int, values: Mapping[str, float]) -> None:
        if self._log is None:
            return
        rounded = {name: float(f"{value:.6g}") for name, value in values.items()}
        self._log.write(json.dumps({"step": step, **rounded}) + "\n")
        self._log.flush()
        for name, value in values.items():
            self._board.add_scalar(name.replace(" ", "/", 1), value, step)


def peak_flops(device: torch.device, precision: str) -> float:
    """FLOP/s that a device can reach: its data sheet's, or what one matrix product reaches now."""
    if device.type == "cuda" and precision != "32-true":
        name = torch.cuda.get_device_name(device)
        if known := next((value for part, value in _PEAKS.items() if part in name), None):
            return known
    kind = torch.float32 if precision == "32-true" else torch.bfloat16
    n = 4096 if device.type == "cuda" else 512
    a = torch.ones((n, n), dtype=kind, device=device)
    best = float("inf")
    for _ in range(4):
        begun = time.perf_counter()
        float((a @ a)[0, 0])  # waits for a GPU
        best = min(best, time.perf_counter() - begun)
    return 2 * n**3 / best


def _line(
    step: int, total: int, losses: Mapping[str, float], rates: Mapping[str, float], left_s: float
) -> str:
    text = f"  step {step:,}/{total:,}: {_named(losses)}; {rates['molecules/s']:,.0f} molecules/s"
    if rates["tokens/s"]:
        text += f", {rates['tokens/s']:,.0f} tokens/s"
    text += f", {rates['flop/s'] / 1e9:,.1f} GFLOP/s"
    if "utilization" in rates:
        text += f" ({rates['utilization']:.0%} of the peak)"
    hours, minutes = divmod(round(left_s / 60), 60)
    return f"{text}; {hours} h {minutes:02} min left"


def _named(losses: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.4f}" for name, value in losses.items())

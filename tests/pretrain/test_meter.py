import json

import pytest
import torch

from yaokit.core.progress import Silent
from yaokit.pretrain.meter import Meter, peak_flops


class Heard(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def test_rates_are_told_and_logged(tmp_path):
    heard = Heard()
    meter = Meter(tmp_path, heard, total=100, first=0)
    meter.peak = 1e12
    meter.add(64, 2_000, 1e9)
    meter.tell(10, {"loss": 0.5}, 1e-3)
    meter.tell_valid(10, {"loss": 0.25})
    meter.close()
    first, second = (json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines())
    assert first["molecules/s"] / first["tokens/s"] == pytest.approx(64 / 2_000, rel=1e-4)
    assert first["utilization"] > 0
    assert (second["step"], second["valid loss"]) == (10, 0.25)
    assert "step 10/100: loss 0.5000" in heard.lines[0]
    assert "tokens/s" in heard.lines[0]
    assert list((tmp_path / "logs").iterdir())


def test_a_peak_is_more_than_nothing():
    assert peak_flops(torch.device("cpu"), "32-true") > 1e8

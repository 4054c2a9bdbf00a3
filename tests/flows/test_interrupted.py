"""Stopped or killed at any moment, the same command goes on to the same bytes."""

import json
import os
import random
import signal
import subprocess
import time
from itertools import islice
from pathlib import Path

import pytest
from toy_runs import PLAN, command, write_campaign, yaokit

from yaokit.data.read.library import molecules

FOLDS = "train-*.part/folds/**/*.safetensors"
RESULTS = ("candidates.csv", "candidates.sdf")


class Campaign:
    """A campaign in a folder of its own, run by the real program."""

    def __init__(self, folder: Path, plan: str = PLAN) -> None:
        write_campaign(folder, plan=plan)
        self.out = folder / "out"
        self.words = ("campaign", "run", folder / "plan.toml", "-o", self.out, "--quiet")

    def start(self) -> subprocess.Popen[str]:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored if the tests run in the background
        cache = self.out.parent / "cache"  # its own: folds that other runs kept leave nothing to interrupt
        own = os.environ | {"YAOKIT_CACHE": str(cache)}
        return subprocess.Popen(command(*self.words), stderr=subprocess.PIPE, text=True, env=own)

    def count(self, pattern: str) -> int:
        return len(list((self.out / "steps").glob(pattern)))

    def start_until(self, pattern: str, n: int = 1, then_s: float = 0.0) -> subprocess.Popen[str]:
        """Start it and wait until n more paths match the pattern (or it ends), and a little longer."""
        wanted = self.count(pattern) + n
        process, start = self.start(), time.monotonic()
        while self.count(pattern) < wanted and process.poll() is None:
            assert time.monotonic() - start < 200
            time.sleep(0.01)
        time.sleep(then_s)
        return process

    def end_with(self, how: signal.Signals, pattern: str, n: int = 1, then_s: float = 0.0) -> tuple[int, str]:
        """Start it, send the signal at that moment; exit code and what it said."""
        with self.start_until(pattern, n, then_s) as process:
            process.send_signal(how)
            said = process.communicate(timeout=60)[1]
        return process.returncode, said


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    return Campaign(tmp_path_factory.mktemp("interrupted"))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_1_a_stop_ends_in_one_line_that_says_how_to_go_on(campaign: Campaign, how: signal.Signals):
    code, said = campaign.end_with(how, FOLDS)
    assert (code, said) == (5, "yaokit: stopped; run the same command again to continue\n")


def test_2_a_folder_in_use_is_refused_and_its_state_can_be_seen(campaign: Campaign):
    first = campaign.start_until(FOLDS)
    first.send_signal(signal.SIGSTOP)
    try:
        second = yaokit(*campaign.words)
        status = yaokit("campaign", "status", campaign.out, "--json")
    finally:
        first.send_signal(signal.SIGCONT)
        first.kill()
        first.communicate()
    assert (second.returncode, second.stderr.count("\n")) == (2, 1)
    assert "in use by another yaokit run" in second.stderr
    state = json.loads(status.stdout)
    assert state["status"] == "unfinished"
    assert [step["name"] for step in state["steps"]] == ["curate"]
    assert [name.partition("-")[0] for name in state["unfinished"]] == ["train"]


def test_3_killed_runs_go_on_to_the_same_bytes(campaign: Campaign, finished: Path):
    assert campaign.end_with(signal.SIGKILL, FOLDS)[0] == -signal.SIGKILL
    assert campaign.end_with(signal.SIGKILL, "design-*.part/design.json", then_s=0.5)[0] == -signal.SIGKILL
    assert not (campaign.out / "candidates.csv").exists()
    assert not (campaign.out / "campaign.json").exists()
    assert yaokit(*campaign.words).returncode == 0
    for name in RESULTS:
        assert (campaign.out / name).read_bytes() == (finished / "out" / name).read_bytes(), name
    assert list(campaign.out.rglob("*.part")) == []
    state = json.loads(yaokit("campaign", "status", campaign.out, "--json").stdout)
    assert (state["status"], len(state["steps"])) == ("done", 7)


@pytest.mark.slow
def test_killed_at_many_moments_it_ends_in_the_same_bytes(tmp_path: Path):
    """Several shards of screening, several rounds of design, kills at random moments."""
    library = tmp_path / "library.smi"
    library.write_text("".join(f"{m[2]} {m[1]}\n" for m in islice(molecules("builtin:zinc250k"), 35_000)))
    plan = PLAN.replace('library = "series"', f'library = "{library}"').replace("budget = 40", "budget = 350")
    plan = plan.replace("max_products = 300\n", "")
    whole, killed = Campaign(tmp_path / "whole", plan), Campaign(tmp_path / "killed", plan)
    assert yaokit(*whole.words).returncode == 0
    moments = [
        ("curate-*.part", 1),
        (FOLDS, 3),
        (FOLDS, 6),
        ("series-*.part", 1),
        ("series-*.part/shards/**/*.parquet", 1),
        ("series-*.part/shards/**/*.parquet", 1),
        ("design-*.part/rounds/*.parquet", 1),
        ("design-*.part/rounds/*.parquet", 2),
        ("profile-*.part", 1),
        ("rank-*.part", 1),
        ("report-*.part", 1),
    ]
    chance = random.Random(0)
    for pattern, n in moments:
        code, _ = killed.end_with(signal.SIGKILL, pattern, n, then_s=chance.uniform(0, 0.6))
        assert code in (-signal.SIGKILL, 0)
    assert yaokit(*killed.words).returncode == 0
    for name in RESULTS:
        assert (killed.out / name).read_bytes() == (whole.out / name).read_bytes(), name

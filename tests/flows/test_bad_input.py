"""Bad input through the program: one line that helps, the documented exit code, nothing half done."""

import ctypes
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from toy_runs import PLAN, command, series, write_campaign

from yaokit.cli import app

LEARN = PLAN.partition('[[steps]]\nuse = "screen"')[0]  # curate and train
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs plan.toml of an empty folder; its exit code and what it said."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str]:
        words = words or ("plan.toml",)
        code = app.run(["campaign", "run", *words, "-o", "out", "--quiet", "--workers", "1"])
        return code, capsys.readouterr().err

    return call


def table(folder: Path, header: str, rows: list[str], plan: str = PLAN) -> None:
    write_campaign(folder, n=1, plan=plan)
    (folder / "measured.csv").write_text("".join(f"{line}\n" for line in [header, *rows] if line))


def nothing_looks_whole(out: Path) -> bool:
    """No result, and no folder of a step but those that were done."""
    done = list(out.glob("steps/*/summary.json")) if out.exists() else []
    results = [path for path in out.glob("*") if path.suffix in (".csv", ".html", ".json", ".sdf", ".xlsx")]
    whole = [path for path in out.glob("steps/*") if path.suffix != ".part"]
    return not results and len(done) == len(whole)


MOLECULES = [f"m{i},{text},{y}" for i, (text, _, y) in enumerate(zip(*series(60), strict=True))]
HEADER = "Name,SMILES,pIC50"
CASES = {
    "a missing column": (HEADER.replace("pIC50", "Ki"), MOLECULES[:3], 2, "pIC50"),
    "no structures": ("Name,Drug,pIC50", ["a,aspirin,5"], 2, "SMILES"),
    "an empty file": ("", [], 3, "measured.csv"),
    "only a header": (HEADER, [], 3, "measured.csv"),
    "no usable row": (HEADER, ["a,nonsense,5", "b,CCO,high"], 3, "NAME 1"),
    "ten molecules": (HEADER, MOLECULES[:10], 3, "10 molecules have an exact value"),
    "equal values": (HEADER, [row.rpartition(",")[0] + ",6.0" for row in MOLECULES], 3, "is 6: there is"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_table_that_cannot_be_used(case: str, run: Run, tmp_path: Path):
    header, rows, code, told = CASES[case]
    table(tmp_path, header, rows)
    found, said = run()
    assert found == code, said
    assert told in said
    assert said.count("\n") == 1
    assert said.startswith("yaokit: ")
    assert nothing_looks_whole(tmp_path / "out")


PLANS = {
    "TOML syntax": (PLAN.replace("[campaign]", "[campaign"), "not valid TOML"),
    "a misspelled key": (PLAN.replace("folds", "fold"), "did you mean 'folds'"),
    "an unknown step": (PLAN.replace('use = "rank"', 'use = "range"'), "did you mean 'rank'"),
    "an unknown split": (LEARN.replace('"random"', '"by hand"'), "choose one of: butina, random, scaffold"),
    "an unknown model": (LEARN.replace('["boosting"]', '["bosting"]'), "boosting, cnn, forest"),
    "a missing file": (PLAN.replace("measured.csv", "measure.csv"), "measure.csv"),
    "an unknown unit": (PLAN.replace('unit = "p"', 'unit = "pounds"'), "pounds"),
    "an unknown builtin": (PLAN.replace("measured.csv", "builtin:x"), "builtin:chembl2321810"),
    "a missing library": (PLAN.replace('library = "series"', 'library = "no.smi"'), "no.smi"),
    "a missing step": (PLAN[PLAN.index('[[steps]]\nuse = "train"') :], "use = 'curate' before"),
}


@pytest.mark.parametrize("case", PLANS)
def test_a_plan_that_cannot_be_run(case: str, run: Run, tmp_path: Path):
    plan, told = PLANS[case]
    write_campaign(tmp_path, plan=plan)
    code, said = run()
    assert code == 2, said
    assert told in said
    assert said.count("\n") == 1
    assert nothing_looks_whole(tmp_path / "out")


def test_a_missing_plan_and_a_folder_are_no_plans(run: Run, tmp_path: Path):
    for name in ("no.toml", "."):
        code, said = run(name)
        assert code == 2
        assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_results_cannot_go_where_a_file_is(run: Run, tmp_path: Path):
    write_campaign(tmp_path)
    (tmp_path / "out").write_text("mine")
    code, said = run()
    assert (code, said.count("\n")) == (2, 1)
    assert "is a file, not a folder; choose another folder with -o" in said
    assert (tmp_path / "out").read_text() == "mine"


def as_anybody() -> None:
    """Let even root be bound by the modes of files (PR_CAPBSET_DROP of CAP_DAC_OVERRIDE)."""
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)


def program(*words: str | Path, bound: bool = False) -> tuple[int, str]:
    done = subprocess.run(
        command(*words, "--quiet"),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        preexec_fn=as_anybody if bound else None,
    )
    return done.returncode, done.stderr


def test_a_folder_without_permission_is_refused(tmp_path: Path):
    write_campaign(tmp_path)
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    probe = subprocess.run(["touch", locked / "x"], capture_output=True, check=False, preexec_fn=as_anybody)
    if probe.returncode == 0:
        pytest.skip("this user may write everywhere")
    for out in (locked, locked / "out"):
        code, said = program("campaign", "run", tmp_path / "plan.toml", "-o", out, bound=True)
        assert (code, said.count("\n")) == (2, 1), said
        assert "no permission" in said
        assert "choose another" in said
    assert list(locked.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no permission to mount a small disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_named_and_the_run_goes_on_when_there_is_room(small_disk: Path, tmp_path: Path):
    write_campaign(tmp_path, plan=LEARN)
    out = small_disk / "out"
    words = ("campaign", "run", tmp_path / "plan.toml", "-o", out)
    code, said = program(*words)
    assert (code, said.count("\n")) == (5, 1), said
    assert "disk full" in said
    assert "run the same command again" in said
    assert nothing_looks_whole(out)
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert program(*words) == (0, "")
    assert (out / "campaign.json").exists()

"""Curation in shards: the same result in any size of pieces, and after any interruption."""

import random
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.progress import Silent
from yaokit.core.store import locked
from yaokit.data.curation import chunks, groups, shards
from yaokit.data.curation.curate import ValueColumn, curate, curate_to
from yaokit.data.export import companions, write_curated

N = 700
VALUES = (ValueColumn("IC50", unit="nM"), ValueColumn("B"))
CELLS = ["C", "CC", "OCC", "CCO", "C1CC", "", "N[C@@H](C)C(=O)O", "[Na+].CC[O-]", "c1ccccc1", "CCN(CC)CC"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    pick = random.Random(5)
    rows = ["smiles,id,IC50,B,lot,when"]
    for i in range(N):
        smiles = pick.choice(CELLS) if i % 3 else "C" * pick.randint(1, 60)
        value = pick.choice(["", "10", ">1000", "95.5", "n.d.", "1e3", "-1"])
        lot = pick.choice(["1", "2"] if i < 600 else ["3", "x7"])
        rows.append(f"{smiles},m{i % 400},{value},{pick.choice(['5', '6.5', ''])},{lot},{i / 4}")
    path = tmp_path / "in.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces so small that a few hundred rows make many of each kind."""
    monkeypatch.setattr(chunks, "SIZE", 16)
    monkeypatch.setattr(shards, "ROWS", 64)
    monkeypatch.setattr(groups, "PART", 100)


class Stopping(Silent):
    """A user who stops the run after some batches."""

    def __init__(self, after: int) -> None:
        self.after, self.n_rows = after, 0

    def track(self, items: Iterable, label: str, total=None, weigh=None) -> Iterator:
        for i, item in enumerate(items):
            if i >= self.after:
                raise KeyboardInterrupt
            self.n_rows += item
            yield item


def contents(stem: Path) -> list[bytes]:
    return [path.read_bytes() for path in [*companions(stem), stem.with_name(f"{stem.name}.summary.json")]]


def test_the_size_of_pieces_does_not_show(table, tmp_path, monkeypatch):
    whole = curate([table], values=VALUES, workers=1)
    for size, rows, part in ((16, 64, 100), (7, 7, 50), (1000, 10, 10_000)):
        monkeypatch.setattr(chunks, "SIZE", size)
        monkeypatch.setattr(shards, "ROWS", rows)
        monkeypatch.setattr(groups, "PART", part)
        parts = curate([table], values=VALUES, workers=2)
        assert parts.table.data.equals(whole.table.data)
        assert parts.table.rejects.equals(whole.table.rejects)
        assert parts.table.merged.equals(whole.table.merged)
        assert parts.summary == _approximately(whole.summary)
    assert whole.summary["n_merged"] > 100
    assert whole.table.data["lot"].type == "string"
    assert whole.table.data["when"].type == "double"


def _approximately(summary: dict) -> dict:
    """Sums over molecules depend on their order in the last digit."""
    noise = [{k: pytest.approx(v, rel=1e-12) for k, v in task["noise"].items()} for task in summary["tasks"]]
    tasks = [{**task, "noise": found} for task, found in zip(summary["tasks"], noise, strict=True)]
    return {**summary, "tasks": tasks, "noise": noise[0]}


def test_files_and_memory_hold_the_same(table, tmp_path, tiny):
    found = curate_to(tmp_path / "a.parquet", [table], values=VALUES, workers=2)
    write_curated(curate([table], values=VALUES, workers=1), tmp_path / "b")
    assert contents(tmp_path / "a")[1:] == contents(tmp_path / "b")[1:]
    assert found["n_in"] == N == found["n_kept"] + found["n_merged"] + found["n_rejected"]
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("after", [0, 3, 30])
def test_a_stopped_run_goes_on_and_gives_the_same_bytes(after, table, tmp_path, tiny):
    curate_to(tmp_path / "whole", [table], values=VALUES, workers=1)
    with pytest.raises(KeyboardInterrupt):
        curate_to(tmp_path / "again", [table], values=VALUES, workers=1, progress=Stopping(after))
    assert (tmp_path / "again.part").is_dir()
    assert not (tmp_path / "again.parquet").exists()
    rest = Stopping(10_000)
    curate_to(tmp_path / "again", [table], values=VALUES, workers=1, progress=rest)
    assert rest.n_rows == N - (after + 1) * 16 // 64 * 64
    assert contents(tmp_path / "again") == contents(tmp_path / "whole")
    assert not (tmp_path / "again.part").exists()


def test_what_was_begun_with_other_rows_is_not_used(table, tmp_path, tiny):
    with pytest.raises(KeyboardInterrupt):
        curate_to(tmp_path / "out", [table], workers=1, progress=Stopping(20))
    table.write_text("smiles\nCCO\nCCN\n")
    assert curate_to(tmp_path / "out", [table], workers=1)["n_kept"] == 2


def test_a_failed_run_leaves_nothing(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("smiles,IC50\nC1CC,5\n")
    with pytest.raises(NothingUsable):
        curate_to(tmp_path / "out.parquet", [path], workers=1)
    with pytest.raises(UsageError, match="no column 'Ki'"):
        curate_to(tmp_path / "out.parquet", [path], values=[ValueColumn("Ki")])
    assert list(tmp_path.iterdir()) == [path]


def test_two_runs_do_not_share_a_folder(table, tmp_path):
    (tmp_path / "out.part").mkdir()
    with locked(tmp_path / "out.part"), pytest.raises(UsageError, match="in use by another"):
        curate_to(tmp_path / "out", [table], workers=1)


def test_one_id_for_everything_is_numbered_through(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("smiles,id\n" + "".join(f"{'C' * i},x\n" for i in range(1, 60)) + "CO,x_2\nCN,x_2\n")
    ids = curate([path], workers=1).table.ids
    assert ids[:4] == ["x", "x_3", "x_4", "x_5"]
    assert ids[-2:] == ["x_2", "x_2_2"]
    assert len(set(ids)) == 61


def test_a_folder_with_other_files_is_left_alone(table, tmp_path):
    (tmp_path / "out.part").mkdir()
    (tmp_path / "out.part" / "thesis.doc").write_text("years of work")
    with pytest.raises(UsageError, match=r"holds other files \(thesis.doc"):
        curate_to(tmp_path / "out", [table], workers=1)
    assert (tmp_path / "out.part" / "thesis.doc").read_text() == "years of work"


@pytest.mark.slow
def test_memory_stays_flat_on_a_quarter_of_a_million_rows(tmp_path):
    """Parent and two children together; measured in a process of its own."""
    code = f"""
import threading, time, psutil
from pathlib import Path
from yaokit.data.curation.curate import curate_to
me, peak = psutil.Process(), [0]
def rss(process):
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0
def watch():
    while True:
        peak[0] = max(peak[0], sum(rss(p) for p in [me, *me.children(recursive=True)]))
        time.sleep(0.2)
threading.Thread(target=watch, daemon=True).start()
n = curate_to(Path({str(tmp_path / "out")!r}), ["builtin:zinc250k"], workers=2)["n_in"]
print(n, peak[0] // 2**20)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    n_rows, peak_mb = map(int, done.stdout.split())
    assert n_rows > 240_000
    assert peak_mb < 600

"""Every nasty input through `yaokit curate`: its outcome, its reasons, nothing lost, no hang."""

import csv
import ctypes
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from nasty import CASES, MOLECULES, VALUES, sdfs
from nasty.case import Case, Cell
from nasty.outcome import Outcome, cells_table, mismatch, problems, read_outcome, unbalanced, values_table
from toy_runs import command

from yaokit.cli import app
from yaokit.data.read.library import molecules as molecules_of

LIMIT_S = 5.0 * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))  # 5 s where nothing else runs
LIVE = re.compile(r"\s*[=+\-@＝＋－＠]")


def named(cases: Sequence[Case] | Sequence[Cell]) -> list:
    """The cases as parameters."""
    return [pytest.param(case, id=case.name) for case in cases]


@contextmanager
def hard_limit(seconds: float) -> Iterator[None]:
    """Raises TimeoutError in the block when the time is up."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"more than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def as_anybody() -> None:
    """Let even root be bound by the modes of files (PR_CAPBSET_DROP of two capabilities)."""
    for capability in (1, 2):
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)


def here(*words: str) -> tuple[int, str]:
    """Exit code and words of a command in this process."""
    with hard_limit(LIMIT_S):
        return app.run(list(words)), ""


def alone(*words: str) -> tuple[int, str]:
    """The same in a process of its own, which is killed when the time is up."""
    done = subprocess.run(
        command(*words), capture_output=True, text=True, timeout=LIMIT_S, check=False, preexec_fn=as_anybody
    )
    return done.returncode, done.stdout + done.stderr


def curate(path: Path, out: Path, *args: str, run: Callable = here) -> Outcome:
    code, said = run("curate", str(path), "-o", str(out / "t.parquet"), *args, "--workers", "1", "--quiet")
    return read_outcome(out / "t.parquet", code, said)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.mark.parametrize("case", named(CASES))
def test_a_file_has_the_outcome_it_should(
    case: Case, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    path = case.write(tmp_path)
    run = alone if case.alone else here
    start = time.monotonic()
    outcome = curate(path, out, *case.args, run=run)
    seconds = time.monotonic() - start
    said = outcome.said + "".join(capsys.readouterr())
    assert problems(case, outcome) == [], said
    assert "Traceback" not in said
    assert re.search(case.says, said.replace("\n", " ")), said
    assert seconds <= LIMIT_S
    assert [p.name for p in out.iterdir() if p.name.endswith(".part") or case.rows is None] == []
    assert live_cells(out) == []


READABLE = [case for case in CASES if case.rows is not None]
SOME = [case for case in CASES if not case.alone][::3]  # a preview takes as long as the work itself


@pytest.mark.parametrize("case", named(READABLE))
def test_a_library_gives_a_molecule_for_every_row(case: Case, tmp_path: Path):
    assert case.rows is not None
    with hard_limit(LIMIT_S):
        assert len(list(molecules_of(case.write(tmp_path)))) == len(case.rows)


@pytest.mark.parametrize("case", named(SOME))
def test_a_preview_ends_well_and_writes_nothing(case: Case, tmp_path: Path, out: Path):
    path = case.write(tmp_path)
    with hard_limit(LIMIT_S):
        code = app.run(["curate", str(path), "-o", str(out / "t.parquet"), *case.args, "--dry-run"])
    assert code in (case.code, 0)  # it looks at the first rows only
    assert list(out.iterdir()) == []


def live_cells(folder: Path) -> list[str]:
    """Cells of CSV files that a spreadsheet would run."""
    csv.field_size_limit(2**27)
    found = []
    for path in folder.glob("*.csv"):
        with open(path, encoding="utf-8", newline="") as file:
            found += [
                cell for row in csv.reader(file) for cell in row if LIVE.match(cell) and not number(cell)
            ]
    return found


def number(cell: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", cell) is not None


@pytest.fixture(scope="module")
def molecules(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """All structure cells in one table, curated."""
    folder = tmp_path_factory.mktemp("molecules")
    cells_table(MOLECULES, folder / "t.csv")
    return curate(folder / "t.csv", folder)


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """All value cells in one table, curated."""
    folder = tmp_path_factory.mktemp("values")
    values_table(VALUES, folder / "t.csv")
    return curate(folder / "t.csv", folder, "--value", "IC50", "--unit", "nM")


@pytest.mark.parametrize("cell", named(MOLECULES))
def test_a_structure_cell_has_the_outcome_it_should(cell: Cell, molecules: Outcome):
    fate = molecules.fates[MOLECULES.index(cell)]
    assert mismatch(cell.outcome, fate, merged_too=True) is None
    assert re.search(cell.says, fate.message), fate.message


@pytest.mark.parametrize("cell", named(VALUES))
def test_a_value_cell_has_the_outcome_it_should(cell: Cell, values: Outcome):
    fate = values.fates[VALUES.index(cell)]
    assert mismatch(cell.outcome, fate) is None


def test_all_nasty_cells_at_once_lose_no_row(molecules: Outcome, values: Outcome):
    assert unbalanced(molecules) == unbalanced(values) == []
    assert (len(molecules.fates), len(values.fates)) == (len(MOLECULES), len(VALUES))


@pytest.mark.parametrize("name", ["t.csv", "out.rejects.csv", "out.csv"])
def test_an_input_is_never_overwritten(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / name
    path.write_text("smiles,id\nCCO,a\nC1CC,b\n")
    out = tmp_path / ("out" if name == "out.rejects.csv" else "out.parquet")
    if name == "t.csv":
        (tmp_path / "out.parquet").symlink_to(path)
    code = app.run(["curate", str(path), "-o", str(out), "--quiet", "--workers", "1"])
    assert code == (0 if name == "out.csv" else 2)
    assert path.read_text() == "smiles,id\nCCO,a\nC1CC,b\n"
    assert "would be overwritten" in capsys.readouterr().err or code == 0


def test_one_bad_file_among_good_ones_stops_it_all(tmp_path: Path, out: Path):
    (tmp_path / "a.csv").write_text("smiles\nCCO\n")
    (tmp_path / "b.csv").write_bytes(b"%PDF-1.7 and so on")
    files = [str(tmp_path / name) for name in ("a.csv", "b.csv")]
    assert app.run(["curate", *files, "-o", str(out / "t.parquet"), "--quiet"]) == 2
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("ending", ["csv", "sdf"])
def test_a_file_that_grows_while_it_is_read_loses_no_row(ending: str, tmp_path: Path, out: Path):
    path = tmp_path / f"t.{ending}"
    line = "CCN,x\n" if ending == "csv" else sdfs.record(sdfs.AMINE, x="1")
    path.write_text(("smiles,id\n" if ending == "csv" else "") + line * 3000)
    is_done = threading.Event()

    def grow() -> None:
        with open(path, "a") as file:
            while not is_done.wait(0.001):
                file.write(line)
                file.flush()

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        outcome = curate(path, out)
    finally:
        is_done.set()
        writer.join()
    assert outcome.code == 0
    assert unbalanced(outcome) == []
    assert len(outcome.fates) >= 3000


def test_there_are_enough_of_them():
    names = [case.name for case in [*CASES, *MOLECULES, *VALUES]]
    assert len(names) == len(set(names)) >= 200

import gzip
import io
import subprocess
import sys
from pathlib import Path

import pytest

from yaokit.core.errors import NothingUsable, UsageError
from yaokit.data.read.files import read_records
from yaokit.data.read.library import molecules
from yaokit.data.read.stdin import spooled


@pytest.fixture
def piped(monkeypatch):
    def pipe(content):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    return pipe


@pytest.mark.parametrize(
    ("content", "ending", "columns"),
    [
        (b"smiles,id\nCCO,a\n", ".csv", ("smiles", "id")),
        (b"smiles\tid\nCCO\ta\n", ".csv", ("smiles", "id")),
        (gzip.compress(b"smiles;id\nCCO;a\n", mtime=0), ".csv", ("smiles", "id")),
        (b"CCO\nCCN\n", ".txt", ("smiles", "id")),
        (b"CCO acetic acid\nCCN b\n", ".txt", ("smiles", "id")),
        (b"\n\n\n  0  0  0  0  0  0  0  0  0  0999 V2000\nM  END\n$$$$\n", ".sdf", ("structure", "id")),
    ],
)
def test_the_format_is_told_by_content(piped, content, ending, columns):
    piped(content)
    with spooled(["x.csv", "-"]) as (first, copy):
        table = read_records(copy)
        assert (first, Path(copy).suffix, table.columns) == ("x.csv", ending, columns)
        assert {record.source for record in table} == {"<stdin>"} == {table.source}
    assert not Path(copy).parent.exists()


def test_ids_of_unnamed_molecules_say_stdin(piped):
    piped(b"CCO\nCCN\n")
    with spooled(["-"]) as [copy]:
        assert [molecule[:3] for molecule in molecules(copy)] == [
            (1, "stdin:1", "CCO"),
            (2, "stdin:2", "CCN"),
        ]


def test_parquet_and_workbooks_can_be_piped(piped, tmp_path):
    import openpyxl
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"smiles": ["CCO"]}), tmp_path / "t.parquet")
    book = openpyxl.Workbook()
    book.active.append(["smiles"])
    book.active.append(["CCO"])
    book.save(tmp_path / "t.xlsx")
    for name in ("t.parquet", "t.xlsx"):
        piped((tmp_path / name).read_bytes())
        with spooled(["-"]) as [copy]:
            assert [list(r.cells.values()) for r in read_records(copy)] == [["CCO"]]


def test_nothing_piped_in_is_named_as_such(piped):
    piped(b"")
    with spooled(["-"]) as [copy], pytest.raises(NothingUsable, match=r"^<stdin> is empty"):
        read_records(copy)


def test_the_copy_goes_when_work_is_interrupted(piped):
    piped(b"CCO\n")
    entered = spooled(["-"])
    [copy] = entered.__enter__()
    assert Path(copy).exists()
    entered.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert not Path(copy).parent.exists()


def test_a_full_disk_leaves_nothing_behind(piped, monkeypatch, tmp_path):
    class Full(io.BytesIO):
        def read(self, *_):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Full()))
    with pytest.raises(OSError, match="No space left") as error, spooled(["-"]):
        pass
    assert str(tmp_path) in error.value.filename
    assert list(tmp_path.iterdir()) == []


def test_standard_input_can_be_given_once(piped):
    piped(b"CCO\n")
    with pytest.raises(UsageError, match="given twice"), spooled(["-", "-"]):
        pass


def test_files_alone_leave_standard_input_unread(piped):
    piped(b"CCO\n")
    with spooled(["a.csv", "b.csv"]) as files:
        assert files == ["a.csv", "b.csv"]
    assert sys.stdin.read() == "CCO\n"


def test_a_terminal_is_refused():
    code = "from yaokit.data.read.stdin import spooled\nwith spooled(['-']): pass"
    script = f"import pty; pty.spawn([{sys.executable!r}, '-c', {code!r}])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert "pipe a file into it" in done.stdout

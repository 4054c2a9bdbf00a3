import json
import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from yaokit.core.errors import UsageError
from yaokit.data.read.files import read_records
from yaokit.data.read.library import molecules
from yaokit.data.read.records import Reading

N = 60_000
MEASURE = """
import json, sys, psutil
from yaokit.data.read.files import read_records
from yaokit.data.read.library import molecules
read = {"records": read_records, "molecules": molecules}[sys.argv[2]]
usage, rows, peak, n = psutil.Process(), iter(read(sys.argv[1])), [], 0
for row in rows:
    n += 1
    if n % 5_000 == 0:
        peak.append(usage.memory_info().rss)
print(json.dumps({"n": n, "grown_mb": (max(peak) - peak[0]) / 2**20}))
"""


def row(i):
    return f"{'C' * (i % 30 + 1)}O,id{i},{i * 7919 % 10_007 / 10},assay {i % 7}\n"


@pytest.mark.parametrize("name", ["t.csv", "t.csv.zst", "t.smi", "t.parquet", "t.sdf"])
def test_memory_stays_flat(tmp_path, name):
    path = tmp_path / name
    text = "smiles,id,x,assay\n" + "".join(map(row, range(N)))
    if name == "t.parquet":
        columns = [line.split(",") for line in text.split("\n")[1:-1]]
        names = ["smiles", "id", "x", "assay"]
        table = pa.table(dict(zip(names, map(list, zip(*columns, strict=True)), strict=True)))
        pq.write_table(table, path, row_group_size=20_000)
    elif name == "t.sdf":
        block = "\n\n\n  1  0  0  0  0  0  0  0  0  0999 V2000\n    0.0 0.0 0.0 C   0  0\nM  END\n"
        with open(path, "w") as file:
            file.writelines(f"{i}{block}> <x>\n{i}\n\n$$$$\n" for i in range(N))
    else:
        text = text.replace(",", " ") if name == "t.smi" else text
        path.write_bytes(pa.compress(text.encode(), "zstd", asbytes=True) if "zst" in name else text.encode())
    how = "molecules" if name == "t.smi" else "records"
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path), how], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert found["n"] >= N
    assert found["grown_mb"] < 20


def test_reading_overrides_what_was_found(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("smiles/имя;x\nCCO/a,5;1\n".encode("cp1251"))
    table = read_records(path, Reading(delimiter="/", encoding="cp1251"))
    assert table.columns == ("smiles", "имя;x")
    assert [list(r.cells.values()) for r in table] == [["CCO", "a,5;1"]]


@pytest.mark.parametrize("name", ["t.smi", "t.csv"])
def test_reading_reaches_libraries(tmp_path, name):
    path = tmp_path / name
    path.write_bytes("smiles/id\nCCO/имя\nCCN/b\n".encode("cp1251"))
    found = [molecule[:3] for molecule in molecules(path, reading=Reading("/", "cp1251"))]
    assert found == [(2, "имя", "CCO"), (3, "b", "CCN")]


def test_columnar_files_are_told_by_content(tmp_path):
    pq.write_table(pa.table({"smiles": ["CCO"]}), tmp_path / "t.csv")
    assert next(iter(read_records(tmp_path / "t.csv"))).cells == {"smiles": "CCO"}


def test_what_is_no_file_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    for name, what in (("pipe", "pipe or device"), ("loop", "cannot be opened"), ("zero", "pipe or device")):
        with pytest.raises(UsageError, match=what):
            read_records(tmp_path / f"{name}.csv")
    with pytest.raises(UsageError, match="cannot be opened"):
        read_records(tmp_path / ("x" * 300 + ".csv"))

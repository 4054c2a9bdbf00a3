import csv
import datetime

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from yaokit.core.errors import NothingUsable
from yaokit.data.export import write_csv
from yaokit.data.files import read_records


def test_a_workbook_is_read_from_its_first_sheet(tmp_path):
    book = openpyxl.Workbook()
    for row in (
        ["smiles", "x", "x", None],
        [],
        ["CCO", 5, 0.5, None],
        ["CCN", None, datetime.date(2024, 1, 2)],
    ):
        book.active.append(row)
    book.create_sheet("other").append(["ignored"])
    book.save(tmp_path / "t.xlsx")
    table = read_records(tmp_path / "t.xlsx")
    assert table.columns == ("smiles", "x", "x_2")
    rows = [(r.line, list(r.cells.values())) for r in table]
    assert rows == [(3, ["CCO", "5", "0.5"]), (4, ["CCN", None, "2024-01-02"])]


def test_an_empty_workbook_says_so(tmp_path):
    openpyxl.Workbook().save(tmp_path / "t.xlsx")
    with pytest.raises(NothingUsable, match="is empty"):
        read_records(tmp_path / "t.xlsx")


def test_parquet_cells_become_text(tmp_path):
    data = {"smiles": ["C", None], "x": [1.0, float("nan")], "y": [[1, 2], []], "z": [0.1, 1e-9]}
    pq.write_table(pa.table(data), tmp_path / "t.parquet")
    rows = [list(r.cells.values()) for r in read_records(tmp_path / "t.parquet")]
    assert rows == [["C", "1", "1; 2", "0.1"], [None, None, None, "1e-09"]]


def test_an_empty_parquet_says_so(tmp_path):
    pq.write_table(pa.table({"smiles": pa.array([], pa.string())}), tmp_path / "t.parquet")
    with pytest.raises(NothingUsable, match="no rows"):
        read_records(tmp_path / "t.parquet")


def test_no_cell_runs_as_a_formula(tmp_path):
    table = pa.table(
        {"=cmd": ["=1+1", "@x", "plain", None], "n": [-1.5, 2.0, None, 0.0], "k": [[1, 2], [], None, [3]]}
    )
    write_csv(table, tmp_path / "t.csv")
    with open(tmp_path / "t.csv", newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [
            ["'=cmd", "n", "k"],
            ["'=1+1", "-1.5", "1; 2"],
            ["'@x", "2.0", ""],
            ["plain", "", ""],
            ["", "0.0", "3"],
        ]

import csv
import datetime
import zipfile

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from yaokit.core.errors import NothingUsable, UsageError
from yaokit.data.export import write_csv
from yaokit.data.read.files import read_records


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


def workbook(path, rows, change=lambda book: None):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    change(book)
    book.save(path)
    return path


def test_the_first_visible_sheet_is_read(tmp_path):
    def hidden_first(book):
        book.create_sheet("old", 0).append(["smiles", "y"])
        book["old"].sheet_state = "hidden"

    table = read_records(workbook(tmp_path / "t.xlsx", [["smiles", "x"], ["CCO", 1]], hidden_first))
    assert [list(r.cells.values()) for r in table] == [["CCO", "1"]]
    assert list(table.notes) == ["t.xlsx: read the sheet 'Sheet', not 'old'"]


def test_cells_beyond_the_header_are_not_lost_in_silence(tmp_path):
    rows = [["smiles", "x"], ["CCO", 1, None, "surplus"], ["CCN", 2, None, " "], ["CCC"]]
    table = read_records(workbook(tmp_path / "t.xlsx", rows))
    found = [(r.line, r.failure.message if r.failure else list(r.cells.values())) for r in table]
    assert found == [(2, "4 cells where the header has 2"), (3, ["CCN", "2"]), (4, ["CCC", None])]


def test_a_stray_cell_far_away_costs_no_time(tmp_path):
    def stray(book):
        book.active["XFD200000"] = "x"

    table = read_records(workbook(tmp_path / "t.xlsx", [["smiles"], ["CCO"]], stray))
    assert [r.failure.code if r.failure else r.cells["smiles"] for r in table] == ["CCO", "RAGGED"]


def test_dates_and_times_are_iso(tmp_path):
    row = ["CCO", datetime.date(2020, 2, 29), datetime.datetime(2021, 1, 1, 12, 30), datetime.time(9, 5)]
    table = read_records(workbook(tmp_path / "t.xlsx", [["smiles", "a", "b", "c"], row]))
    assert [list(r.cells.values()) for r in table] == [
        ["CCO", "2020-02-29", "2021-01-01T12:30:00", "09:05:00"]
    ]


def test_formulas_that_were_never_calculated_are_noted(tmp_path):
    table = read_records(workbook(tmp_path / "t.xlsx", [["smiles", "x"], ["CCO", "=1+1"]]))
    assert [list(r.cells.values()) for r in table] == [["CCO", None]]
    assert "formulas have no stored value" in table.notes[0]


def test_a_workbook_without_column_names_keeps_its_first_row(tmp_path):
    table = read_records(workbook(tmp_path / "t.xlsx", [["CCO", 5.5], ["CCN", 6.5]]))
    assert [list(r.cells.values()) for r in table] == [["CCO", "5.5"], ["CCN", "6.5"]]


def test_a_workbook_that_swells_is_not_opened(tmp_path):
    plain = workbook(tmp_path / "plain.xlsx", [["smiles"], ["CCO"]])
    with (
        zipfile.ZipFile(plain) as old,
        zipfile.ZipFile(tmp_path / "t.xlsx", "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            more = b" " * 60_000_000 if name.endswith("sheet1.xml") else b""
            new.writestr(name, old.read(name) + more)
    with pytest.raises(UsageError, match=r"unpacks to 0\.1 GB and is not opened"):
        read_records(tmp_path / "t.xlsx")


def test_any_parquet_type_becomes_text(tmp_path):
    columns = {
        "f": pa.array([0.1, 3.0], pa.float32()),
        "i": pa.array([2**60, None]),
        "d": pa.array([datetime.date(2020, 1, 2), None]),
        "t": pa.array([datetime.datetime(2020, 1, 2, 3, 4), None], pa.timestamp("ms")),
        "c": pa.array(["a", "b"]).dictionary_encode(),
        "b": pa.array([b"CCO", b"\xff"]),
        "s": pa.array([{"x": 1, "y": None}, None]),
        "e": pa.array([True, None]),
    }
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    first, second = [list(r.cells.values()) for r in read_records(tmp_path / "t.parquet")]
    assert first == [
        *("0.1", str(2**60), "2020-01-02", "2020-01-02T03:04:00", "a", "CCO", '{"x": 1, "y": null}', "True")
    ]
    assert second == ["3", None, None, None, "b", "\\xff", None, None]

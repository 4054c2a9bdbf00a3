"""No table that we write holds a live formula."""

import csv
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest

from yaokit.data.curation.curate import ValueColumn, curate, curate_to
from yaokit.data.export import safe_cell, write_csv
from yaokit.report.files import write_candidates

EVIL = [
    *(
        "=1+1",
        "+1+2",
        "-2+3",
        "@SUM(A1)",
        "=cmd|' /C calc'!A0",
        "\n=1+1",
        "\t=1+1",
        " =1+1",
        "\r\n@x",
        "＝1+1",
    ),
    *("－1－1", "\u200b=1", "\ufeff=1", "|cmd", '=HYPERLINK("http://x")', "\x00=1", "-", "+", "--5"),
]
TAME = ["-5.2", "+3", "-1e-5", "-.5", "CCO", "[Na+]", "a=b", "'quoted", "5 - 3", "", "12.06.2020"]


@pytest.mark.parametrize("cell", EVIL)
def test_a_cell_that_could_run_is_quoted(cell):
    assert safe_cell(cell) == "'" + cell


@pytest.mark.parametrize("cell", TAME)
def test_a_harmless_cell_is_left_alone(cell):
    assert safe_cell(cell) == cell


def test_numbers_and_nothing_stay_what_they_are():
    assert [safe_cell(v) for v in (-5.2, 3, None, True)] == [-5.2, 3, None, True]
    assert safe_cell(["=1", None, 2]) == "'=1; ; 2"


def test_headers_cells_and_ids_of_a_csv_are_quoted(tmp_path: Path):
    table = pa.table({"=x": ["=1+1", "a"], "n": [-5.2, 1.0]})
    write_csv(table, tmp_path / "t.csv")
    rows = list(csv.reader((tmp_path / "t.csv").read_text().splitlines()))
    assert rows == [["'=x", "n"], ["'=1+1", "-5.2"], ["a", "1.0"]]


def test_curated_companions_hold_no_formula(tmp_path: Path):
    text = "smiles,id,A\n=1+1,=x,5\nCCO,@a,5\nOCC,+b,6\nCCN,@a,n.d.\n"
    (tmp_path / "=t.csv").write_text(text)
    curate_to(tmp_path / "out", [tmp_path / "=t.csv"], values=[ValueColumn("A")], workers=1)
    for name in ("rejects", "merged", "issues"):
        with open(tmp_path / f"out.{name}.csv", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert "'=t.csv" in (tmp_path / "out.rejects.csv").read_text()


def test_a_workbook_holds_text_and_numbers_never_formulas(tmp_path: Path):
    table = pa.table(
        {
            "rank": range(1, len(EVIL) + 1),
            "id": EVIL,
            "smiles": ["CCO"] * len(EVIL),
            "=1+1": [-5.2] * len(EVIL),
            "note": ["{=1+1}"] * len(EVIL),
        }
    )
    write_candidates(tmp_path, table)
    sheet = openpyxl.load_workbook(tmp_path / "candidates.xlsx").worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "b"}
    header = [cell.value for cell in sheet[1]]
    assert sheet.cell(2, header.index("=1+1") + 1).value == -5.2
    assert sheet.cell(2, header.index("id") + 1).value == "=1+1"
    with open(tmp_path / "candidates.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["id"] == "'=1+1"
    assert rows[0]["'=1+1"] == "-5.2"


def test_a_quoted_id_is_only_quoted_in_csv(tmp_path: Path):
    (tmp_path / "t.csv").write_text("smiles,id\nCCO,=x\n")
    assert curate([tmp_path / "t.csv"], workers=1).table.ids == ["=x"]

"""Candidates as csv, sdf and xlsx: complete, repeatable, harmless."""

import csv
import io
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest
from rdkit import Chem

from yaokit.report.files import column_order, write_candidates
from yaokit.report.run import StepFolder


@pytest.fixture(scope="module")
def table(run_folders: list[StepFolder]) -> pa.Table:
    found = next(step for step in run_folders if step.kind == "rank").table("candidates.parquet")
    assert found is not None
    return found


@pytest.fixture(scope="module")
def out(table: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    write_candidates(folder, table)
    return folder


def read_csv(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / "candidates.csv").read_text())))


def test_csv_and_sdf_are_the_same_bytes_each_time(table: pa.Table, out: Path, tmp_path: Path):
    write_candidates(tmp_path, table)
    for name in ("candidates.csv", "candidates.sdf", "candidates.xlsx"):
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes()


def test_csv_holds_every_column_in_the_documented_order(table: pa.Table, out: Path):
    rows = read_csv(out)
    assert len(rows) == len(table)
    assert list(rows[0]) == column_order(table.column_names)
    assert set(rows[0]) == set(table.column_names)
    assert list(rows[0])[:6] == ["rank", "id", "smiles", "source", "pActivity_pred", "pActivity_std"]


def test_csv_rounds_to_four_digits_and_joins_lists(table: pa.Table, out: Path):
    row, source = read_csv(out)[0], table.to_pylist()[0]
    assert float(row["pActivity_pred"]) == round(source["pActivity_pred"], 4)
    assert row["nearest_ids"] == ";".join(source["nearest_ids"])
    assert len(row["contributions"].split(";")) == len(source["contributions"])


def test_sdf_comes_back_with_structures_and_properties(table: pa.Table, out: Path):
    mols = [mol for mol in Chem.SDMolSupplier(str(out / "candidates.sdf")) if mol]
    assert [Chem.MolToSmiles(mol) for mol in mols] == [
        Chem.CanonSmiles(s) for s in table["smiles"].to_pylist()
    ]
    assert [mol.GetProp("_Name") for mol in mols] == table["id"].to_pylist()
    assert mols[0].GetProp("rank") == "1"
    known = {k for k, v in table.to_pylist()[0].items() if v is not None}
    assert set(mols[0].GetPropNames()) == known


def test_xlsx_has_a_picture_a_row_and_no_formula(table: pa.Table, out: Path):
    sheet = openpyxl.load_workbook(out / "candidates.xlsx")["candidates"]
    assert sheet.max_row == len(table) + 1
    assert len(sheet._images) == len(table)
    assert sheet.freeze_panes == "D2"
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_hostile_text_is_never_a_formula_or_a_second_record(tmp_path: Path):
    hostile = ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "$$$$\n\n> <x>"]
    rows = {"rank": list(range(1, 6)), "id": hostile, "smiles": ["CCO"] * 5, "<=b>": hostile}
    write_candidates(tmp_path, pa.table(rows))
    assert [row["id"][:2] for row in read_csv(tmp_path)][:4] == ["'=", "'+", "'-", "'@"]
    mols = list(Chem.SDMolSupplier(str(tmp_path / "candidates.sdf")))
    assert len(mols) == 5
    assert all(mol is not None and mol.HasProp("(=b)") for mol in mols)
    sheet = openpyxl.load_workbook(tmp_path / "candidates.xlsx")["candidates"]
    assert sheet["C2"].value == "=1+1"
    assert sheet["C2"].data_type == "s"


def test_no_candidates_give_files_with_a_header_only(table: pa.Table, tmp_path: Path):
    write_candidates(tmp_path, table.slice(0, 0))
    assert read_csv(tmp_path) == []
    assert (tmp_path / "candidates.sdf").read_text() == ""
    assert openpyxl.load_workbook(tmp_path / "candidates.xlsx")["candidates"].max_row == 1


def test_unknown_numbers_and_undrawable_molecules_are_kept(tmp_path: Path):
    rows = {"rank": [1, 2, 3], "id": list("abc"), "smiles": ["CCO", "C" * 200, "not a molecule"]}
    write_candidates(tmp_path, pa.table({**rows, "p_pred": [float("nan"), None, -0.00001]}))
    assert [row["p_pred"] for row in read_csv(tmp_path)] == ["", "", "0.0"]
    assert (tmp_path / "candidates.sdf").read_text().count("$$$$") == 3
    sheet = openpyxl.load_workbook(tmp_path / "candidates.xlsx")["candidates"]
    assert [sheet.cell(i, 1).value for i in (2, 3, 4)] == [None, "not drawn", "not drawn"]

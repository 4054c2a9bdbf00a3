"""The candidates as files for other programs: candidates.csv, .sdf and .xlsx."""

import csv
import io
import math
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from rdkit import Chem

from yaokit.chem.depict import align, common_core, is_drawable, png
from yaokit.chem.parse import parse, quiet_rdkit
from yaokit.core.reasons import Failure
from yaokit.core.store import write_text, writing
from yaokit.data.export import safe_cell

FIRST = ("rank", "id", "smiles", "source")
PREDICTED = ("_pred", "_std", "_low", "_high")
AFTER = (
    *("in_domain", "nearest_similarity", "nearest_ids", "nearest_similarities", "nearest_values"),
    *("near_duplicate_of", "desirability", "pareto_front"),
)
LAST = ("scaffold", "admet", "route", "contributions")
_PICTURE = (320, 200)  # px
_CREATED = datetime(2000, 1, 1)  # a fixed date: the same candidates give the same file


def write_candidates(out: Path, table: pa.Table) -> None:
    """Write candidates.csv, candidates.sdf and candidates.xlsx into the folder `out`.

    The columns stand in the order of `column_order`; floats are rounded to 4 digits; lists are joined
    by ";". The csv and sdf of the same table are the same bytes.
    """
    columns = column_order(table.column_names)
    rows = [{name: cell(row[name]) for name in columns} for row in table.to_pylist()]
    mols = _molecules(table["smiles"].to_pylist())
    write_text(out / "candidates.csv", _csv_text(columns, rows))
    write_text(out / "candidates.sdf", _sdf_text(columns, rows, mols))
    with writing(out / "candidates.xlsx") as part:
        _write_xlsx(part, columns, rows, mols)


def column_order(names: Sequence[str]) -> list[str]:
    """FIRST, the predictions of each task, AFTER, d_ terms, all others as they come, LAST."""
    predicted = [n for n in names if n.endswith(PREDICTED)]
    terms = [n for n in names if n.startswith("d_")]
    known = {*FIRST, *predicted, *AFTER, *terms, *LAST}
    others = [n for n in names if n not in known]
    wanted = [*FIRST, *predicted, *AFTER, *terms, *others, *LAST]
    return [n for n in dict.fromkeys(wanted) if n in names]


def cell(value: Any) -> str | int | float | bool | None:
    """A value as it stands in a file: rounded, joined, None for unknown and NaN."""
    if isinstance(value, float):
        return round(value, 4) + 0.0 if math.isfinite(value) else None  # + 0.0: no minus zero
    if isinstance(value, list):
        return ";".join("" if (v := cell(item)) is None else str(v) for item in value)
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _molecules(smiles: Sequence[str | None]) -> list[Chem.Mol | None]:
    """The molecules with 2-D coordinates, aligned to their common core; None if unreadable."""
    parsed = [parse(text) for text in smiles]
    core = common_core([mol for mol in parsed if not isinstance(mol, Failure)])
    with quiet_rdkit():
        return [None if isinstance(mol, Failure) else align(mol, core) for mol in parsed]


def _csv_text(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([safe_cell(name) for name in columns])
    writer.writerows([safe_cell(row[name]) for name in columns] for row in rows)
    return text.getvalue()


def _sdf_text(columns: Sequence[str], rows: Sequence[dict[str, Any]], mols: Sequence[Chem.Mol | None]) -> str:
    """Every row with its properties; a molecule that cannot be read is a record without atoms."""
    return "".join(_sdf_record(columns, row, mol) for row, mol in zip(rows, mols, strict=True))


def _sdf_record(columns: Sequence[str], row: dict[str, Any], mol: Chem.Mol | None) -> str:
    mol = Chem.Mol() if mol is None else Chem.Mol(mol)
    mol.SetProp("_Name", _one_line(row.get("id")))
    fields = [
        f">  <{_field_name(name)}>\n{_one_line(row[name])}\n\n" for name in columns if row[name] is not None
    ]
    return f"{Chem.MolToMolBlock(mol)}{''.join(fields)}$$$$\n"


def _one_line(value: Any) -> str:
    """The value without line breaks; a leading $ or > would end or start a field."""
    text = " ".join(str("" if value is None else value).split())
    return f" {text}" if text.startswith(("$", ">")) else text


def _field_name(name: str) -> str:
    return " ".join(name.replace("<", "(").replace(">", ")").split())


def _write_xlsx(
    path: Path, columns: Sequence[str], rows: Sequence[dict[str, Any]], mols: Sequence[Chem.Mol | None]
) -> None:
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties({"created": _CREATED})
        sheet = book.add_worksheet("candidates")
        middle = {"valign": "vcenter"}
        looks = {float: book.add_format({**middle, "num_format": "0.00"}), int: book.add_format(middle)}
        text = book.add_format({**middle, "text_wrap": True})
        sheet.freeze_panes(1, 3)
        sheet.set_row(0, 30)
        header = book.add_format({"bold": True, "text_wrap": True, "bottom": 1, "valign": "vcenter"})
        for j, name in enumerate(["structure", *columns]):
            sheet.write_string(0, j, name, header)
            sheet.set_column(j, j, _column_width(name))
        for i, (row, mol) in enumerate(zip(rows, mols, strict=True), start=1):
            sheet.set_row_pixels(i, _PICTURE[1] // 2 + 10)
            _put_picture(sheet, i, mol)
            for j, name in enumerate(columns, start=1):
                sheet.write(i, j, row[name], looks.get(type(row[name]), text))
        if rows:
            sheet.autofilter(0, 1, len(rows), len(columns))


def _column_width(name: str) -> float:
    wide = {"structure": 24.0, "smiles": 40.0, "scaffold": 30.0, "contributions": 30.0, "alerts": 30.0}
    return wide.get(name, 13.0)


def _put_picture(sheet: Any, row: int, mol: Chem.Mol | None) -> None:
    if mol is None or not is_drawable(mol):
        sheet.write_string(row, 0, "not drawn")
        return
    place = {"x_scale": 0.5, "y_scale": 0.5, "x_offset": 4, "y_offset": 4, "object_position": 1}
    picture = io.BytesIO(png(mol, _PICTURE) or b"")
    sheet.insert_image(row, 0, "structure.png", {**place, "image_data": picture})

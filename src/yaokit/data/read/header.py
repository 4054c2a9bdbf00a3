"""The first line of a table: names of columns, or already a row."""

import re
from collections.abc import Sequence

from yaokit.chem.parse import parse
from yaokit.core.reasons import Failure
from yaokit.data.read.records import unique_names

_NUMBER = re.compile(r"[<>=~]*\s*[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?")
_LIKELY_SMILES = re.compile(r"[=#()\[\]1-9]")


def named(cells: Sequence[str], source: str, *, is_row: bool = False) -> tuple[list[str], list[str], bool]:
    """Column names from a table's first cells, notes, and whether the cells are a row themselves."""
    if is_row or is_data(cells):
        columns = [f"column_{i}" for i in range(1, len(cells) + 1)]
        note = f"{source}: no line of column names; the columns are called {', '.join(columns)}"
        return columns, [note], True
    columns, notes = unique_names(cells, source)
    return columns, notes, False


def is_data(cells: Sequence[str]) -> bool:
    """Whether a first line holds a row rather than names: a number or a structure is in it."""
    if any("smiles" in cell.lower() for cell in cells):
        return False
    return any(_NUMBER.fullmatch(cell.strip()) or is_structure(cell) for cell in cells)


def is_structure(cell: str) -> bool:
    """Whether a cell is a SMILES that could not be a name as well."""
    return bool(_LIKELY_SMILES.search(cell)) and not isinstance(parse(cell), Failure)

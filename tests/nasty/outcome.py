"""What `yaokit curate` made of an input: exit code, words, and the fate of every row."""

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
from rdkit import Chem, rdBase

from nasty.case import Case, Cell, Kept, Merged, Rejected, Row


class Fate(NamedTuple):
    """What became of one row: "kept" or "merged" as a molecule, or "rejected" for a reason."""

    how: str
    smiles: str | None = None
    code: str = ""
    message: str = ""
    value: float | None = None
    relation: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Outcome:
    """How the command ended; `fates` by row number, `summary` as it was written."""

    code: int
    said: str
    fates: dict[int, Fate] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)


def read_outcome(out: Path, code: int, said: str) -> Outcome:
    """The files beside `out` (OUT.parquet) as the fates of rows; the value is that of the first task."""
    if not out.exists():
        return Outcome(code, said)
    table = pq.read_table(out)
    names = table.column_names
    task = next((name for name in names if f"{name}_relation" in names), None)
    summary = json.loads(out.with_suffix(".summary.json").read_text())
    fates: dict[int, Fate] = {}
    kept = {}
    for row in table.to_pylist():
        value, relation = (row[task], row[f"{task}_relation"]) if task else (None, None)
        kept[row["id"]] = row["smiles"]
        fates[row["row"]] = Fate("kept", row["smiles"], "", "", value, relation, row["repaired"])
    for row in _rows(out.with_suffix(".merged.csv")):
        fates[int(row["row"])] = Fate("merged", kept[_plain(row["kept_id"])])
    for row in _rows(out.with_suffix(".rejects.csv")):
        fates[int(row["row"])] = Fate("rejected", None, row["code"], row["message"])
    return Outcome(code, said, fates, summary)


def _rows(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(2**27)
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _plain(cell: str) -> str:
    return cell.removeprefix("'")


def problems(case: Case, outcome: Outcome) -> list[str]:
    """Everything in which the outcome is not what the case asks; empty if all is well."""
    found = []
    if outcome.code != case.code:
        found.append(f"exit code {outcome.code}, not {case.code}: {outcome.said[:300]}")
    if case.rows is None:
        return found + ([f"not refused: {outcome.fates}"] if outcome.fates else [])
    if len(outcome.fates) != len(case.rows):
        found.append(f"{len(outcome.fates)} rows, not {len(case.rows)}: {outcome.fates}")
    found += unbalanced(outcome)
    for i, row in enumerate(case.rows):
        if i in outcome.fates and (wrong := mismatch(row, outcome.fates[i])):
            found.append(f"row {i}: {wrong}")
    return found


def unbalanced(outcome: Outcome) -> list[str]:
    """Whether the counts of the summary do not add up or are not those of the files."""
    if not (told := outcome.summary):
        return ["no table was written"]
    counted = [fate.how for fate in outcome.fates.values()]
    for how in ("kept", "merged", "rejected"):
        if told[f"n_{how}"] != counted.count(how):
            return [f"the summary tells {told[f'n_{how}']} {how}, the files {counted.count(how)}"]
    return [] if told["n_in"] == len(counted) else [f"{told['n_in']} rows in, {len(counted)} out"]


def mismatch(row: Row, fate: Fate, *, merged_too: bool = False) -> str | None:
    """How the fate differs from what was expected; None if it does not."""
    if isinstance(row, Rejected):
        return (
            None if fate.how == "rejected" and fate.code in row.codes.split() else f"{fate}, not {row.codes}"
        )
    asked = "merged" if isinstance(row, Merged) else "kept"
    if fate.how != asked and not (merged_too and fate.how == "merged"):
        return f"{fate}, not {asked}"
    if row.smiles and fate.smiles != canonical(row.smiles):
        return f"{fate.smiles}, not {canonical(row.smiles)}"
    return _wrong_value(row, fate) if isinstance(row, Kept) else None


def _wrong_value(row: Kept, fate: Fate) -> str | None:
    if row.value is not None and (
        fate.value is None or not math.isclose(row.value, fate.value, abs_tol=1e-5)
    ):
        return f"value {fate.value}, not {row.value}"
    if row.relation is not None and fate.relation != row.relation:
        return f"relation {fate.relation}, not {row.relation}"
    return None if row.note.lower() in fate.note.lower() else f"noted {fate.note!r}, not {row.note!r}"


def canonical(smiles: str) -> str:
    """RDKit's spelling of a SMILES that was written by hand."""
    block = rdBase.BlockLogs()
    try:
        return Chem.MolToSmiles(Chem.MolFromSmiles(smiles))
    finally:
        del block


def cells_table(cells: Sequence[Cell], path: Path) -> None:
    """One table of structure cells, each with an id of its own."""
    _write(path, [["smiles", "id"], *([cell.text, f"c{i}"] for i, cell in enumerate(cells))])


def values_table(cells: Sequence[Cell], path: Path) -> None:
    """One table of value cells, each beside a molecule of its own."""
    _write(path, [["smiles", "IC50"], *(["C" * (i + 1) + "O", cell.text] for i, cell in enumerate(cells))])


def _write(path: Path, rows: Sequence[Sequence[str]]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)

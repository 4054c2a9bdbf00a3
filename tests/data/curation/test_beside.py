"""Columns of units and relations that nobody named: found and said, or left where they may be others'."""

from pathlib import Path

import numpy as np
import pytest

from yaokit.data.curation.beside import completed
from yaokit.data.curation.curate import ValueColumn, curate

CHEMBL = """Smiles,Standard Relation,Standard Value,Standard Units
CCO,'=',100,nM
CCCO,'>',10000,nM
CCCCO,'=',1,uM
CCCCCO,'=',50,nM
"""


def read(tmp_path: Path, text: str, value: ValueColumn, **settings) -> tuple[ValueColumn, list[str]]:
    path = tmp_path / "t.csv"
    path.write_text(text)
    values, notes = completed([path], [value], **settings)
    return values[0], notes


@pytest.mark.parametrize(("unit", "is_asked"), [("nM", True), ("p", False)])
def test_those_of_chembl_are_followed(tmp_path: Path, unit: str, is_asked: bool):
    value, notes = read(tmp_path, CHEMBL, ValueColumn("Standard Value", unit=unit), unit_asked=is_asked)
    assert (value.relation, value.unit, value.unit_column) == ("Standard Relation", "nM", "Standard Units")
    assert len(notes) == 2
    table = curate([tmp_path / "t.csv"], values=[value], notes=notes, workers=1)
    assert np.allclose(np.sort(table.table.column("pStandard Value")), [5, 6, 7, 7.301], atol=1e-3)
    assert table.summary["tasks"][0]["n_censored"] == 1
    assert table.summary["notes"][:2] == notes


def test_what_is_said_is_not_overruled(tmp_path: Path):
    value, notes = read(tmp_path, CHEMBL, ValueColumn("Standard Value", unit="none", relation="Smiles"))
    assert (value.relation, value.unit, value.unit_column) == ("Smiles", "none", None)
    assert notes == [
        "Standard Value: 'Standard Units' is not read: the unit is none, as asked for or learned"
    ]


def test_one_that_may_be_anothers_is_only_told(tmp_path: Path):
    text = "smiles,IC50,Ki,relation,units\nCCO,1,2,=,nM\nCCCO,3,4,>,nM\n"
    value, notes = read(tmp_path, text, ValueColumn("IC50", unit="nM"))
    assert (value.relation, value.unit_column) == (None, None)
    assert [note.rpartition(" ")[2] for note in notes] == ["--relation", "--unit-column"]


def test_each_has_its_own(tmp_path: Path):
    text = "smiles,IC50,IC50_relation,Ki,Ki_relation\nCCO,1,=,2,<\nCCCO,3,>,4,=\n"
    for column in ("IC50", "Ki"):
        value, notes = read(tmp_path, text, ValueColumn(column, unit="nM"))
        assert (value.relation, notes) == (f"{column}_relation", [])
    assert read(tmp_path, text, ValueColumn("logD", unit="none"))[0].relation is None


@pytest.mark.parametrize(
    "text",
    [
        "smiles,activity,Operator,Units\nCCO,5.1,Maria,boxes\nCCCO,6.1,Jan,boxes\n",
        "smiles,activity\nCCO,5.1\n",
        "smiles,pIC50,units\nCCO,5.1,nM\nCCCO,6.1,nM\n",  # on the p-scale by its name
    ],
)
def test_others_are_not_taken(tmp_path: Path, text: str):
    column = text.split(",")[1].strip().split("\n")[0]
    value, notes = read(tmp_path, text, ValueColumn(column), unit_asked=False)
    assert (value.relation, value.unit_column, notes) == (None, None, [])

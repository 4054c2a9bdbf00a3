import pytest

from yaokit.core.errors import UsageError
from yaokit.data.columns import id_column, smiles_column, value_columns


@pytest.mark.parametrize(
    ("columns", "first", "expected"),
    [
        (["id", "SMILES"], ["a", "x"], "SMILES"),
        (["Canonical_SMILES", "smiles"], ["x", "x"], "smiles"),
        (["name", "ligand_smiles"], ["x", "x"], "ligand_smiles"),
        (["Drug_ID", "Drug", "Y"], ["aspirin", "CC(=O)Oc1ccccc1C(=O)O", "1"], "Drug"),
        (["C", "structure"], ["5", "c1ccccc1"], "structure"),
    ],
)
def test_structures_are_found_by_name_or_content(columns, first, expected):
    assert smiles_column(columns, [dict(zip(columns, first, strict=True))], "t") == expected


def test_no_structures_lists_the_columns():
    with pytest.raises(UsageError, match=r"no column of SMILES found; name it\. The columns are: a, b"):
        smiles_column(["a", "b"], [{"a": "5", "b": None}], "t")


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (["smiles", "molecule_chembl_id", "IC50"], "molecule_chembl_id"),
        (["smiles", "Name", "ID"], "ID"),
        (["target_id", "smiles", "assay_name"], None),
        (["smiles", "vendorID"], "vendorID"),
        (["smiles", "lipid", "acid"], None),
        (["smiles", "pIC50"], None),
    ],
)
def test_ids_are_found_by_name(columns, expected):
    assert id_column(columns, "smiles") == expected


def test_values_are_found_with_their_units():
    chembl = [
        "smiles",
        "standard_value",
        "standard_units",
        "standard_relation",
        "units",
        "pchembl",
        "pKi",
        "Ki_note",
    ]
    row = dict(zip(chembl, ["C", "5", "nM", "=", "ug", "8.3", "8.3", "text"], strict=True))
    assert value_columns(chembl, [row]) == [
        ("standard_value", "nM", "standard_units", "standard_relation"),
        ("pchembl", "p", None, "standard_relation"),
        ("pKi", "p", None, "standard_relation"),
    ]
    assert value_columns(["IC50_uM", "EC50"], [{"IC50_uM": "5", "EC50": "3"}]) == [
        ("IC50_uM", "uM", None, None),
        ("EC50", "none", None, None),
    ]

import pytest

from yaokit.core.errors import UsageError
from yaokit.data.read.columns import Roles, id_column, roles, smiles_column, value_columns
from yaokit.data.read.records import Record, Records


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


def found(cells, **named):
    """The roles of a table with this one row."""
    table = Records("t", tuple(cells), iter(()))
    return roles(table, [Record("t", 2, dict(cells))], **named)


def test_a_chembl_export_has_all_roles():
    cells = {
        "Molecule ChEMBL ID": "CHEMBL25",
        "Smiles": "CC(=O)Oc1ccccc1C(=O)O",
        "Standard Type": "IC50",
        "Standard Relation": "'='",
        "Standard Value": "500",
        "Standard Units": "nM",
        "pChEMBL Value": "6.3",
        "Assay ChEMBL ID": "CHEMBL1",
        "Assay Organism": "Homo sapiens",
        "Document Year": "2009",
    }
    assert found(cells) == Roles(
        "Smiles",
        "Molecule ChEMBL ID",
        (
            ("Standard Value", "nM", "Standard Units", "Standard Relation"),
            ("pChEMBL Value", "p", None, "Standard Relation"),
        ),
        unit="Standard Units",
        relation="Standard Relation",
        date="Document Year",
        assay="Assay ChEMBL ID",
        organism="Assay Organism",
        measurement_type="Standard Type",
    )


def test_long_vendor_headers_are_read():
    value = "IC50 (nM) ± SD [n=3], human recombinant CYP3A4; µ-corrected (batch 2019/07) {internal} 'final'"
    cells = {
        "Catalog No. / Lot": "Z1-2",
        "SMILES(规范)": "CCOC",
        "化合物": "甲",
        value: "n.d.",
        "Supplier": "A",
        "Test date (yyyy-mm-dd)": "2024-01-02",
    }
    table = Records("t", tuple(cells), iter(()))
    rows = [
        Record("t", 2, cells),
        Record("t", 3, {**cells, value: "12.5"}),
        Record("t", 4, {**cells, value: None}),
    ]
    told = roles(table, rows)
    assert (told.smiles, told.id, told.date) == ("SMILES(规范)", "化合物", "Test date (yyyy-mm-dd)")
    assert told.values == ((value, "nM", None, None),)
    assert told.vendor in ("Supplier", "Catalog No. / Lot")


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("IC50 (µM)", "uM"),
        ("IC50 [nmol/L] mean", "nM"),
        ("Ki_nM_mean", "nM"),
        ("EC50, uM, n=2", "uM"),
        ("Kd (M)", "M"),
        ("IC50 in MDCK cells", "none"),
        ("pIC50 (M)", "p"),
        ("-pKi", "p"),
        ("pchembl_value", "p"),
    ],
)
def test_units_are_read_from_headers(header, unit):
    assert [value[1] for value in value_columns([header], [{header: "5"}])] == [unit]


def test_a_name_that_only_mentions_smiles_holds_no_structures():
    cells = {"smiles_hash": "8f14e45f", "mol": "CCOC", "smiles_length": "4"}
    assert found(cells).smiles == "mol"
    cells = {"canonical_smiles_v2": "a1b2c3", "drawn": "CCOC"}
    assert found(cells).smiles == "drawn"


def test_what_is_named_is_taken_and_must_exist():
    cells = {"smiles": "CCO", "other": "CCN", "id": "a", "lot": "b"}
    told = found(cells, smiles="other", id="lot")
    assert (told.smiles, told.id) == ("other", "lot")
    with pytest.raises(UsageError, match="no column 'x'"):
        found(cells, smiles="x")


def test_an_id_column_without_cells_is_passed_over():
    assert found({"smiles": "CCO", "id": None, "Compound ID": "a"}).id == "Compound ID"


def test_small_molecules_are_structures_too():
    assert found({"smiles": "C", "name": "methane"}).smiles == "smiles"


def test_an_abbreviation_said_often_is_no_structure():
    rows = [{"site": "NS"}] * 19 + [{"site": "glioma"}]
    with pytest.raises(UsageError, match="no column of SMILES"):
        smiles_column(["site"], rows, "t")

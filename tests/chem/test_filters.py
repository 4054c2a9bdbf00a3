"""Alerts and rules."""

from functools import cache
from pathlib import Path

import pytest
from rdkit import Chem, RDConfig
from rdkit.Chem import FilterCatalog

from yaokit.chem.descriptors import properties
from yaokit.chem.filters import _entries, _query_of, alerts, catalog_names, rules
from yaokit.chem.parse import quiet_rdkit


def test_a_rhodanine_is_flagged_and_aspirin_is_no_pains():
    rhodanine = Chem.MolFromSmiles("O=C1NC(=S)SC1=Cc1ccccc1O")
    assert "PAINS:ene_rhod_A(235)" in alerts(rhodanine, ["PAINS"])
    assert "BRENK:Thiocarbonyl_group" in alerts(rhodanine)
    assert alerts(Chem.MolFromSmiles("CC(=O)Oc1ccccc1C(=O)O"), ["PAINS"]) == []


def test_an_unknown_catalog_lists_the_choices():
    with pytest.raises(KeyError, match="PAINS_A"):
        alerts(Chem.MolFromSmiles("CCO"), ["PAIN"])
    assert "ALL" not in catalog_names()


def test_rules_of_known_drugs():
    atorvastatin = "CC(C)c1c(C(=O)Nc2ccccc2)c(-c2ccccc2)c(-c2ccc(F)cc2)n1CCC(O)CC(O)CC(=O)O"
    found = rules(properties(Chem.MolFromSmiles(atorvastatin)))
    assert found["lipinski_violations"] == 2  # weight 559, log P 6.3
    assert not found["veber_ok"]
    aspirin = rules(properties(Chem.MolFromSmiles("CC(=O)Oc1ccccc1C(=O)O")))
    assert aspirin == {
        "lipinski_violations": 0,
        "veber_ok": True,
        "ghose_ok": True,
        "egan_ok": True,
        "lead_like": False,  # too light
    }


def test_a_missing_property_value_meets_no_limit():
    values = properties(Chem.MolFromSmiles("CCO")) | {"clogp": float("nan")}
    assert rules(values)["lipinski_violations"] == 1
    assert not rules(values)["egan_ok"]


WHOLE = ("PAINS", "BRENK", "NIH", "ZINC", "CHEMBL")  # the others are parts of these


@cache
def catalog(name: str) -> FilterCatalog.FilterCatalog:
    known = FilterCatalog.FilterCatalogParams.FilterCatalogs.names[name]
    return FilterCatalog.FilterCatalog(FilterCatalog.FilterCatalogParams(known))


def rdkits(mol: Chem.Mol, name: str) -> list[str]:
    return sorted({f"{name}:{hit.GetDescription()}" for hit in catalog(name).GetMatches(mol)})


def nci(every: int) -> list[Chem.Mol]:
    """Compounds of the National Cancer Institute, of all kinds, that come with RDKit."""
    lines = (Path(RDConfig.RDDataDir) / "NCI" / "first_5K.smi").read_text().splitlines()[::every]
    with quiet_rdkit():
        return [mol for line in lines if (mol := Chem.MolFromSmiles(line.split()[0])) is not None]


@pytest.mark.parametrize("name", WHOLE)
def test_flags_are_those_of_rdkits_catalogs(name: str):
    mols = nci(50)
    assert len(mols) > 90
    assert [alerts(mol, [name]) for mol in mols] == [rdkits(mol, name) for mol in mols]


@pytest.mark.slow
@pytest.mark.parametrize("name", WHOLE)
def test_flags_are_those_of_rdkits_catalogs_for_thousands(name: str):
    for mol in nci(1):
        assert alerts(mol, [name]) == rdkits(mol, name), Chem.MolToSmiles(mol)


def test_catalogs_together_give_what_they_give_alone():
    mol = Chem.MolFromSmiles("O=C1NC(=S)SC1=Cc1ccccc1[N+](=O)[O-]")
    names = ("PAINS", "PAINS_A", "BRENK", "ZINC")
    together = alerts(mol, names)
    assert len(together) > 3
    assert together == sorted(flag for name in names for flag in alerts(mol, [name]))
    assert alerts(mol, []) == []


def test_every_entry_of_the_catalogs_is_understood():
    """An entry that is not would be slow, though not wrong."""
    assert [e.GetDescription() for name in WHOLE for e in _entries(name) if _query_of(e) is None] == []

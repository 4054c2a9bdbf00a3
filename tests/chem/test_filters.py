"""Alerts and rules."""

import pytest
from rdkit import Chem

from yaokit.chem.descriptors import properties
from yaokit.chem.filters import alerts, catalog_names, rules


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

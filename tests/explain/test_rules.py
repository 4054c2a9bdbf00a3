import numpy as np
from rdkit import Chem
from toy_runs import series

from yaokit.core.table import MolTable
from yaokit.explain.rules import Condition, as_text, find_rules
from yaokit.explain.subject import subject_of
from yaokit.models.forest import Forest

SMILES = series(150)[0]
MOLS = [Chem.MolFromSmiles(text) for text in SMILES]


def rules_of(values):
    model = Forest(n_trees=30).fit(MolTable.of(SMILES, columns={"y": values}), ["y"])
    return find_rules(subject_of(model), MOLS, 0)


def test_rules_find_the_question_that_made_the_value():
    has = np.array([mol.HasSubstructMatch(Chem.MolFromSmarts("C#N")) for mol in MOLS])
    rules = rules_of(np.where(has, 8.0, 5.0) + np.random.default_rng(0).normal(0, 0.05, len(has)))
    assert rules is not None
    assert rules.fidelity["r2"] > 0.8
    assert "a nitrile" in str(rules.rules[0])
    assert "no nitrile" in str(rules.rules[-1])
    assert sum(rule.n for rule in rules.rules) == rules.n_made
    assert f"n = {rules.rules[0].n}" in as_text(rules, "y")


def test_classes_are_judged_by_agreement():
    rules = rules_of((series(150)[2] > 6.5).astype(float))
    assert rules is not None
    assert 0 <= rules.fidelity["agreement"] <= 1
    assert " % of the time" in as_text(rules, "y")


def test_too_few_molecules_have_no_rules():
    model = Forest(n_trees=5).fit(MolTable.of(SMILES, columns={"y": series(150)[2]}), ["y"])
    assert find_rules(subject_of(model), MOLS[:20], 0) is None


def test_conditions_are_words():
    assert str(Condition("number of: nitrile", True, 0.5)) == "a nitrile"
    assert str(Condition("number of: nitrile", False, 1.5)) == "fewer than 2: nitrile"
    assert str(Condition("rings", True, 2.5)) == "rings ≥ 3"
    assert str(Condition("molecular weight", False, 301.4)) == "molecular weight ≤ 301"

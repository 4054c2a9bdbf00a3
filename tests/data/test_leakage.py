"""Leakage: what is shared is found, and the similarity is that of RDKit."""

import numpy as np
import pytest
from rdkit import Chem, DataStructs
from toy_runs import series

from yaokit.chem.fingerprints import generator
from yaokit.chem.folds import Folds
from yaokit.data.leakage import fold_leakage, leakage, told

L, D = "C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"


def test_the_same_molecule_and_its_other_hand_are_told_apart():
    found = leakage([L, "CCO"], [L, D, "c1ccccc1O"])
    assert found.same_molecule.tolist() == [True, False, False]
    assert found.same_connectivity.tolist() == [True, True, False]
    assert found.similarity[0] == 1


def test_tautomers_count_as_the_same_connectivity():
    assert leakage(["Oc1ccccn1"], ["O=c1cccc[nH]1"]).same_connectivity.tolist() == [True]


def test_the_similarity_is_rdkits():
    smiles = series(60)[0]
    train, test = smiles[:40], smiles[40:]
    bits = [generator().GetFingerprint(Chem.MolFromSmiles(text)) for text in smiles]
    wanted = [max(DataStructs.BulkTanimotoSimilarity(bits[i], bits[:40])) for i in range(40, 60)]
    assert leakage(train, test).similarity == pytest.approx(wanted, abs=1e-6)


def test_the_histogram_counts_every_test_molecule_once():
    smiles = series(60)[0]
    about = leakage(smiles[:40], [*smiles[40:], smiles[0]]).summary()
    assert (about["n_train"], about["n_test"], about["same_molecule"]) == (40, 21, 1)
    assert sum(about["similarity"]["counts"]) == 21
    assert about["similarity"]["counts"][-1] >= 1
    assert f"at {0.9:g} or more; 1 molecules are in both" in told(about)


@pytest.mark.parametrize(("train", "test"), [([], ["C"]), (["C"], []), ([], [])])
def test_nothing_on_one_side_is_no_error(train: list[str], test: list[str]):
    about = leakage(train, test).summary()
    assert about["share_near"] is None
    assert told(about) == "nothing to compare"


def test_folds_are_compared_with_what_their_models_learned_from():
    smiles = [L, D, "CCO", "CCN", "CCC", L]
    late = Folds(np.array([0, 1, 2, 2, 3, 3]), (2, 3), forward=True)
    found = fold_leakage([late], smiles, [np.zeros(4)])
    assert found.same_molecule.tolist() == [False, False, False, True]
    assert found.same_connectivity.tolist() == [False, False, False, True]
    assert found.n_train == 3
    apart = fold_leakage([Folds.cross(np.arange(6))], smiles, [np.zeros(6)])
    assert apart.same_molecule.tolist() == [True, False, False, False, False, True]
    assert apart.same_connectivity.tolist() == [True, True, False, False, False, True]


def test_a_structure_that_does_not_parse_is_named():
    with pytest.raises(ValueError, match="molecule 1 does not parse: 'CC\\(C'"):
        leakage(["C", "CC(C"], ["C"])

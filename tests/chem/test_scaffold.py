"""Murcko scaffolds against Bemis and Murcko's definition."""

import pytest
from rdkit import Chem

from yaokit.chem.scaffold import scaffold, scaffolds

# side chains go, rings and the chains between them stay
KNOWN = {
    "CCO": "",
    "c1ccccc1": "c1ccccc1",
    "CCc1ccccc1O": "c1ccccc1",
    "O=C(Nc1ccccc1)c1ccncc1C": "O=C(Nc1ccccc1)c1ccncc1",
    "CC1CCC(CC1)CCN1CCOCC1": "C1CCC(CCN2CCOCC2)CC1",
}


@pytest.mark.parametrize("smiles", KNOWN)
def test_side_chains_go(smiles: str):
    assert scaffold(Chem.MolFromSmiles(smiles)) == Chem.CanonSmiles(KNOWN[smiles])


def test_mirror_images_share_a_scaffold():
    first, second = scaffolds(["C[C@H]1CC[C@@H](c2ccccc2)C1", "C[C@@H]1CC[C@H](c2ccccc2)C1"])
    assert first == second
    assert "@" not in first


def test_the_molecule_stays_as_it_was():
    mol = Chem.MolFromSmiles("C[C@H]1CC[C@@H](c2ccccc2)C1")
    before = Chem.MolToSmiles(mol)
    scaffold(mol)
    assert Chem.MolToSmiles(mol) == before


def test_a_batch_keeps_its_order():
    assert scaffolds(list(KNOWN)) == [Chem.CanonSmiles(text) if text else "" for text in KNOWN.values()]
    assert scaffolds([]) == []


def test_what_does_not_parse_is_named():
    with pytest.raises(ValueError, match="molecule 1 does not parse: 'C1CC'"):
        scaffolds(["C", "C1CC"])

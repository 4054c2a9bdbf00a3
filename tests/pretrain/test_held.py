import pytest
from rdkit import Chem
from toy_pretraining import written, zinc

from yaokit.pretrain.held import Held, held_of, joined, read_held, skeleton, write_held

ALIKE = [
    ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"),  # stereo
    ("Oc1ccccn1", "O=c1cccc[nH]1"),  # tautomer
    ("CC(=O)O", "CC(=O)[O-].[Na+]"),  # salt
    ("CCO", "[2H]C([2H])([2H])CO"),  # isotopes
    ("Cc1c[nH]cn1", "Cc1cnc[nH]1"),
]


@pytest.mark.parametrize(("held", "asked"), ALIKE)
def test_a_molecule_drawn_another_way_is_held_too(held, asked):
    known = held_of([held])
    (found,) = [Chem.MolFromSmiles(text) for text in [asked.split(".")[0].replace("[O-]", "O")]]
    assert known.has(Chem.MolToSmiles(found), found)


@pytest.mark.parametrize("other", ["C1CCCCC1O", "Oc1ccccc1C", "Nc1ccccc1", "Oc1ccccn1"])
def test_another_molecule_is_not_held(other):
    mol = Chem.MolFromSmiles(other)
    assert not held_of(["Oc1ccccc1"]).has(Chem.MolToSmiles(mol), mol)


def test_a_skeleton_is_that_of_any_order_of_atoms_and_of_few_others():
    smiles = zinc(300)
    mols = [Chem.MolFromSmiles(text) for text in smiles]
    again = [Chem.MolFromSmiles(Chem.MolToRandomSmilesVect(mol, 1, randomSeed=7)[0]) for mol in mols]
    assert list(map(skeleton, mols)) == list(map(skeleton, again))
    assert len(set(map(skeleton, mols))) > 290


def test_a_list_is_read_as_it_was_written(tmp_path):
    held = joined([held_of(zinc(20)), Held(frozenset(), frozenset({7}))])
    write_held(tmp_path / "held.txt", held)
    assert read_held(tmp_path / "held.txt") == held
    assert read_held(written(tmp_path / "a.smi", zinc(20))).blocks == held.blocks


def test_nothing_held_is_a_list_too(tmp_path):
    write_held(tmp_path / "held.txt", Held())
    assert (tmp_path / "held.txt").read_text() == ""

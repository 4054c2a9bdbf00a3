"""Parts of a series and what is made of them."""

import pytest
from rdkit import Chem

from yaokit.chem.fragments import bond_label, bonds, cut_series, join, parts, products, recombine, split

ACIDS = ["c1ccc(cc1)S(=O)(=O)", "Cc1ccc(cc1)S(=O)(=O)", "c1ccsc1S(=O)(=O)"]
AMINES = ["NCC", "NC1CCCC1", "N1CCOCC1"]
SERIES = [
    Chem.CanonSmiles(acid + amine)
    for acid, amine in [
        (ACIDS[0], AMINES[0]),
        (ACIDS[1], AMINES[1]),
        (ACIDS[2], AMINES[2]),
        (ACIDS[0], AMINES[1]),
    ]
]


def test_products_are_all_unmeasured_combinations():
    made = recombine(SERIES)
    every = {Chem.CanonSmiles(acid + amine) for acid in ACIDS for amine in AMINES}
    largest = max(Chem.MolFromSmiles(s).GetNumHeavyAtoms() for s in SERIES)
    fitting = {s for s in every if Chem.MolFromSmiles(s).GetNumHeavyAtoms() <= largest}
    assert set(made.products) == fitting - set(SERIES)
    assert len(set(made.products)) == len(made.products)


def test_cuts_say_what_was_cut():
    cut = next(cut for cut in recombine(SERIES).cuts if cut["bond"] == "sulfonamide S–N")
    assert cut["environments"] == ["L5", "L12"]
    assert (cut["n_molecules"], cut["n_left"], cut["n_right"]) == (4, 3, 3)
    assert sum(cut["n_products"] for cut in recombine(SERIES).cuts) == len(recombine(SERIES).products)


def test_a_limit_keeps_a_reproducible_random_choice():
    cuts = cut_series(SERIES)
    few = [smiles for _, smiles in products(cuts, SERIES, 2, seed=1)]
    assert few == [smiles for _, smiles in products(cuts, SERIES, 2, seed=1)]
    assert len(few) == 2
    assert set(few) <= set(recombine(SERIES).products)
    assert "limit" in recombine(SERIES, max_products=2).note


@pytest.mark.parametrize("smiles", [[], ["CCO"], ["CCO", "c1ccccc1"]])
def test_a_series_without_a_common_bond_says_so(smiles):
    made = recombine(smiles)
    assert made.products == []
    assert "no bond" in made.note


def test_a_bad_smiles_is_named():
    with pytest.raises(ValueError, match="C1CC"):
        recombine(["CCO", "C1CC"])


def test_split_and_join_give_the_molecule_back_with_its_stereo():
    for smiles in ("C[C@H](F)c1ccc(O[C@@H](C)CC)cc1", "F/C=C/c1ccccc1S(=O)(=O)N[C@@H]1CCOC1"):
        mol = Chem.MolFromSmiles(smiles)
        assert bonds(mol)
        for bond, _ in bonds(mol):
            assert Chem.MolToSmiles(join(*split(mol, bond))) == Chem.CanonSmiles(smiles)


def test_halves_come_in_the_order_of_the_atoms():
    mol = Chem.MolFromSmiles("CCNS(=O)(=O)c1ccccc1")
    left, right = split(mol, (3, 2))
    assert left.HasSubstructMatch(Chem.MolFromSmarts("S"))
    assert right.HasSubstructMatch(Chem.MolFromSmarts("[NH]"))


def test_parts_are_grouped_by_their_open_end():
    found = parts(SERIES)
    assert "C1CN([*:1])CCO1" in found[5]
    assert all(part.count("*") == 1 for group in found.values() for part in group)


def test_every_pair_of_environments_has_a_name():
    known = [i for i in range(1, 17) if i != 2]
    assert bond_label((12, 5)) == "sulfonamide S–N"
    assert all(bond_label((a, b)) for a in known for b in known)

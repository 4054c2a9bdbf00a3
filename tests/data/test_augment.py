"""Augmentation: the same molecules in other words, never on the other side of a split."""

import numpy as np
import pytest
from rdkit import Chem
from toy_runs import TASK, measured, series

from yaokit.chem.split import make_folds
from yaokit.core.table import MolTable
from yaokit.data.augment import augmented, randomized

STEREO = [
    "C[C@H](N)C(=O)O",
    "C/C=C/C=C\\C",
    "F/C(Cl)=C(/Br)I",
    "C[C@@H]1CC[C@H](C)CC1",
    "OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O",
    "CC(=O)O[C@H]1C[C@@H]2CC[C@]1(C)C2(C)C",
    "O=[S@](C)c1ccccc1",
    "C1CC/C=C/CCC1",
    "[13CH3][C@H](O)[2H]",
    "[O-][N+](=O)c1ccc([NH3+])cc1.[Cl-]",
]


@pytest.mark.parametrize("smiles", [*STEREO, *series(20)[0]])
def test_every_rewriting_is_the_same_molecule(smiles: str):
    found = randomized(smiles, 10, 0)
    assert len(set(found)) == len(found) <= 10
    assert found
    assert smiles not in found
    key = Chem.MolToInchiKey(Chem.MolFromSmiles(smiles))
    assert {Chem.CanonSmiles(text) for text in found} == {Chem.CanonSmiles(smiles)}
    assert {Chem.MolToInchiKey(Chem.MolFromSmiles(text)) for text in found} == {key}


def test_the_seed_decides_and_not_the_order():
    smiles = series(5)[0]
    table, back = MolTable.of(smiles), MolTable.of(smiles[::-1])
    first = augmented(table, 3, 1)
    assert first.smiles == augmented(table, 3, 1).smiles
    assert set(first.smiles) == set(augmented(back, 3, 1).smiles)
    assert first.smiles != augmented(table, 3, 2).smiles


@pytest.mark.parametrize("smiles", ["C", "[Na+].[Cl-]"])
def test_small_molecules_have_few_names(smiles: str):
    assert len(randomized(smiles, 10, 0)) < 2


def test_none_asked_none_given_and_nonsense_is_named():
    assert randomized("CCO", 0, 0) == []
    assert augmented(MolTable.of([]), 3, 0).smiles == []
    with pytest.raises(ValueError, match="does not parse: 'CC\\(C'"):
        randomized("CC(C", 1, 0)


def test_rows_keep_their_values_and_say_where_they_come_from():
    table = measured(10)
    more = augmented(table, 4, 0)
    origin = more.column("origin").astype(int)
    assert np.array_equal(more.column(TASK), table.column(TASK)[origin])
    assert len(set(more.ids)) == len(more) == 50
    assert [more.ids[i] for i in range(0, 50, 5)] == table.ids
    assert [Chem.CanonSmiles(text) for text in more.smiles] == [table.smiles[i] for i in origin]


@pytest.mark.parametrize("split", ["random", "scaffold", "butina"])
def test_no_molecule_is_on_both_sides_of_a_split(split: str):
    table = measured(60)
    more = augmented(table, 3, 0)
    folds = make_folds(split, table.smiles, 3, 0).numbers[more.column("origin").astype(int)]
    for fold in range(3):
        test, train = (
            {Chem.CanonSmiles(text) for text, here in zip(more.smiles, mask, strict=True) if here}
            for mask in (folds == fold, folds != fold)
        )
        assert test
        assert not test & train

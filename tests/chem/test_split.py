"""Folds: whole scaffolds, even sizes, decided by the seed alone."""

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem.Scaffolds import MurckoScaffold
from toy_runs import series

from yaokit.chem.split import SPLITS, group_folds, random_folds, scaffold_folds
from yaokit.core.errors import UsageError


@pytest.fixture(scope="module")
def smiles() -> list[str]:
    return series(200)[0]


@pytest.mark.parametrize("name", list(SPLITS))
def test_every_molecule_is_in_one_fold_and_no_fold_is_empty(name: str, smiles: list[str]):
    folds = SPLITS[name](smiles, 5, 0)
    assert folds.shape == (200,)
    assert np.unique(folds).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("name", list(SPLITS))
def test_the_seed_decides(name: str, smiles: list[str]):
    split = SPLITS[name]
    assert np.array_equal(split(smiles, 5, 1), split(smiles, 5, 1))
    assert not np.array_equal(split(smiles, 5, 1), split(smiles, 5, 2))


def test_random_folds_are_equal_in_size():
    assert sorted(np.bincount(random_folds(["C"] * 23, 5, 0)).tolist()) == [4, 4, 5, 5, 5]


def test_a_scaffold_is_never_torn_apart(smiles: list[str]):
    folds = scaffold_folds(smiles, 5, 0)
    at: dict[str, set[int]] = {}
    for text, fold in zip(smiles, folds, strict=True):
        mol = Chem.MolFromSmiles(text)
        Chem.RemoveStereochemistry(mol)
        at.setdefault(MurckoScaffold.MurckoScaffoldSmiles(mol=mol), set()).add(fold)
    assert len(at) > 5
    assert all(len(found) == 1 for found in at.values())


def test_molecules_without_rings_are_groups_of_their_own():
    chains = ["C" * n for n in range(1, 31)]
    assert np.bincount(scaffold_folds(chains, 3, 0)).tolist() == [10, 10, 10]


def test_groups_are_spread_evenly():
    groups = [f"g{i}" for i, n in enumerate([30, 20, 10, 10, 5, 5, 5, 5, 5, 5]) for _ in range(n)]
    assert max(np.bincount(group_folds(groups, 4, 0))) <= 30


def test_too_few_groups_say_what_to_do():
    with pytest.raises(UsageError, match="3 folds need at least 3 different scaffolds; there are 2"):
        group_folds(["a", "a", "b"], 3, 0)

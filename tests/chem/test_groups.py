import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import Fragments
from toy_runs import series

from yaokit.chem.groups import group_atoms, group_names, readable, readable_names


@pytest.mark.parametrize(
    ("name", "text", "n"),
    [
        ("carboxylic acid", "OC(=O)CC(=O)[O-]", 2),
        ("ester", "CC(=O)OC(C)=O", 0),
        ("ester", "CC(=O)OCC", 1),
        ("amide", "CC(=O)Nc1ccccc1", 1),
        ("urea", "NC(=O)NC", 1),
        ("sulfonamide", "CS(=O)(=O)NC", 1),
        ("nitro", "c1ccccc1[N+](=O)[O-]", 1),
        ("tertiary amine", "CN(C)CC", 1),
        ("tertiary amine", "CN(C)C(C)=O", 0),
        ("piperazine", "C1CNCCN1C", 1),
    ],
)
def test_groups_are_what_they_are_called(name: str, text: str, n: int):
    assert len(group_atoms(Chem.MolFromSmiles(text)).get(name, [])) == n


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("nitrile", Fragments.fr_nitrile),
        ("sulfonamide", Fragments.fr_sulfonamd),
        ("pyridine", Fragments.fr_pyridine),
    ],
)
def test_counts_are_those_of_rdkit(name: str, of):
    for text in series(60)[0]:
        mol = Chem.MolFromSmiles(text)
        assert len(group_atoms(mol).get(name, [])) == of(mol)


def test_readable_numbers_are_finite_and_named():
    X = readable([Chem.MolFromSmiles(text) for text in series(20)[0]])
    assert X.shape == (20, len(readable_names()))
    assert np.isfinite(X).all()
    assert len(set(readable_names())) == len(readable_names())
    assert len(set(group_names())) == len(group_names())

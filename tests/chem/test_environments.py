from collections import Counter

import pytest
from rdkit import Chem
from toy_runs import series

from yaokit.chem.environments import drawn, environments, new_atoms
from yaokit.chem.fingerprints import morgan, morgan_row


@pytest.mark.parametrize("text", ["CCO", "C[C@H](N)C(=O)O", series(3)[0][1]])
def test_environments_are_what_the_counts_count(text: str):
    mol = Chem.MolFromSmiles(text)
    counted = Counter(environment.bit for environment in environments(mol))
    assert counted == dict(zip(*(part.tolist() for part in morgan_row(mol)), strict=True))
    half = Counter(environment.bit for environment in environments(mol, 1024))
    row = morgan([mol], 1024)
    assert half == dict(zip(row.indices.tolist(), row.data.tolist(), strict=True))


def test_an_environment_is_drawn_from_its_center():
    mol = Chem.MolFromSmiles("CCO")
    assert {drawn(mol, e) for e in environments(mol) if e.radius == 0} == {"C", "O"}
    assert "O(C)" not in {drawn(mol, e) for e in environments(mol)}
    assert {e.atoms for e in environments(mol) if e.radius == 1} <= {
        frozenset(atoms) for atoms in ({0, 1}, {0, 1, 2}, {1, 2})
    }


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [("CCO", "CCO", []), ("CCCO", "CCCCl", [2, 3]), ("c1ccccc1C", "c1ccccc1CC", [5, 6, 7])],
)
def test_what_is_new_is_named(before: str, after: str, new: list[int]):
    assert new_atoms(Chem.MolFromSmiles(before), Chem.MolFromSmiles(after)) == new

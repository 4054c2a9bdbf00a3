"""What the genetic search starts from."""

import numpy as np
import pytest
from rdkit import Chem

from yaokit.core.table import MolTable
from yaokit.generate.genetic import Genetic

TABLE = MolTable.of(["CCO", "CCN", "CCC", "CCCl"], columns={"y": [1.0, np.nan, 3.0, 2.0]})


def test_seeds_are_the_best_by_the_target():
    assert Genetic(target="y", population=3).fit(TABLE)._parents() == ["CCC", "CCCl", "CCO"]
    assert Genetic(population=3).fit(TABLE)._parents() == ["CCO", "CCN", "CCC"]


def test_told_molecules_push_seeds_out_best_first():
    generator = Genetic(target="y", population=3).fit(TABLE)
    generator.tell(["CO", "CN"], np.array([0.2, 0.9]))
    assert generator._parents() == ["CN", "CO", "CCC"]
    generator.tell(["CS", "CF"], np.array([0.5, np.nan]))
    assert generator._parents() == ["CN", "CS", "CO"]


def test_molecules_stay_within_the_limit():
    table = MolTable.of(["c1ccccc1CCc1ccccc1", "CC(=O)Nc1ccc(O)cc1"])
    asked = Genetic(max_atoms=14).fit(table).ask(30)
    assert max(Chem.MolFromSmiles(smiles).GetNumHeavyAtoms() for smiles in asked) <= 14


def test_a_population_of_one_is_refused():
    with pytest.raises(ValueError, match="two are the least"):
        Genetic(population=1)

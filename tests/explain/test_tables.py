"""The numbers of the tables say something in every unit."""

import numpy as np
import pytest
from rdkit import Chem

from yaokit.explain.tables import Molecule, attributions_table, rounded


def values_of(*values: float) -> list[float]:
    """What the table of attributions says of a molecule whose atoms have these values."""
    smiles = "C" * len(values)
    molecule = Molecule(1, "a", smiles, Chem.MolFromSmiles(smiles), np.array(values))
    return attributions_table([molecule])["value"].to_pylist()


@pytest.mark.parametrize("unit", [1.0, 1e-9, 1e9])
def test_values_of_atoms_keep_their_digits_in_every_unit(unit: float):
    told = np.array(values_of(1.23456789 * unit, -0.0123456789 * unit, 0.0))
    assert told == pytest.approx(np.array([1.23457, -0.01235, 0.0]) * unit, rel=1e-12)


def test_what_is_nothing_beside_the_largest_is_zero():
    assert values_of(0.5, 3e-17) == [0.5, 0.0]
    assert values_of(0.0, 0.0) == [0.0, 0.0]


def test_numbers_keep_their_digits_and_nan_is_null():
    told = rounded({"mean": 1.23456789e-7, "change": -98765.4321, "n": 3, "of": "x", "share": float("nan")})
    assert told == {"mean": 1.23457e-7, "change": -98765.4, "n": 3, "of": "x", "share": None}

"""pretrain/descriptors.py"""

import numpy as np
from rdkit import Chem
from rdkit.Chem import Descriptors
from rdkit.Chem.rdMolDescriptors import MQNs_
from toy_runs import measured

from yaokit.pretrain.descriptors import CHEAP, DEAR, FAR, cheap, scaled, scaling

ODD = ["C", "[Na+].[Cl-]", "[H][H]", "CC(=O)[O-].[Na+]", "F[P-](F)(F)(F)(F)F", "OB(O)c1ccccc1"]


def _mols(n: int) -> list[Chem.Mol]:
    return [Chem.MolFromSmiles(text) for text in [*measured(n).smiles, *ODD]]


def test_values_are_those_of_rdkit() -> None:
    mols = _mols(40)
    of = dict(Descriptors.descList)
    named = [name for name in CHEAP if name in of]
    expected = [[*(of[name](Chem.Mol(mol)) for name in named), *MQNs_(mol)] for mol in mols]
    assert len(CHEAP) == len(named) + 42
    np.testing.assert_allclose(cheap(mols), np.array(expected), rtol=1e-4, atol=1e-4)


def test_dear_descriptors_are_left_out() -> None:
    assert len(CHEAP) > 140
    assert not [name for name in CHEAP if any(dear in name for dear in DEAR)]


def test_a_molecule_without_atoms_has_numbers_or_nan() -> None:
    assert cheap([Chem.MolFromSmiles("")]).shape == (1, len(CHEAP))
    assert cheap([]).shape == (0, len(CHEAP))


def test_scaled_values_have_mean_zero_and_a_limit() -> None:
    values = cheap(_mols(200))
    values[3, 5] = np.nan
    found = scaled(values, scaling(values))
    assert np.isnan(found[3, 5])
    assert np.nanmax(np.abs(found)) <= FAR
    assert np.abs(np.nanmean(found, axis=0)).max() < 1
    constant = np.nanstd(values, axis=0) == 0
    assert (found[:, constant] == 0).all()


def test_columns_of_rare_groups_are_scaled_too() -> None:
    values = np.zeros((1_000, 1), np.float32)
    values[7] = 1
    assert scaled(values, scaling(values))[7, 0] == FAR

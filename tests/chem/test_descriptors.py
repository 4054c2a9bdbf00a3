"""Properties against RDKit's own calls and hand calculations."""

import math

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import QED, Descriptors, Lipinski
from toy_runs import series

from yaokit.chem.descriptors import (
    PROPERTIES,
    descriptor_names,
    descriptors,
    ligand_efficiency,
    lipophilic_efficiency,
    n_unspecified_stereo,
    properties,
    qed,
    sa_score,
)

ASPIRIN = Chem.MolFromSmiles("CC(=O)Oc1ccccc1C(=O)O")


def test_properties_are_rdkits():
    assert properties(ASPIRIN) == {
        "mw": Descriptors.MolWt(ASPIRIN),
        "clogp": Descriptors.MolLogP(ASPIRIN),
        "tpsa": Descriptors.TPSA(ASPIRIN),
        "hbd": Lipinski.NumHDonors(ASPIRIN),
        "hba": Lipinski.NumHAcceptors(ASPIRIN),
        "rotatable_bonds": Lipinski.NumRotatableBonds(ASPIRIN),
        "aromatic_rings": 1,
        "heavy_atoms": 13,
        "fsp3": Lipinski.FractionCSP3(ASPIRIN),
        "formal_charge": 0,
        "nh_oh": Lipinski.NHOHCount(ASPIRIN),
        "n_o": Lipinski.NOCount(ASPIRIN),
        "atoms": 21,
        "molar_refractivity": Descriptors.MolMR(ASPIRIN),
    }


def test_qed_is_rdkits_and_sa_score_orders_by_difficulty():
    morphine = Chem.MolFromSmiles("CN1CC[C@]23c4c5ccc(O)c4O[C@H]2[C@@H](O)C=C[C@H]3[C@H]1C5")
    assert qed(ASPIRIN) == QED.qed(ASPIRIN)
    assert sa_score(ASPIRIN) == pytest.approx(1.58, abs=0.01)  # Contrib/SA_Score on the command line
    assert sa_score(morphine) > sa_score(ASPIRIN) + 2
    assert math.isnan(sa_score(Chem.MolFromSmiles("")))


@pytest.mark.parametrize(
    ("smiles", "n"),
    [("CCO", 0), ("CC(F)Cl", 1), ("C[C@H](F)Cl", 0), ("CC=CC", 1), ("C/C=C/C", 0), ("CC=CC(F)Cl", 2)],
)
def test_unspecified_stereo_is_counted(smiles, n):
    assert n_unspecified_stereo(Chem.MolFromSmiles(smiles)) == n


def test_efficiencies_by_hand():
    assert ligand_efficiency(8.0, 32) == pytest.approx(1.37 * 8 / 32)
    assert lipophilic_efficiency(8.0, 3.5) == 4.5


def test_every_property_gives_one_finite_number():
    values = properties(ASPIRIN, PROPERTIES)
    assert list(values) == list(PROPERTIES)
    assert all(math.isfinite(value) for value in values.values())


def test_descriptors_are_those_of_rdkit():
    smiles = [*series(6)[0], "CC(=O)O[Na]", "[Na+].[Cl-]", "C", "[2H]O[2H]", "F[Pt](F)(F)F", "c1ccccc1[Se]C"]
    found = descriptors([Chem.MolFromSmiles(text) for text in smiles])
    for text, row in zip(smiles, found, strict=True):
        wanted = Descriptors.CalcMolDescriptors(Chem.MolFromSmiles(text), missingVal=math.nan)
        assert list(wanted) == descriptor_names()
        assert np.array_equal(row, list(wanted.values()), equal_nan=True), text


def test_a_descriptor_that_fails_is_nan_and_the_others_stay():
    row = dict(zip(descriptor_names(), descriptors([Chem.MolFromSmiles("*C")])[0], strict=True))
    assert math.isnan(row["BCUT2D_MWHI"])
    assert row["HeavyAtomCount"] == 1
    assert descriptors([]).shape == (0, len(descriptor_names()))

"""Edits give one valid, sensible molecule, the same for the same generator."""

import numpy as np
import pytest
from rdkit import Chem

from yaokit.chem.data import rows
from yaokit.chem.edits import EDITS, RING_SIZES, crossover, flaws, mutate
from yaokit.chem.fragments import parts

MOLECULES = [
    "CC(=O)Oc1ccccc1C(=O)O",
    "N#Cc1cc(S(=O)(=O)Nc2cccs2)ccc1Oc1ccccc1-c1ccccc1",
    "C[C@@H](N)c1c[nH]c2ccc(F)cc12",
    "O=[N+]([O-])c1ccc(N2CCOCC2)cc1",
    "CC1=CC[C@H]2C[C@@H]1C2(C)C",
]
MOLS = [Chem.MolFromSmiles(smiles) for smiles in MOLECULES]


def walk(seed, steps=40):
    rng = np.random.default_rng(seed)
    mol, out = MOLS[seed % len(MOLS)], []
    for _ in range(steps):
        child = mutate(mol, rng, parts(MOLECULES), max_atoms=40)
        mol = child if child is not None else mol
        out.append(Chem.MolToSmiles(mol))
    return out


@pytest.mark.parametrize("seed", range(5))
def test_a_walk_of_mutations_stays_valid_and_sensible(seed):
    allowed = flaws(MOLS[seed])
    path = walk(seed)
    assert len(set(path)) > 20
    for smiles in path:
        mol = Chem.MolFromSmiles(smiles)
        assert Chem.MolToSmiles(mol) == smiles
        assert "." not in smiles
        assert "*" not in smiles
        assert mol.GetNumHeavyAtoms() <= 40
        assert flaws(mol) <= allowed
        assert all(len(ring) in RING_SIZES for ring in mol.GetRingInfo().AtomRings())


def test_the_generator_decides_everything():
    assert walk(1) == walk(1)
    assert walk(1) != walk(6)


@pytest.mark.parametrize("name", EDITS)
def test_every_edit_works_on_some_molecule(name):
    rng, pool = np.random.default_rng(0), parts(MOLECULES)
    made = 0
    for _ in range(30):
        for mol in MOLS:
            try:
                child = EDITS[name][0](mol, rng, pool)
                made += child is not None and Chem.SanitizeMol(child) == Chem.SanitizeFlags.SANITIZE_NONE
            except Chem.MolSanitizeException:
                continue
    assert made > 5


def test_a_crossing_has_atoms_of_both_and_is_neither():
    a, b = Chem.MolFromSmiles("c1ccsc1CCN1CCOCC1"), Chem.MolFromSmiles("FC(F)(F)c1ccc(CCC2CC2)cc1")
    children = [crossover(a, b, np.random.default_rng(seed)) for seed in range(10)]
    smiles = {Chem.MolToSmiles(child) for child in children if child is not None}
    assert len(smiles) > 3
    assert not smiles & {Chem.MolToSmiles(a), Chem.MolToSmiles(b)}
    assert any("s" in text and "F" in text for text in smiles)


@pytest.mark.parametrize("smiles", ["C", "F", "c1ccccc1", "[Na+]"])
def test_tiny_molecules_do_not_break_edits(smiles):
    mol, rng = Chem.MolFromSmiles(smiles), np.random.default_rng(0)
    for _ in range(20):
        child = mutate(mol, rng)
        assert child is None or child.GetNumHeavyAtoms()
    assert crossover(mol, mol, rng) is None


@pytest.mark.parametrize(
    ("smiles", "name"),
    [
        ("CC=C=C", "allene or cumulene"),
        ("COOC", "peroxide or chain of heteroatoms"),
        ("CN(C)Cl", "halogen on a heteroatom"),
        ("C1=CC1", "double bond in a 3-ring"),
        ("C1=CCC1", "double bond in a 4-ring"),
        ("CC(O)OC", "hemiacetal or hemiaminal"),
        ("C1CCCCCCCC1", "ring of 9"),
        ("C1CC2=CC1CC2", "bridgehead double bond"),
    ],
)
def test_flaws_are_named(smiles, name):
    assert name in flaws(Chem.MolFromSmiles(smiles))


@pytest.mark.parametrize(
    "smiles",
    [
        "CC(=O)Nc1ccc(O)cc1",
        "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
        "CC(C)NCC(O)COc1cccc2ccccc12",
        "CN1CCC[C@H]1c1cccnc1",
    ],
)
def test_drugs_have_no_flaws(smiles):
    assert flaws(Chem.MolFromSmiles(smiles)) == set()


def test_the_data_files_parse():
    assert all(Chem.MolFromSmarts(row["smarts"]) for row in rows("flaws.csv"))
    for row in rows("substituents.csv"):
        assert Chem.MolFromSmiles(row["smiles"]).GetNumAtoms() > 1
        assert float(row["weight"]) > 0


@pytest.mark.parametrize(
    ("smiles", "flaw"),
    [
        ("CN(C)CN1CCCC1", "aminal"),
        ("C1CN(C)CN1C", "aminal"),
        ("CN1CCOC1", "N O or N S acetal"),
        ("c1cnn(CN2CCOCC2)c1", "azole carbon amine"),
        ("CCOCn1ccnn1", "open azole carbon ether"),
        ("CN1C=CCCC1", "enamine"),
    ],
)
def test_what_falls_apart_in_water_is_a_flaw(smiles: str, flaw: str):
    assert flaw in flaws(Chem.MolFromSmiles(smiles))


@pytest.mark.parametrize(
    "smiles",
    ["C1Oc2ccccc2O1", "CC(=O)N1CCOC1", "NC1=CC(=O)CCC1", "CN1CCN(C)CC1", "Cn1cnc2c1c(=O)n(C)c(=O)n2C"],
)
def test_stable_relatives_are_none(smiles: str):
    assert not flaws(Chem.MolFromSmiles(smiles))

"""What measured pairs say of changes that fit a molecule, with how sure that is."""

import numpy as np
import pytest
from rdkit import Chem

from yaokit.chem.matched import Pairs
from yaokit.explain.pairs import Measured, evidence, training_pairs
from yaokit.explain.subject import Training

GROUPS = ("Cl", "C", "OC", "F", "C#N", "C(F)(F)F")
CHAINS = ("C", "CC", "C1CC1", "CCC", "C(C)C", "CC#N")
AMIDES = [f"O=C(N{chain})c1ccc({group})cc1" for group in GROUPS for chain in CHAINS]
NEW = Chem.MolFromSmiles("O=C(NCCOC)c1ccc(Cl)cc1")


def measured(values: np.ndarray) -> Measured:
    training = Training([f"m{i}" for i in range(len(AMIDES))], AMIDES, values[:, None])
    return training_pairs(training, 0)


def test_few_changes_of_random_values_are_shown():
    shares = []
    for seed in range(25):
        found, n = evidence(measured(np.random.default_rng(seed).normal(size=36)), NEW, n=1000)
        assert n >= 5
        shares.append(len(found) / n)
    assert np.mean(shares) <= 0.08


def test_a_change_that_works_is_shown_first_with_its_interval():
    r = np.random.default_rng(0)
    values = r.normal(0, 0.2, 36) + 2.0 * np.repeat([group == "C#N" for group in GROUPS], len(CHAINS))
    found, n = evidence(measured(values), NEW)
    assert (found[0].before, found[0].after) == ("Cl[*:1]", "N#C[*:1]")
    assert 1.5 < found[0].low < found[0].mean < found[0].high < 2.5
    assert (found[0].n, found[0].n_effective) == (6, pytest.approx(6))
    assert len(found) <= n
    assert all(e.low > 0 or e.high < 0 for e in found)


def test_a_change_of_one_molecule_alone_is_not_looked_at():
    smiles = ["Clc1cc(Cl)cc(Cl)c1C", "Fc1cc(Cl)cc(Cl)c1C", "Clc1cc(F)cc(Cl)c1C"]
    pairs = Pairs(smiles, np.array([5.0, 7.0, 7.1]))
    assert all(e.n_molecules == 1 for e in pairs.effects if e.change[:2] == ("Cl[*:1]", "F[*:1]"))
    assert evidence(Measured.of(pairs, smiles), Chem.MolFromSmiles("Clc1ccccc1")) == ([], 0)

"""Matched pairs: cut alike, counted both ways round, joined to molecules again."""

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdMMPA
from toy_runs import series

from yaokit.chem.matched import HYDROGEN, MAX_PART, Change, Effect, Pairs, Place, places, replaced

ANILIDES = [
    f"O=C(N{chain})c1ccc({group})cc1" for group in ("Cl", "C", "OC") for chain in ("C", "CC", "C1CC1")
]


@pytest.mark.parametrize(
    "text", ["Cc1ccc(cc1)S(=O)(=O)NCc1ccccc1Cl", "O=C(NCC)c1ccc(OC)cc1", series(3)[0][1]]
)
def test_the_middle_of_two_cuts_is_that_of_rdkit(text: str):
    mol = Chem.MolFromSmiles(text)
    cuts = rdMMPA.FragmentMol(mol, minCuts=2, maxCuts=2, maxCutBonds=20, resultsAsMols=False)
    largest = min(MAX_PART, mol.GetNumHeavyAtoms() / 2)
    plain = [core.replace("[*:2]", "[*:1]") for core, _ in cuts]
    wanted = {Chem.CanonSmiles(c) for c in plain if Chem.MolFromSmiles(c).GetNumHeavyAtoms() <= largest}
    found = {Chem.CanonSmiles(p.part.replace("[*:2]", "[*:1]")) for p in places(mol) if "[*:2]" in p.context}
    assert found
    assert found == wanted


@pytest.mark.parametrize("text", ["Cc1ccc(cc1)S(=O)(=O)NCc1ccccc1Cl", "C[C@H](N)C(=O)OC", "c1cc[nH]c1CC"])
def test_a_part_put_back_gives_the_molecule(text: str):
    mol = Chem.MolFromSmiles(text)
    found = places(mol)
    assert len(found) == len(set(found)) > 3
    for place in found:
        assert replaced(*place) == Chem.MolToSmiles(mol)


def test_symmetric_places_count_once():
    at = [place.context for place in places(Chem.MolFromSmiles("c1ccccc1C")) if place.part == HYDROGEN]
    assert len(at) == 4  # ortho, meta, para, methyl


def test_a_change_has_the_mean_of_its_pairs():
    values = np.array([6.0, 6.5, 7.0, 5.0, 5.5, 6.0, 5.2, 5.5, 5.8])
    pairs = Pairs(ANILIDES, values)
    new = Chem.MolFromSmiles("O=C(NCCC)c1ccc(Cl)cc1")
    found = {e.change.after: e for p, e, _ in pairs.suggestions(new) if p.part == "Cl[*:1]"}
    assert set(found) == {"C[*:1]", "CO[*:1]"}
    assert (found["C[*:1]"].n, found["C[*:1]"].mean) == (3, pytest.approx(-1.0))
    assert found["CO[*:1]"].deltas == pytest.approx([-0.8, -1.0, -1.2])
    assert found["CO[*:1]"].spread == pytest.approx(0.2)


def test_products_are_the_molecule_with_the_change():
    made = {
        product
        for place, effect, product in Pairs(ANILIDES, np.arange(9.0)).suggestions(
            Chem.MolFromSmiles("O=C(NCCC)c1ccc(Cl)cc1")
        )
        if place.part == "Cl[*:1]" and effect.change.after == "CO[*:1]"
    }
    assert made == {Chem.CanonSmiles("O=C(NCCC)c1ccc(OC)cc1")}


def test_a_hydrogen_can_be_changed():
    smiles = ["c1ccccc1C(=O)N", "c1ccc(F)cc1C(=O)N", "CNC(=O)c1ccccc1", "CNC(=O)c1cccc(F)c1"]
    pairs = Pairs(smiles, np.array([1.0, 2.0, 3.0, 4.0]))
    changes = {
        (e.change.before, e.change.after): e.mean
        for _, e, _ in pairs.suggestions(Chem.MolFromSmiles(smiles[0]), min_pairs=2)
    }
    assert changes[HYDROGEN, "F[*:1]"] == pytest.approx(1.0)


def test_pairs_that_share_a_molecule_count_for_less():
    def shared(*pairs: tuple[int, int]) -> Effect:
        return Effect(Change("F[*:1]", "Cl[*:1]", "c"), np.zeros(len(pairs)), pairs)

    apart, star = shared((0, 1), (2, 3), (4, 5)), shared((0, 1), (0, 2), (0, 3))
    assert (apart.n_molecules, apart.n_effective) == (3, pytest.approx(3))
    assert (star.n_molecules, star.n_effective) == (1, pytest.approx(1))
    uneven = shared((0, 1), (0, 2), (3, 4), (5, 6))  # 4² / (2² + 1 + 1)
    assert (uneven.n_molecules, uneven.n_effective) == (3, pytest.approx(16 / 6))


def test_unknown_values_make_no_pairs():
    values = np.array([6.0, *[np.nan] * 8])
    assert len(Pairs(ANILIDES, values)) == 0


@pytest.mark.parametrize("text", ["C", "CC.O", "[Na+].[Cl-]"])
def test_small_and_several_molecules_have_few_or_no_places(text: str):
    assert all(isinstance(place, Place) for place in places(Chem.MolFromSmiles(text)))

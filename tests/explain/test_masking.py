"""Atom contributions point at what makes the value, in the order of the SMILES."""

import numpy as np
import pytest
from rdkit import Chem
from sklearn.metrics import roc_auc_score
from toy_runs import TASK, series, small_trusted

from yaokit.chem.fingerprints import morgan_row, stack
from yaokit.core.table import MolTable
from yaokit.explain.masking import atom_contributions, masked_rows
from yaokit.models.trusted import Trusted

CHLORIDES = Chem.MolFromSmarts("cCl")


@pytest.fixture(scope="module")
def smiles() -> list[str]:
    return series(150)[0]


@pytest.fixture(scope="module")
def counts_chlorides(smiles: list[str]) -> Trusted:
    """A model of a value that is nothing but the number of aryl chlorides."""
    values = [5.0 + len(Chem.MolFromSmiles(s).GetSubstructMatches(CHLORIDES)) for s in smiles]
    return small_trusted().fit(MolTable.of(smiles, columns={TASK: values}), [TASK])


def with_chloride(smiles: list[str]) -> list[str]:
    return [s for s in smiles if Chem.MolFromSmiles(s).HasSubstructMatch(CHLORIDES)][:15]


def chloride_atoms(smiles: str) -> set[int]:
    return {i for match in Chem.MolFromSmiles(smiles).GetSubstructMatches(CHLORIDES) for i in match}


def test_the_atoms_that_make_the_value_stand_out(counts_chlorides: Trusted, smiles: list[str]):
    areas = []
    for text in with_chloride(smiles):
        values = atom_contributions(counts_chlorides, [text], TASK)[0]
        areas.append(roc_auc_score([i in chloride_atoms(text) for i in range(len(values))], values))
    assert len(areas) >= 10
    assert np.mean(areas) >= 0.95


def test_atoms_are_counted_as_the_smiles_spells_them(counts_chlorides: Trusted, smiles: list[str]):
    mol = Chem.MolFromSmiles(with_chloride(smiles)[0])
    order = np.random.default_rng(0).permutation(mol.GetNumAtoms()).tolist()
    turned = Chem.MolToSmiles(Chem.RenumberAtoms(mol, order), canonical=False)
    first, second = atom_contributions(counts_chlorides, [Chem.MolToSmiles(mol), turned], TASK)
    match = Chem.MolFromSmiles(turned).GetSubstructMatch(Chem.MolFromSmiles(Chem.MolToSmiles(mol)))
    assert len(first) == mol.GetNumAtoms()
    assert np.sort(second[list(match)]) == pytest.approx(np.sort(first), abs=1e-9)
    top = int(np.argmax(second))
    assert top in chloride_atoms(turned)


def test_hiding_the_top_atoms_matters_more_than_hiding_others(counts_chlorides: Trusted, smiles: list[str]):
    random = np.random.default_rng(0)
    drops = []
    for text in with_chloride(smiles):
        values = atom_contributions(counts_chlorides, [text], TASK)[0]
        others = random.permutation(np.argsort(values)[:-2])[:2]
        drops.append(values[np.argsort(values)[-2:]].sum() - values[others].sum())
    assert np.mean(np.array(drops) > 0) > 0.9


def test_what_raises_the_value_is_positive(counts_chlorides: Trusted, smiles: list[str]):
    for text in with_chloride(smiles)[:5]:
        values = atom_contributions(counts_chlorides, [text], TASK)[0]
        assert max(values[i] for i in chloride_atoms(text)) > 0.1


def test_an_atom_is_worth_what_the_prediction_loses_without_it(counts_chlorides: Trusted, smiles: list[str]):
    text = with_chloride(smiles)[0]
    rows = masked_rows(Chem.MolFromSmiles(text))
    predicted = counts_chlorides.predict_rows({"fp": stack(rows)}).mean[:, 0]
    values = atom_contributions(counts_chlorides, [text], TASK)[0]
    assert values == pytest.approx(predicted[0] - predicted[1:])
    assert predicted[0] == pytest.approx(counts_chlorides.predict(MolTable.of([text])).mean[0, 0], abs=1e-9)


@pytest.mark.parametrize("text", ["CCO", "c1ccccc1", "C[C@H](N)C(=O)O", "CC.O", "C"])
def test_nothing_hidden_is_the_molecules_own_fingerprint(text: str):
    mol = Chem.MolFromSmiles(text)
    rows = masked_rows(mol)
    assert len(rows) == 1 + mol.GetNumAtoms()
    for found, wanted in zip(rows[0], morgan_row(mol), strict=True):
        assert found.tolist() == wanted.tolist()


def test_no_environment_of_a_hidden_atom_is_left():
    rows = masked_rows(Chem.MolFromSmiles("CO"))  # environments: C, O, and the whole from either end
    assert [int(counts.sum()) for _, counts in rows] == [3, 1, 1]


def test_each_task_has_contributions_of_its_own(smiles: list[str]):
    values = np.array([5.0 + s.count("Cl") for s in smiles])
    table = MolTable.of(smiles, columns={"up": values, "down": -values})
    model = small_trusted().fit(table, ["up", "down"])
    text = with_chloride(smiles)[:1]
    up, down = (atom_contributions(model, text, task)[0] for task in ("up", "down"))
    assert np.corrcoef(up, down)[0, 1] < -0.9


def test_what_does_not_parse_is_named(counts_chlorides: Trusted):
    with pytest.raises(ValueError, match="not a SMILES: 'C1CC'"):
        atom_contributions(counts_chlorides, ["C1CC"], TASK)


def test_no_molecules_give_no_contributions(counts_chlorides: Trusted):
    assert atom_contributions(counts_chlorides, [], TASK) == []

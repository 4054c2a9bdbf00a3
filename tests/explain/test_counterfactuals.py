import pytest
from rdkit import Chem
from toy_runs import series

from yaokit.core.table import MolTable
from yaokit.explain.counterfactuals import Search
from yaokit.explain.subject import Subject, subject_of
from yaokit.models.boosting import Boosting

SMILES, _, Y = series(120)


def about(values) -> Subject:
    return subject_of(Boosting(rounds=40).fit(MolTable.of(SMILES, columns={"y": values}), ["y"]))


def test_a_class_is_turned_and_the_most_similar_comes_first():
    model = about((Y > 6.5).astype(float))
    mols = [Chem.MolFromSmiles(text) for text in SMILES]
    least = min(mols, key=lambda mol: abs(model.predict([mol]).mean[0, 0] - 0.45))
    before = model.predict([least]).mean[0, 0]
    with Search(model, 0) as search:
        found = search(least)
        again = search(least)
    assert found
    assert found == again
    for one in found:
        after = model.predict([Chem.MolFromSmiles(one.smiles)]).mean[0, 0]
        assert (after >= 0.5) != (before >= 0.5)
        assert one.change == pytest.approx(after - before)
    assert [one.similarity for one in found] == sorted((one.similarity for one in found), reverse=True)


def test_a_number_moves_by_delta_or_nothing_is_found():
    model, mol = about(Y), Chem.MolFromSmiles(SMILES[0])
    with Search(model, 0, delta=0.2) as search:
        found = search(mol)
    assert found
    assert all(abs(one.change) >= 0.2 for one in found)
    with Search(model, 0, delta=100.0) as search:
        assert search(mol) == []

"""What trees add up to, bit by bit and atom by atom."""

from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem
from scipy.sparse import csr_matrix
from toy_encoder import saved_encoder
from toy_runs import series

from yaokit.chem.features import full_size
from yaokit.explain.importance import names_of
from yaokit.explain.trees import boosting, forest, paths, shap, shared
from yaokit.models.boosting import Boosting
from yaokit.models.featurize import featurize
from yaokit.models.forest import Forest
from yaokit.models.targets import Targets
from yaokit.nn.pretrained import keep

MOLS = [Chem.MolFromSmiles(text) for text in series(80)[0]]


def fitted(model, features="fp"):
    X = featurize(features, MOLS)
    model.fit_features(X, Targets.of(np.stack([series(80)[2], -series(80)[2]], axis=1)))
    return model, X


def test_shap_values_and_the_mean_are_the_prediction():
    model, X = fitted(Boosting(rounds=30))
    for task in (0, 1):
        added = shap(model, X, task)
        rest = model.predict_features(X)[0][:, task] - added.sum(axis=1)
        assert np.ptp(rest) < 1e-6


def test_what_splits_add_and_the_root_are_the_prediction():
    model, X = fitted(Forest(n_trees=10))
    rest = model.predict_features(X)[0][:, 1] - paths(model, X, 1).sum(axis=1)
    assert np.ptp(rest) < 1e-6


def test_atoms_share_the_values_of_the_bits_a_molecule_has():
    model, X = fitted(Boosting(rounds=30))
    added, found = shap(model, X[:10], 0), boosting(model, MOLS[:10], 0)
    for mol, row, values, its in zip(MOLS[:10], added, found, csr_matrix(X[:10]), strict=True):
        assert values.shape == (mol.GetNumAtoms(),)
        assert values.sum() == pytest.approx(row[its.indices].sum(), abs=1e-6)


def test_forests_have_a_value_for_each_atom():
    model, _ = fitted(Forest(n_trees=10))
    assert [len(v) for v in forest(model, MOLS[:3], 0)] == [mol.GetNumAtoms() for mol in MOLS[:3]]


def test_a_bit_is_shared_equally_by_its_atoms():
    mol = Chem.MolFromSmiles("CC")  # two methyls set one bit; both ends give the same whole
    values = np.zeros(2048)
    values[featurize("fp", [mol]).indices] = 1.0
    found = shared(mol, values)
    assert found[0] == pytest.approx(found[1])
    assert found.sum() == pytest.approx(len(featurize("fp", [mol]).indices))


def test_full_features_reach_atoms_too():
    X = featurize("full", MOLS[:40])
    full = Boosting(features="full", rounds=10)
    full.fit_features(X, Targets.of(series(80)[2][:40, None]))
    (values,) = boosting(full, MOLS[:1], 0)
    assert values.shape == (MOLS[0].GetNumAtoms(),)
    assert np.isfinite(values).all()


@pytest.mark.parametrize("kind", ["embedded", "rich"])
def test_embeddings_reach_atoms_too(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("YAOKIT_CACHE", str(tmp_path / "cache"))
    features = f"{kind}@{keep(saved_encoder(tmp_path / 'encoder'), ['graph'])}"
    model = Boosting(features=features, rounds=10)
    model.fit_features(featurize(features, MOLS[:40]), Targets.of(series(80)[2][:40, None]))
    (values,) = boosting(model, MOLS[:1], 0)
    assert values.shape == (MOLS[0].GetNumAtoms(),)
    assert np.isfinite(values).all()
    assert values.any()


def test_the_numbers_of_an_embedding_have_names():
    assert names_of("embedded", 2) == (["embedding_0", "embedding_1"], 0)
    names, n_bits = names_of("rich", full_size() + 1)
    assert (names[0], names[-1], n_bits) == ("morgan_0", "embedding_0", 1024)

"""What members read."""

from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem
from toy_encoder import saved_encoder
from toy_runs import series

from yaokit.models.base import EMBEDDED
from yaokit.models.featurize import FEATURIZERS, featurize, featurize_smiles
from yaokit.nn.pretrained import keep


@pytest.fixture(params=FEATURIZERS)
def kind(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every kind of features; those of pre-trained networks name a tiny one."""
    if request.param not in EMBEDDED:
        return request.param
    monkeypatch.setenv("YAOKIT_CACHE", str(tmp_path / "cache"))
    return f"{request.param}@{keep(saved_encoder(tmp_path / 'encoder'), ['graph'])}"


def dense(X) -> np.ndarray:
    X = getattr(X, "numbers", X)
    return X.toarray() if hasattr(X, "toarray") else X


def test_text_gives_the_rows_that_its_molecules_give(kind: str, tmp_path: Path):
    smiles = series(6)[0]
    X = featurize(kind, [Chem.MolFromSmiles(text) for text in smiles])
    for _ in ("computed", "kept"):
        found = featurize_smiles(kind, smiles, cache=tmp_path)
        assert type(found) is type(X)
        assert dense(found).dtype == dense(X).dtype
        if dense(X).dtype == object:
            assert (found == X).all()
        else:
            assert np.array_equal(dense(found), dense(X), equal_nan=True)


def test_no_molecules_give_no_rows(kind: str):
    assert featurize(kind, []).shape[0] == 0
    assert featurize_smiles(kind, []).shape[0] == 0

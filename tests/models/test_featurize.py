"""What members read."""

from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem
from toy_runs import series

from yaokit.models.featurize import FEATURIZERS, featurize, featurize_smiles


def dense(X) -> np.ndarray:
    X = getattr(X, "numbers", X)
    return X.toarray() if hasattr(X, "toarray") else X


@pytest.mark.parametrize("kind", FEATURIZERS)
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


@pytest.mark.parametrize("kind", FEATURIZERS)
def test_no_molecules_give_no_rows(kind: str):
    assert featurize(kind, []).shape[0] == 0
    assert featurize_smiles(kind, []).shape[0] == 0

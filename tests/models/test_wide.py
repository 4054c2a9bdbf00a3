"""Wide rows: "full" and then each view, the same however they are made."""

from pathlib import Path

from rdkit import Chem
from toy_runs import series

from yaokit.chem.features import full_size
from yaokit.chem.fingerprints import atom_pairs
from yaokit.models.featurize import featurize, featurize_smiles
from yaokit.models.wide import SIZE, views

SMILES = series(6)[0]
MOLS = [Chem.MolFromSmiles(text) for text in SMILES]


def test_views_stand_after_the_full_features():
    X = featurize("wide", MOLS)
    assert X.shape == (6, full_size() + 4 * SIZE)
    assert (X[:, : full_size()] != featurize("full", MOLS)).nnz == 0
    assert (X[:, views()[2]] != atom_pairs(MOLS, SIZE)).nnz == 0


def test_known_full_features_are_used(tmp_path: Path):
    first = featurize_smiles("wide", SMILES, cache=tmp_path)
    second = featurize_smiles("wide", SMILES, cache=tmp_path)
    assert (first != second).nnz == 0
    assert (first != featurize("wide", MOLS)).nnz == 0

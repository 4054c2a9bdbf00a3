"""Features in guarded processes, and what the cache keeps of them."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem
from toy_runs import series

from yaokit.chem import featurecache
from yaokit.chem.descriptors import descriptors
from yaokit.chem.featurecache import FeatureCache, clear_features
from yaokit.chem.features import KINDS, feature_names, features
from yaokit.chem.fingerprints import avalon, erg, morgan, morgan_counts, morgan_row


@pytest.fixture(scope="module")
def smiles() -> list[str]:
    return series(12)[0]


def test_fp_is_the_morgan_counts(smiles: list[str]):
    found = features(smiles)
    assert np.array_equal(found.matrix.toarray(), morgan_counts(smiles).toarray())
    assert found.failures == {}


def test_full_is_fingerprints_and_descriptors_side_by_side(smiles: list[str]):
    mols = [Chem.MolFromSmiles(text) for text in smiles]
    parts = [morgan(mols, 1024).toarray(), avalon(mols, 1024).toarray(), erg(mols), descriptors(mols)]
    found = features(smiles, "full").matrix
    assert found.dtype == np.float32
    assert np.array_equal(found.toarray(), np.concatenate(parts, axis=1).astype(np.float32), equal_nan=True)


def test_a_row_that_fails_is_named_and_the_others_stay(smiles: list[str]):
    found = features([smiles[0], "C1CC", smiles[1], ""], workers=2)
    assert {i: failure.code for i, failure in found.failures.items()} == {1: "SYNTAX", 3: "EMPTY"}
    assert np.array_equal(found.matrix[[0, 2]].toarray(), morgan_counts(smiles[:2]).toarray())
    assert found.matrix[[1, 3]].nnz == 0


def test_what_float32_cannot_hold_is_nan():
    polymer = "C" * 250  # its information content is 1e70
    row = features([polymer], "full").matrix.toarray()[0]
    named = dict(zip(feature_names("full"), row, strict=True))
    assert np.isnan(named["Ipc"])
    assert not np.isinf(row).any()
    assert named["HeavyAtomCount"] == 250


def test_no_molecules_and_unknown_kinds():
    for kind in KINDS:
        assert features([], kind).matrix.shape == (0, len(feature_names(kind)))
    with pytest.raises(KeyError, match="choose from: fp, full"):
        features(["C"], "best")


def test_the_second_time_comes_from_the_cache(
    smiles: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    first = features(smiles, "full", cache=tmp_path)
    monkeypatch.setattr("yaokit.chem.features.Pool", None)  # nothing is left to compute
    second = features(smiles[::-1], "full", cache=tmp_path)
    assert np.array_equal(second.matrix.toarray(), first.matrix.toarray()[::-1], equal_nan=True)
    clear_features(tmp_path)
    assert FeatureCache(tmp_path, "full").read(smiles) == [None] * len(smiles)


def test_kinds_and_versions_of_rdkit_do_not_share(smiles: list[str], tmp_path: Path, monkeypatch):
    features(smiles[:1], cache=tmp_path)
    monkeypatch.setattr("yaokit.chem.features.rdBase.rdkitVersion", "1999.03.1")
    features(smiles[:1], cache=tmp_path)
    assert len(list((tmp_path / "features").glob("fp-*.sqlite"))) == 2


def test_a_row_comes_back_as_it_was(tmp_path: Path):
    cache, row = FeatureCache(tmp_path, "x"), morgan_row(Chem.MolFromSmiles("CCO"))
    cache.write([("CCO", row)])
    cache.write([("CCO", row), ("", (row[0][:0], row[1][:0]))])
    found = cache.read(["CCN", "CCO", ""])
    assert found[0] is None
    assert [part.tolist() for part in found[1]] == [part.tolist() for part in row]
    assert [len(part) for part in found[2]] == [0, 0]


def test_a_full_cache_is_read_but_does_not_grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    cache, row = FeatureCache(tmp_path, "x"), morgan_row(Chem.MolFromSmiles("CCO"))
    cache.write([("CCO", row)])
    monkeypatch.setattr(featurecache, "LIMIT_MB", 0)
    cache.write([("CCN", row)])
    assert [found is None for found in cache.read(["CCO", "CCN"])] == [False, True]


def test_a_cache_that_cannot_be_used_costs_time_only(smiles: list[str], tmp_path: Path):
    features(smiles[:1], cache=tmp_path)
    (path,) = (tmp_path / "features").glob("*.sqlite")
    path.write_bytes(b"not a database" * 1000)
    with pytest.warns(UserWarning, match="not cached"):
        found = features(smiles[:1], cache=tmp_path)
    assert found.matrix.nnz > 0


def test_a_writer_that_was_killed_leaves_whole_rows(tmp_path: Path):
    cache, row = FeatureCache(tmp_path, "x"), morgan_row(Chem.MolFromSmiles("CCO"))
    cache.write([("CCO", row)])
    base = sqlite3.connect(tmp_path / "features" / "x.sqlite")
    base.execute("INSERT INTO features VALUES (?, ?)", (b"half", b"a row"))
    base.close()  # without a commit, as when the process ends
    assert cache.read(["CCO"])[0] is not None
    cache.write([("CCN", row)])
    assert cache.read(["CCN"])[0] is not None

"""Tanimoto similarity against RDKit's own."""

import numpy as np
import pytest
from rdkit import Chem, DataStructs
from scipy.sparse import csr_array, vstack
from toy_runs import series

from yaokit.chem import similarity
from yaokit.chem.fingerprints import generator, morgan_counts
from yaokit.chem.similarity import MinMax, nearest, tanimoto


@pytest.fixture(scope="module")
def both() -> tuple[list[str], list[str]]:
    return series(30)[0], series(25, 3)[0]


def test_it_is_the_similarity_of_rdkit(both: tuple[list[str], list[str]]):
    queries, reference = ([generator().GetFingerprint(Chem.MolFromSmiles(s)) for s in part] for part in both)
    wanted = [DataStructs.BulkTanimotoSimilarity(fp, reference) for fp in queries]
    found = tanimoto(morgan_counts(both[0]), morgan_counts(both[1]))
    assert found.shape == (30, 25)
    assert found == pytest.approx(np.array(wanted), abs=1e-6)


def test_the_nearest_come_best_first(both: tuple[list[str], list[str]]):
    queries, reference = (morgan_counts(part) for part in both)
    values, indices = nearest(queries, reference, k=4)
    whole = tanimoto(queries, reference)
    assert np.array_equal(values, -np.sort(-whole, axis=1)[:, :4])
    assert np.array_equal(np.take_along_axis(whole, indices, axis=1), values)
    assert np.array_equal(nearest(queries, reference)[0], values[:, :1])


@pytest.mark.parametrize("k", [1, 2])
def test_ties_go_to_the_first(k: int):
    X = morgan_counts(["CCO", "CCN", "CCO", "CCO"])
    assert nearest(X[[0]], X, k)[1].tolist() == [[0, 2][:k]]


def test_blocks_change_nothing(both: tuple[list[str], list[str]], monkeypatch: pytest.MonkeyPatch):
    queries, reference = (morgan_counts(part) for part in both)
    whole = nearest(queries, reference, 3)
    monkeypatch.setattr(similarity, "_BLOCK", 7)
    for first, second in zip(nearest(queries, reference, 3), whole, strict=True):
        assert np.array_equal(first, second)


@pytest.mark.parametrize("k", [1, 4, 25])
def test_an_index_for_many_changes_nothing(
    both: tuple[list[str], list[str]], k: int, monkeypatch: pytest.MonkeyPatch
):
    queries, reference = (morgan_counts(part) for part in both)
    queries = vstack([queries, csr_array((1, 2048), dtype=np.float32)]).tocsr()
    whole = nearest(queries, reference, k)
    monkeypatch.setattr(similarity, "_FEW", 0)
    for first, second in zip(nearest(queries, reference, k), whole, strict=True):
        assert first.dtype == second.dtype
        assert np.array_equal(first, second)
    assert nearest(queries[:0], reference, k)[0].shape == (0, k)


def test_no_more_neighbors_than_there_are():
    X = morgan_counts(["CCO", "CCN"])
    assert nearest(X, X, k=5)[0].shape == (2, 2)


def test_nothing_in_common_is_zero_and_never_nan():
    empty = csr_array((1, 2048), dtype=np.float32)
    assert tanimoto(empty, empty).tolist() == [[0.0]]
    assert tanimoto(empty, morgan_counts(["CCO"])).tolist() == [[0.0]]


def test_no_queries_give_no_rows():
    X = morgan_counts(["CCO", "CCN"])
    assert tanimoto(X[:0], X).shape == (0, 2)
    assert nearest(X[:0], X, 1)[1].shape == (0, 1)


def test_similarity_of_counts_is_the_sum_of_minima_over_that_of_maxima():
    rng = np.random.default_rng(0)
    first = rng.poisson(0.7, (9, 30)).astype(np.float32)
    second = rng.poisson(0.7, (1300, 30)).astype(np.float32)
    second[3], first[2] = 0, 0
    found = MinMax(csr_array(second))(csr_array(first))
    least = np.minimum(first[:, None], second[None]).sum(axis=2)
    most = np.maximum(first[:, None], second[None]).sum(axis=2)
    assert found == pytest.approx(least / np.maximum(most, 1))


@pytest.mark.parametrize(("n", "m"), [(0, 3), (3, 0), (0, 0)])
def test_no_rows_of_counts_give_no_similarities(n: int, m: int):
    counts = csr_array(np.ones((3, 4), np.float32))
    assert MinMax(counts[:m])(counts[:n]).shape == (n, m)

"""Kernels of features: what two molecules have in common."""

import numpy as np
import pytest
from rdkit import Chem
from toy_encoder import rows_of
from toy_runs import series

from yaokit.chem.features import features
from yaokit.models.kernels import KERNELS, blocks, kept_rows
from yaokit.models.targets import Targets

SMILES = series(40)[0]


@pytest.fixture(scope="module", params=list(KERNELS))
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def X(kind: str):
    return rows_of(kind, [Chem.MolFromSmiles(text) for text in SMILES])


def test_a_molecule_is_like_itself_and_less_like_others(kind: str, X):
    alike = KERNELS[kind].fit(X)(X)
    assert alike.shape == (40, 40)
    assert np.diag(alike) == pytest.approx(1)
    assert alike == pytest.approx(alike.T)
    assert alike.min() >= 0
    assert alike[~np.eye(40, dtype=bool)].max() < 1


def test_the_matrix_is_a_kernel(kind: str, X):
    assert np.linalg.eigvalsh(KERNELS[kind].fit(X)(X)).min() > -1e-6


def test_fewer_rows_give_the_same_similarities(kind: str, X):
    kernel, rows = KERNELS[kind].fit(X), np.array([3, 1, 20])
    assert kernel.take(rows)(X) == pytest.approx(kernel(X)[:, rows])


def test_a_kernel_is_kept_as_arrays(kind: str, X):
    kernel = KERNELS[kind].fit(X)
    assert (type(kernel).from_arrays(kernel.arrays())(X) == kernel(X)).all()


def test_a_kernel_without_rows_compares_nothing(kind: str, X):
    assert KERNELS[kind].fit(X[:0])(X).shape == (40, 0)
    assert KERNELS[kind].fit(X)(X[:0]).shape == (0, 40)


def test_unknown_descriptors_are_no_difference():
    X = features(["CCO", "CC[Hg]C"], "full").matrix  # RDKit has no charges for mercury
    alike = KERNELS["full"].fit(X)(X)
    assert np.isnan(X.data).any()
    assert np.isfinite(alike).all()


def test_rows_without_values_are_not_kept():
    values = np.array([[1.0, np.nan], [np.nan, np.nan], [2.0, 3.0], [4.0, np.nan]])
    bounds = np.array([[0, 0], [0, 0], [0, 0], [1, 0]], np.int8)
    assert kept_rows(Targets.of(values, bounds=bounds), 10, 0).tolist() == [0, 2]
    assert kept_rows(Targets.of(values, weights=np.array([0, 1, 1, 1])), 10, 0).tolist() == [2, 3]


def test_too_many_rows_are_thinned_by_the_seed():
    y = Targets.of(np.arange(100.0)[:, None])
    rows = kept_rows(y, 20, 1)
    assert len(np.unique(rows)) == 20
    assert (rows == kept_rows(y, 20, 1)).all()
    assert (rows != kept_rows(y, 20, 2)).any()


def test_blocks_cover_all_rows():
    X = np.arange(2500)
    assert np.concatenate([rows for _, rows in blocks(X)]).tolist() == X.tolist()
    assert list(blocks(X[:0])) == []

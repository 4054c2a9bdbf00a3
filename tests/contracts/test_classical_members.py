"""What the members that are no networks promise for every kind of features and of target."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rdkit import Chem
from sklearn.metrics import roc_auc_score
from toy_encoder import rows_of
from toy_runs import series

from yaokit.models import load
from yaokit.models.base import Member
from yaokit.models.featurize import Rows
from yaokit.models.labels import folder_name, make
from yaokit.models.targets import CLASSIFICATION, REGRESSION, Targets

LABELS = (
    "nearest",
    "forest",
    "forest:full",
    "boosting",
    "boosting:full",
    "svm",
    "svm:full",
    "gp",
    "gp:full",
    "svm:wide",
    "gp:wide",
    "svm:embedded",
    "gp:embedded",
    "boosting:rich",
)
SMALLER: dict[str, dict[str, Any]] = {"forest": {"n_trees": 20}, "boosting": {"rounds": 60, "bags": 2}}
N = 80


@pytest.fixture(scope="module")
def rows() -> Rows:
    mols = [Chem.MolFromSmiles(text) for text in series(N)[0] + series(40, 3)[0]]
    return {kind: rows_of(kind, mols) for kind in ("fp", "full", "wide", "embedded", "rich")}


@pytest.fixture(scope="module")
def y() -> Targets:
    """A number with gaps and bounds, and a class."""
    number = np.r_[series(N)[2], series(40, 3)[2]]
    label = (number > np.median(number)) * 1.0
    values = np.stack([number, label], axis=1)
    values[5::10, 0], values[::7, 1] = np.nan, np.nan
    bounds = np.zeros(values.shape, np.int8)
    bounds[2::10, 0] = 1
    return Targets.of(values, [REGRESSION, CLASSIFICATION], bounds)


@pytest.fixture(scope="module", params=LABELS)
def label(request: pytest.FixtureRequest) -> str:
    return request.param


def unfitted(label: str) -> Member:
    return make(label, 7, SMALLER.get(label.partition(":")[0]))


@pytest.fixture(scope="module")
def member(label: str, rows: Rows, y: Targets) -> Member:
    made = unfitted(label)
    made.tasks, made.kinds = ("number", "label"), y.kinds
    made.fit_features(rows[made.features][:N], y.take(slice(N)))
    return made


def test_numbers_and_classes_are_learned_side_by_side(member: Member, rows: Rows, y: Targets):
    mean, spread = member.predict_features(rows[member.features][N:])
    seen = y.take(slice(N, None))
    assert mean.shape == spread.shape == (40, 2)
    assert np.isfinite(mean).all()
    assert (spread >= 0).all()
    assert 0 <= mean[:, 1].min() < mean[:, 1].max() <= 1
    exact = seen.exact
    assert np.corrcoef(mean[exact[:, 0], 0], seen.values[exact[:, 0], 0])[0, 1] > 0.4
    least = 0.6 if member.reads == "embedded" else 0.7  # the tiny encoder has learned nothing
    assert roc_auc_score(seen.values[exact[:, 1], 1], mean[exact[:, 1], 1]) > least


def test_a_member_is_the_same_from_its_folder(member: Member, label: str, rows: Rows, tmp_path: Path):
    member.save(tmp_path / folder_name(label))
    loaded = load(tmp_path / folder_name(label))
    X = rows[member.features]
    for found, wanted in zip(loaded.predict_features(X), member.predict_features(X), strict=True):  # type: ignore
        assert (found == wanted).all()


def test_batches_of_any_size_give_the_same(member: Member, rows: Rows):
    X = rows[member.features][N:]
    whole = member.predict_features(X)
    parts = [member.predict_features(X[i : i + 3]) for i in range(0, 40, 3)]
    for k in range(2):
        assert np.concatenate([part[k] for part in parts]) == pytest.approx(whole[k], abs=1e-9)
    assert member.predict_features(X[:0])[0].shape == (0, 2)


def test_the_same_seed_gives_the_same_member(member: Member, label: str, rows: Rows, y: Targets):
    again, X = unfitted(label), rows[member.features]
    again.fit_features(X[:N], y.take(slice(N)))
    assert (again.predict_features(X)[0] == member.predict_features(X)[0]).all()


def test_values_without_weight_are_not_there(label: str, rows: Rows, y: Targets):
    few, weightless = unfitted(label), unfitted(label)
    X = rows[few.features]
    number = y.task(0)
    few.fit_features(X[:50], number.take(slice(50)))
    weights = np.r_[np.ones(50), np.zeros(30)]
    values = np.where(weights[:, None] > 0, number.values[:N], 1e6)
    weightless.fit_features(X[:N], Targets.of(values, number.kinds, number.bounds[:N], weights))
    assert weightless.predict_features(X)[0] == pytest.approx(few.predict_features(X)[0], abs=1e-9)


def test_a_fold_with_one_class_or_two_rows_is_survived(label: str, rows: Rows):
    one = unfitted(label)
    X = rows[one.features]
    one.fit_features(X[:20], Targets.of(np.ones((20, 1)), [CLASSIFICATION]))
    assert one.predict_features(X[N:])[0] == pytest.approx(np.ones((40, 1)), abs=1e-6)
    one.fit_features(X[:2], Targets.of(np.array([[1.0], [3.0]])))
    found = one.predict_features(X[N:])[0]
    assert ((found >= 1) & (found <= 3)).all()

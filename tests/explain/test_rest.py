"""Atoms and the rest are the prediction less the mean."""

from typing import Any

import numpy as np
import pytest
from rdkit import Chem
from scipy.special import logit
from toy_runs import TASK, measured, series, small_trusted

from yaokit.explain.attribution import attribute
from yaokit.explain.rest import rest
from yaokit.explain.subject import Subject, subject_of
from yaokit.models.base import Member
from yaokit.models.featurize import featurize
from yaokit.models.labels import make
from yaokit.models.targets import CLASSIFICATION, REGRESSION, Targets

SMILES, _, Y = series(80)
MOLS = [Chem.MolFromSmiles(text) for text in SMILES]
TESTED = [Chem.MolFromSmiles(text) for text in series(10, 5)[0]]


def fitted(label: str, kind: str = REGRESSION, **settings) -> tuple[Subject, Member]:
    model = make(label, 0, settings)
    values = (np.median(Y) < Y).astype(float) if kind == CLASSIFICATION else Y
    y = Targets.of(values[:, None], [kind])
    model.tasks, model.kinds = (TASK,), y.kinds
    model.fit_features(featurize(model.features, MOLS), y)
    return subject_of(model), model


def sums(about: Subject) -> np.ndarray:
    values = attribute(about, TESTED, 0)
    return np.array([its.sum() for its in values]) + rest(about, TESTED, values, 0)


@pytest.mark.parametrize("label", ["boosting", "boosting:full", "forest"])
def test_atoms_and_rest_of_trees_are_the_prediction_less_the_mean(label: str):
    settings: dict[str, Any] = {"n_trees": 20} if label == "forest" else {"rounds": 40}
    about, model = fitted(label, **settings)
    said = model.predict_features(featurize(model.features, TESTED))[0][:, 0]
    start = said - sums(about)
    assert np.ptp(start) < 1e-6  # one mean for all molecules
    assert start[0] == pytest.approx(Y.mean(), abs=0.3)  # bags and bootstraps leave rows out


def test_of_a_class_they_are_log_odds():
    about, model = fitted("boosting", CLASSIFICATION, rounds=20, bags=1)
    said = logit(model.predict_features(featurize("fp", TESTED))[0][:, 0])
    assert np.ptp(said - sums(about)) < 1e-6


def test_what_is_absent_is_no_atoms():
    about, _ = fitted("boosting", rounds=40)
    values = attribute(about, TESTED, 0)
    left = rest(about, TESTED, values, 0)
    assert np.abs(left).max() > 0.1
    atoms, whole = np.array([its.sum() for its in values]), sums(about)
    assert (np.sign(atoms) != np.sign(whole)).any()  # so atoms alone mislead


def test_networks_leave_no_rest_and_masking_has_none():
    about, _ = fitted("gnn:graph", epochs=1)
    assert rest(about, TESTED[:2], attribute(about, TESTED[:2], 0), 0).tolist() == [0.0, 0.0]
    about, _ = fitted("svm")
    assert np.isnan(rest(about, TESTED[:2], attribute(about, TESTED[:2], 0), 0)).all()


def test_several_members_have_no_common_sum():
    stack = small_trusted(members=("boosting", "forest")).fit(measured(60), [TASK])
    about = subject_of(stack)
    assert (about.weights > 0).all()
    assert np.isnan(rest(about, TESTED[:2], attribute(about, TESTED[:2], 0), 0)).all()
    assert rest(about, [], [], 0).shape == (0,)

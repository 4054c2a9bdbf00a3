"""The learning curve: one point a share, of molecules that were not learned from."""

import numpy as np
import pytest
from toy_runs import TASK, measured

from yaokit.chem.split import make_folds
from yaokit.core.seed import derived
from yaokit.models.curve import learning_curve
from yaokit.models.featurize import featurize_smiles
from yaokit.models.nearest import Nearest
from yaokit.models.targets import CLASSIFICATION, Targets
from yaokit.models.trusted import Trusted
from yaokit.models.validation import Validation

TABLE = measured(150)
X = featurize_smiles("fp", TABLE.smiles)
VALUES = TABLE.column(TASK)
FOLDS = make_folds("random", TABLE.smiles, 3, 0, {})


def test_more_molecules_help():
    found = learning_curve("nearest", X, Targets.of(VALUES[:, None]), FOLDS, shares=(0.1, 0.5, 1.0))
    ns, errors = zip(*((p["n"], p["mean"]) for p in found["points"]), strict=True)
    assert ns == (10, 50, 100)
    assert errors[-1] < errors[0]
    assert found["model"] == "nearest"


def test_it_is_learned_on_a_scale_and_scored_in_the_unit_of_the_values():
    y = Targets.of(10 ** VALUES[:, None])
    plain, on_log = (
        learning_curve("nearest", X, y, FOLDS, shares=(1.0,), **of)["points"][0]["mean"]
        for of in ({}, {"learned": Targets.of(VALUES[:, None]), "raw": lambda z: 10.0**z})
    )
    by_hand = []
    for fold in FOLDS.judged:
        test, model = FOLDS.rows(fold), Nearest(derived(0, "nearest", "curve", fold))
        model.fit_features(X[~test], Targets.of(VALUES[~test, None]))
        said = 10 ** model.predict_features(X[test])[0][:, 0]
        by_hand.append(np.sqrt(np.mean((said - 10 ** VALUES[test]) ** 2)))
    assert on_log == pytest.approx(np.mean(by_hand))
    assert on_log != pytest.approx(plain)


def test_classes_are_ranked():
    labels = (np.median(VALUES) < VALUES).astype(float)[:, None]
    y = Targets.of(labels, [CLASSIFICATION])
    found = learning_curve("nearest", X, y, FOLDS, shares=(1.0,))
    assert found["metric"] == "auroc"
    assert found["points"][0]["mean"] > 0.6


def test_the_same_seed_gives_the_same_curve():
    y = Targets.of(VALUES[:, None])
    first, again = (learning_curve("nearest", X, y, FOLDS, shares=(0.3,), seed=2) for _ in range(2))
    assert first == again


def test_unknown_values_never_count():
    y = VALUES.copy()
    y[::2] = np.nan
    point = learning_curve("nearest", X, Targets.of(y[:, None]), FOLDS, shares=(1.0,))["points"][0]
    assert point["n"] == pytest.approx(50, abs=3)


def test_the_member_has_its_settings():
    y = Targets.of(VALUES[:, None])
    usual, of_all = (
        learning_curve("nearest", X, y, FOLDS, shares=(1.0,), settings=settings)["points"][0]
        for settings in ({}, {"k": 100})
    )
    assert of_all["mean"] > usual["mean"]


def test_a_stack_draws_it_with_the_settings_of_the_member():
    def points(settings: dict) -> list:
        stack = Trusted(
            ["nearest"], validation=Validation("random", 3, 1), settings={"nearest": settings}, curve=True
        )
        return stack.fit(TABLE, [TASK]).metrics()["tasks"][0]["learning_curve"]["points"]

    assert points({"k": 100})[-1]["mean"] > points({})[-1]["mean"]

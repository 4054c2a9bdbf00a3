"""Tuning: it finds better settings, stops bad trials, and goes on where it ended."""

import numpy as np
import pytest
from toy_runs import TASK, measured, series

from yaokit.chem.fingerprints import morgan_counts
from yaokit.chem.folds import Folds
from yaokit.core.errors import UsageError
from yaokit.core.lazy import resolve
from yaokit.models import MODELS
from yaokit.models.forest import Forest
from yaokit.models.labels import make
from yaokit.models.nearest import Nearest
from yaokit.models.targets import CLASSIFICATION, Targets
from yaokit.models.trusted import Trusted
from yaokit.models.tune import SPACES, space_of, tunable, tune
from yaokit.models.validation import Validation

SMILES, _, VALUES = series(90)
X, Y = morgan_counts(SMILES), Targets.of(VALUES[:, None])
FOLDS = Folds.cross(np.arange(90) % 3)


def error(settings: dict) -> float:
    """Root of the mean over folds that `tune` makes small, for neighbors."""
    losses = []
    for fold in range(3):
        member = Nearest(**settings)
        out = FOLDS.rows(fold)
        member.fit_features(X[~out], Y.take(~out))
        found = member.predict_features(X[out])[0][:, 0]
        losses.append(np.sqrt(np.mean((found - VALUES[out]) ** 2)) / VALUES[~out].std())
    return float(np.mean(losses))


@pytest.mark.parametrize("name", list(SPACES))
def test_a_member_has_the_settings_that_are_tuned(name: str):
    member = resolve(MODELS[name])()
    assert set(SPACES[name]) <= set(member.settings)
    for setting, space in SPACES[name].items():
        value = getattr(member, setting)
        assert value is None or space.holds(value)


def test_it_finds_settings_that_are_better_out_of_fold():
    found = tune("nearest", X, Y, FOLDS, 12)
    assert set(found) == {"k"}
    assert error(found) < error({})
    assert error(found) <= min(error({"k": k}) for k in (1, 5, 20))


def test_one_trial_leaves_the_member_as_it_is():
    assert tune("nearest", X, Y, FOLDS, 1) == {"k": Nearest.k}
    assert tune("svm", X, Y, FOLDS, 1) == {}  # it chooses its own


def test_a_member_without_settings_is_left_alone():
    assert tune("gp", X, Y, FOLDS, 5) == {}


def test_no_trials_are_refused():
    with pytest.raises(UsageError, match="cannot tune nearest with 0 trials; give 1 or more"):
        tune("nearest", X, Y, FOLDS, 0)


def test_members_without_settings_to_tune_are_told_apart():
    assert tunable(["gp", "nearest"], {}) == ["nearest"]
    with pytest.raises(UsageError, match="none of gp has settings to tune; leave out --tune"):
        tunable(["gp"], {})


def test_classes_are_tuned_by_log_loss():
    label = (np.median(VALUES) < VALUES)[:, None] * 1.0
    found = tune("nearest", X, Targets.of(label, [CLASSIFICATION]), FOLDS, 8)
    assert found["k"] > 5  # of few neighbors the share is 0 or 1 too often


class Interrupted(Exception):
    pass


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[Nearest]:
    """Each fit of neighbors; the second and the seventeenth fail."""
    done: list[Nearest] = []
    whole = Nearest.fit_features

    def counted(self: Nearest, *args) -> None:
        done.append(self)
        if len(done) in (2, 17):
            raise Interrupted
        whole(self, *args)

    monkeypatch.setattr(Nearest, "fit_features", counted)
    return done


def test_an_interrupted_search_finds_what_an_undisturbed_one_does(fits: list, tmp_path):
    for _ in range(2):
        with pytest.raises(Interrupted):
            tune("nearest", X, Y, FOLDS, 14, work=tmp_path)
    resumed = tune("nearest", X, Y, FOLDS, 14, work=tmp_path)
    n_resumed = len(fits)
    assert tune("nearest", X, Y, FOLDS, 14, work=tmp_path / "other") == resumed
    assert n_resumed == len(fits) - n_resumed + 2 + 3  # only the trials under way were done again
    n = len(fits)
    assert tune("nearest", X, Y, FOLDS, 14, work=tmp_path) == resumed
    assert len(fits) == n


def test_hopeless_trials_end_early(fits: list, tmp_path):
    fits += [Nearest()] * 20  # past the failure
    tune("nearest", X, Y, FOLDS, 14, work=tmp_path)
    assert len(fits) - 20 < 14 * 3


def test_other_values_are_another_search(tmp_path):
    first = tune("nearest", X, Y, FOLDS, 2, work=tmp_path)
    other = Targets.of(VALUES[::-1, None].copy())
    assert tune("nearest", X, other, FOLDS, 1, work=tmp_path) == {"k": Nearest.k}
    assert tune("nearest", X, Y, FOLDS, 2, work=tmp_path) == first


def test_what_is_found_is_understood_by_the_member():
    found = tune("forest", X, Y, FOLDS, 2)
    member = make("forest", 0, found)
    assert isinstance(member, Forest)
    assert {name: getattr(member, name) for name in found} == found


def test_the_search_starts_from_what_is_set():
    assert tune("nearest", X, Y, FOLDS, 1, settings={"k": 9}) == {"k": 9}
    assert tune("nearest", X, Y, FOLDS, 1, settings={"k": 70}) == {}  # outside the space: as it is


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Of each fit of a forest: how many trees, and how many rows a leaf holds at least."""
    done: list[tuple[int, int]] = []

    def quick(self: Forest, X, y: Targets, work=None) -> None:
        done.append((self.n_trees, self.min_rows))
        self._mean = np.nanmean(y.values, axis=0)

    def middle(self: Forest, X) -> tuple[np.ndarray, np.ndarray]:
        mean = np.tile(self._mean, (X.shape[0], 1))
        return mean, np.zeros_like(mean)

    monkeypatch.setattr(Forest, "fit_features", quick)
    monkeypatch.setattr(Forest, "predict_features", middle)
    return done


def test_what_is_set_holds_in_every_trial(made: list):
    found = tune("forest", X, Y, FOLDS, 3, settings={"n_trees": 7, "min_rows": 3})
    assert {n for n, _ in made} == {7}
    assert made[0][1] == 3
    assert len({rows for _, rows in made}) > 1
    assert "n_trees" not in found


def test_other_base_settings_are_another_search(made: list, tmp_path):
    tune("forest", X, Y, FOLDS, 1, work=tmp_path, settings={"n_trees": 7})
    tune("forest", X, Y, FOLDS, 1, work=tmp_path, settings={"n_trees": 9})
    assert {n for n, _ in made} == {7, 9}


def test_a_stack_tunes_with_the_settings_it_was_given(monkeypatch: pytest.MonkeyPatch):
    class Enough(Exception):
        pass

    def seen(self: Forest, X, y: Targets, work=None) -> None:
        assert self.n_trees == 7
        raise Enough

    monkeypatch.setattr(Forest, "fit_features", seen)
    validation = Validation("random", 3, 1)
    stack = Trusted(["forest"], validation=validation, settings={"forest": {"n_trees": 7}}, tune=1)
    with pytest.raises(Enough):
        stack.fit(measured(60), [TASK])


def test_what_a_pretrained_network_gives_is_not_tuned():
    assert {"depth", "hidden", "encoder", "lr"} <= set(space_of("gnn", {}))
    own = {"lr", "dropout", "weight_decay", "epochs", "head"}
    assert set(space_of("gnn", {"pretrained": "graph"})) == own
    assert space_of("gnn:graph", {"pretrained": None}) == SPACES["gnn"]

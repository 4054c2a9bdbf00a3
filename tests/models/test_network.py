"""What all members trained with torch do with targets, seeds, interruptions and settings."""

from pathlib import Path

import numpy as np
import pytest
import torch
from toy_runs import series

from yaokit.chem.fingerprints import morgan_counts
from yaokit.core.errors import UsageError
from yaokit.models.mlp import Mlp
from yaokit.models.network import center_and_scale, digest
from yaokit.models.targets import CLASSIFICATION, REGRESSION, Targets
from yaokit.nn import loop

N = 80
BOTH = (REGRESSION, CLASSIFICATION)


@pytest.fixture(scope="module")
def X():
    return morgan_counts(series(N)[0])


@pytest.fixture(scope="module")
def y() -> np.ndarray:
    return series(N)[2]


def fitted(X, y: Targets, work: Path | None = None, **settings) -> Mlp:
    model = Mlp(0, **{"epochs": 8, "networks": 2, **settings})
    model.fit_features(X, y, work)
    return model


def test_numbers_are_learned_around_their_mean_and_classes_around_their_share():
    values = np.array([[1.0, 1], [3, 0], [5, 0], [100, 0], [np.nan, np.nan]])
    bounds = np.zeros((5, 2), np.int8)
    bounds[3, 0] = 1  # not measured
    center, scale = center_and_scale(Targets.of(values, BOTH, bounds))
    assert center == pytest.approx([3, np.log(0.25 / 0.75)])
    assert scale == pytest.approx([np.sqrt(8 / 3), 1])


def test_weights_move_the_center():
    center, _ = center_and_scale(Targets.of(np.array([[1.0], [4.0]]), weights=np.array([2.0, 1.0])))
    assert center == pytest.approx([2])


def test_a_task_without_values_or_with_one_class_is_no_trouble(X, y):
    columns = np.stack([np.full(N, np.nan), np.ones(N), y], axis=1)
    kinds = (REGRESSION, CLASSIFICATION, REGRESSION)
    mean, spread = fitted(X, Targets.of(columns, kinds), epochs=2).predict_features(X)
    assert np.isfinite(mean).all()
    assert np.isfinite(spread).all()
    assert (mean[:, 1] > 0.95).all()


def test_a_bound_lifts_what_would_be_predicted_lower(X, y):
    cut = np.median(y)
    above = y > cut
    values = np.where(above, cut, y)[:, None]
    as_values = fitted(X, Targets.of(values), epochs=30)
    as_bounds = fitted(X, Targets.of(values, bounds=above[:, None].astype(np.int8)), epochs=30)
    lift = as_bounds.predict_features(X)[0][above] - as_values.predict_features(X)[0][above]
    assert lift.mean() > 0.1 * y.std()


def test_a_row_of_weight_zero_is_not_learned(X, y):
    wrong = np.where(np.arange(N) % 2, y + 100, y)[:, None]
    weighted = Targets.of(wrong, weights=(np.arange(N) % 2 == 0).astype(float))
    even = np.flatnonzero(np.arange(N) % 2 == 0)
    alone = fitted(X[even], Targets.of(y[even, None])).predict_features(X)[0]
    assert fitted(X, weighted).predict_features(X)[0] == pytest.approx(alone, abs=1e-5)


def test_networks_differ_and_their_spread_is_told(X, y):
    model = fitted(X, Targets.of(y[:, None]))
    mean, spread = model.predict_features(X)
    outputs = [model._outputs(i, model._ready(X)) * y.std() + y.mean() for i in range(2)]
    assert mean == pytest.approx((outputs[0] + outputs[1]) / 2)
    assert spread == pytest.approx(np.abs(outputs[0] - outputs[1]) / 2)
    assert spread.mean() > 0


def test_a_tenth_is_set_aside_to_stop_early(X, y, monkeypatch: pytest.MonkeyPatch):
    seen = []
    train = loop.train

    def watched(module, task, rows, plan, *, valid=None, **more):
        seen.append((rows, valid))
        return train(module, task, rows, plan, valid=valid, **more)

    monkeypatch.setattr(loop, "train", watched)
    fitted(X, Targets.of(y[:, None]), patience=2)
    (rows, valid), (_, other) = seen
    assert len(valid) == N // 10
    assert sorted([*rows, *valid]) == list(range(N))
    assert set(valid) != set(other)  # each network has its own


def test_an_interrupted_fit_goes_on(X, y, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    targets = Targets.of(y[:, None])
    wanted = fitted(X, targets).predict_features(X)[0]
    trained = []
    train = loop.train

    def stopped(module, *args, **more):
        if len(trained) == 1:
            raise KeyboardInterrupt
        trained.append(1)
        return train(module, *args, **more)

    monkeypatch.setattr(loop, "train", stopped)
    with pytest.raises(KeyboardInterrupt):
        fitted(X, targets, tmp_path)
    monkeypatch.setattr(loop, "train", train)
    assert np.array_equal(fitted(X, targets, tmp_path).predict_features(X)[0], wanted)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["network-0", "network-1"]
    assert any((tmp_path / "network-0" / "logs").iterdir())


def test_other_data_do_not_go_on_from_a_checkpoint(X, y, tmp_path: Path):
    fitted(X, Targets.of(y[:, None]), tmp_path)
    again = fitted(X, Targets.of(-y[:, None]), tmp_path).predict_features(X)[0]
    assert np.array_equal(again, fitted(X, Targets.of(-y[:, None])).predict_features(X)[0])


@pytest.mark.parametrize("settings", [{"focal_gamma": 2.0}, {"precision": "bf16-mixed"}, {"batch_size": 8}])
def test_a_setting_has_an_effect(X, y, settings):
    truth = Targets.of((y > np.median(y)).astype(float)[:, None], [CLASSIFICATION])
    plain = fitted(X, truth, networks=1, epochs=3).predict_features(X)[0]
    changed = fitted(X, truth, networks=1, epochs=3, **settings).predict_features(X)[0]
    assert not np.array_equal(plain, changed)


@pytest.mark.slow
def test_two_processes_learn_together(X, y):
    found = fitted(
        X, Targets.of(y[:, None]), networks=1, epochs=30, device="cpu", devices=2
    ).predict_features(X)[0][:, 0]
    assert np.corrcoef(found, y)[0, 1] > 0.8


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused(X, y):
    with pytest.raises(UsageError, match="no GPU"):
        fitted(X, Targets.of(y[:, None]), device="cuda")


def test_a_model_of_a_gpu_predicts_without_one(X, y):
    model = fitted(X, Targets.of(y[:, None]), epochs=1)
    model.device = "cuda"
    assert model._where() == ("cuda" if torch.cuda.is_available() else "cpu")


def test_an_unknown_setting_is_refused():
    with pytest.raises(UsageError, match=r"mlp has no setting 'depth'; it has: networks, epochs"):
        Mlp(depth=3)


def test_equal_content_has_an_equal_digest(X):
    rows = np.arange(N)
    assert digest([X, rows]) == digest([X[rows], rows.copy()])
    assert digest([X, rows]) != digest([X[rows[::-1]], rows])
    text = np.array(["CC", "C" + "C"], object)
    assert digest(text) == digest(np.array(["CC", "CC"], object))

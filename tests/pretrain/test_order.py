from itertools import pairwise

import numpy as np
import pytest

from yaokit.pretrain.order import Order
from yaokit.pretrain.plan import SCHEDULES, Plan, rate, total_steps

ORDER = Order([100, 250, 90], batch_size=32, asked_valid=50, seed=3)
LENGTHS = np.arange(250) % 37


def test_an_epoch_passes_every_row_once_but_those_held_back():
    seen, step = {0: [], 1: [], 2: []}, 0
    while step < ORDER.per_epoch:
        stretch = ORDER.stretch(step)
        assert stretch.first == step
        batches = ORDER.batches(stretch, LENGTHS[: ORDER.sizes[stretch.shard]])
        assert len(batches) == stretch.last - stretch.first
        seen[stretch.shard] += np.concatenate(batches).tolist()
        step = stretch.last
    assert step == ORDER.per_epoch
    assert ORDER.n_valid == 10
    held = np.concatenate(ORDER.valid(LENGTHS[:100])).tolist()
    assert sorted(held + seen[0]) == list(range(100))
    assert sorted(seen[1]) == list(range(250))
    assert sorted(seen[2]) == list(range(90))


def test_what_a_step_sees_follows_from_seed_and_number():
    middle = ORDER.stretch(5)
    assert ORDER.stretch(middle.first) == middle == ORDER.stretch(middle.last - 1)
    again = Order([100, 250, 90], 32, 50, 3)
    for a, b in zip(ORDER.batches(middle, LENGTHS), again.batches(middle, LENGTHS), strict=True):
        np.testing.assert_array_equal(a, b)
    epochs = {tuple(ORDER.stretch(e * ORDER.per_epoch + i).shard for i in (0, 5, 10)) for e in range(20)}
    assert len(epochs) > 1


def test_batches_hold_molecules_of_like_length():
    order = Order([6_400], batch_size=32, asked_valid=0, seed=0)
    lengths = np.random.default_rng(0).integers(20, 60, 6_400)
    spans = [np.ptp(lengths[rows]) for rows in order.batches(order.stretch(0), lengths)]
    assert np.mean(spans) < 5


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_rates_rise_and_fall(schedule):
    plan = Plan(lr=0.1, warmup=10, schedule=schedule, steps=100)
    rates = [rate(plan, step, 100) for step in range(100)]
    assert rates[0] == pytest.approx(0.01)
    assert max(rates) == pytest.approx(0.1)
    assert rates[-1] < 0.01
    assert np.argmax(rates) in (9, 10)
    assert all(b <= a for a, b in pairwise(rates[10:]))


def test_steps_are_given_or_follow_from_epochs():
    assert total_steps(Plan(steps=7), 100) == 7
    assert total_steps(Plan(epochs=2.5), 100) == 250


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"n_valid": -1}, "n_valid = -1: must be 0 or more"),
        ({"steps": -1}, "steps = -1: must be 0 or more"),
        ({"warmup": -1}, "warmup = -1: must be 0 or more"),
        ({"save_every_s": float("nan")}, "save_every_s = nan: must be 0 or more"),
        ({"lr": -1.0}, "lr = -1.0: must be a number above 0"),
        ({"lr": float("nan")}, "lr = nan: must be a number above 0"),
        ({"epochs": float("inf")}, "epochs = inf: must be a number above 0"),
        ({"clip": 0.0}, "clip = 0.0: must be a number above 0"),
        ({"beta2": 1.0}, "beta2 = 1.0: must be 0 or more and below 1"),
        ({"weight_decay": float("inf")}, "weight_decay = inf: must be a number"),
    ],
)
def test_a_plan_out_of_range_is_refused(setting, told):
    with pytest.raises(ValueError, match=told):
        Plan(**setting)

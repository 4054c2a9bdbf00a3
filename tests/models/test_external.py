"""An external test: intervals by drawing molecules again, coverage, and unknown where nothing can be told."""

import numpy as np
import pytest
from toy_runs import TASK, measured

from yaokit.core.types import SETS
from yaokit.models.external import Checked, baselines, judge, numbers
from yaokit.models.targets import CLASSIFICATION, REGRESSION
from yaokit.models.trusted import Trusted
from yaokit.models.validation import Validation

RNG = np.random.default_rng(0)
Y = RNG.normal(6, 1, 200)
NOISY = Y + RNG.normal(0, 0.5, 200)


def checked(kind: str = REGRESSION, n: int = 200) -> Checked:
    y = (Y[:n] > 6).astype(float) if kind == CLASSIFICATION else Y[:n]
    stack = 1 / (1 + np.exp(-3 * (NOISY[:n] - 6))) if kind == CLASSIFICATION else NOISY[:n]
    inside = np.arange(n) % 4 > 0
    sets = np.where(np.arange(n) % 2 > 0, SETS.index("both"), SETS.index("0")).astype(np.int8)
    predicted = {"nearest": np.full(n, y.mean()), "forest": 0.5 * (stack + y.mean()), "stack": stack}
    return Checked(kind, y, predicted, stack - 0.5, stack + 0.5, sets, inside, np.linspace(0.2, 1, n))


def test_the_interval_is_that_of_the_standard_error():
    """The standard error of a mean absolute error is sd / √n."""
    found = numbers(REGRESSION, Y, NOISY)["mae"]
    error = np.abs(NOISY - Y)
    assert found["mean"] == pytest.approx(error.mean())
    assert found["std"] == pytest.approx(error.std() / np.sqrt(len(Y)), rel=0.1)
    assert found["low"] < found["mean"] < found["high"]


@pytest.mark.parametrize("kind", [REGRESSION, CLASSIFICATION])
def test_a_good_model_is_better_than_the_baselines_and_says_so(kind):
    found = judge(checked(kind))
    assert found["comparison"]["nearest"]["better"]
    assert set(found["models"]) == {"nearest", "forest", "stack"}
    assert found["in_domain"]["share_in_domain"] == 0.75


def test_coverage_counts_values_inside_the_interval():
    test = checked()
    held = np.abs(NOISY - Y) <= 0.5
    assert judge(test)["interval"]["coverage"] == pytest.approx(held.mean())
    assert judge(test)["interval"]["coverage_in"] == pytest.approx(held[test.in_domain].mean())


def test_coverage_counts_classes_in_the_set():
    test = checked(CLASSIFICATION)
    both = test.sets == SETS.index("both")
    found = judge(test)["interval"]
    assert found["coverage"] == pytest.approx((both | (test.y == 0)).mean())
    assert (found["both"], found["single"], found["none"]) == (0.5, 0.5, 0.0)


def test_baselines_are_cut_to_what_values_can_be_as_in_cross_validation():
    table = measured(60)
    model = Trusted(["nearest"], validation=Validation("random", 3, 1), limits={TASK: (6.0, 7.0)})
    model.fit(table, [TASK])
    values = np.concatenate(list(baselines(model, model.training[0]).values()))
    assert (values.min(), values.max()) == (6.0, 7.0)
    judged = model.oof()["nearest"].to_numpy()
    assert (judged.min(), judged.max()) == (6.0, 7.0)


def test_one_class_or_few_rows_leave_numbers_unknown():
    assert numbers(CLASSIFICATION, np.ones(20), np.linspace(0, 1, 20))["auroc"]["mean"] is None
    few = numbers(REGRESSION, Y[:5], NOISY[:5])["rmse"]
    assert few["mean"] is not None
    assert few["low"] is None
    assert judge(checked(n=1))["models"]["stack"]["r2"]["mean"] is None


def test_the_same_rows_give_the_same_numbers():
    assert judge(checked()) == judge(checked())

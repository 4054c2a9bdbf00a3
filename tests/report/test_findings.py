"""What the numbers of a task say in words."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from yaokit.core.types import SETS
from yaokit.models.metrics import score
from yaokit.models.paired import compare
from yaokit.models.scorecard import selection
from yaokit.report.findings import findings, summary, verdict, verdicts, warnings

STACK = (0.70, 0.72, 0.69, 0.74, 0.71)


def said(other: tuple[float, ...]) -> str:
    """The comparison of the stack with a forest on the same folds."""
    return verdict(asdict(compare(STACK, other, 0.2)), "forest")


@pytest.mark.parametrize(
    ("other", "start"),
    [
        (STACK, "Equal: its RMSE is that of the random forest."),
        (tuple(v + 0.01 for v in STACK), "Not tested: its RMSE is 0.010 lower"),
        ((0.70, 0.73, 0.68, 0.75, 0.70), "Not better beyond the noise: its RMSE is 0.000 "),
        ((0.90, 0.93, 0.91, 0.92, 0.90), "Better: its RMSE is 0.200 lower"),
        ((0.45, 0.47, 0.45, 0.48, 0.46), "Worse: its RMSE is 0.250 higher than that of the random forest"),
    ],
    ids=["equal", "equal differences", "noise", "better", "worse"],
)
def test_a_comparison_says_how_far_it_goes(other: tuple[float, ...], start: str):
    assert said(other).startswith(start)


@pytest.mark.parametrize(("selection", "k"), [({"k": 30}, 30), (None, 8)], ids=["told", "a fifth of 40"])
def test_of_a_small_set_fewer_count_as_the_best(selection: dict[str, int] | None, k: int):
    task: dict[str, Any] = {"n": 40, "models": {"stack": {"hit_rate_top50": {"mean": 0.5}}}}
    found = findings(task | {"selection": selection})
    assert f"Of the {k} molecules predicted best, 50 % belong to the measured best tenth." in found


def test_intervals_that_hold_too_often_are_warned_of():
    task = {"task": "pKi", "interval": {"level": 0.9, "coverage": 0.957}}
    assert list(warnings(task)) == ["pKi: 90 % intervals held the measured value 96 % of the time."]


UNKNOWN = "AUROC is unknown here, where molecules of both classes are needed."


@pytest.mark.parametrize("difference", [None, float("nan")], ids=["read", "in memory"])
def test_where_auroc_is_unknown_nothing_is_said_to_be_better_or_worse(difference: float | None):
    test = {"metric": "auroc", "difference": difference, "low": difference, "p": difference, "better": False}
    task = {"task": "toxic", "kind": "classification", "comparison": {"nearest": test, "forest": test}}
    assert verdicts(task) == [
        (False, f"Not tested against the {name}: its {UNKNOWN}")
        for name in ("nearest neighbor", "random forest")
    ]
    assert summary(task) == (False, f"The stack was not compared with a baseline: its {UNKNOWN}")
    assert list(warnings(task)) == [f"toxic: the model is not compared with the baselines: its {UNKNOWN}"]


def of_errors(**rivals: tuple[float, ...]) -> dict[str, Any]:
    """A task whose stack is compared with rivals of these RMSE."""
    tests = {name: asdict(compare(STACK, errors, 0.2)) for name, errors in rivals.items()}
    return {"task": "pKi", "n": 40, "folds": 5, "comparison": tests}


FAR_BETTER, FAR_WORSE = tuple(v - 0.25 - i / 100 for i, v in enumerate(STACK)), (0.90, 0.93, 0.91, 0.92, 0.90)
LIKE = (0.70, 0.73, 0.68, 0.75, 0.70)


@pytest.mark.parametrize(
    ("nearest", "forest", "told"),
    [
        (FAR_WORSE, FAR_WORSE, "better than nearest neighbor and random forest, beyond"),
        (FAR_WORSE, LIKE, "better than nearest neighbor, but not than random forest beyond"),
        (FAR_WORSE, FAR_BETTER, "better than nearest neighbor, but worse than random forest, beyond"),
        (LIKE, LIKE, "not better than nearest neighbor or random forest beyond"),
        (LIKE, FAR_BETTER, "worse than random forest, and not better than nearest neighbor beyond"),
        (FAR_BETTER, FAR_BETTER, "worse than nearest neighbor and random forest, beyond"),
    ],
)
def test_the_summary_tells_whom_the_stack_beats_and_who_beats_it(nearest: Any, forest: Any, told: str):
    good, text = summary(of_errors(nearest=nearest, forest=forest))
    assert text == f"The stack is {told} the noise."
    assert good == told.startswith("better than nearest neighbor and")


def test_what_is_worse_is_warned_of_as_worse():
    assert list(warnings(of_errors(nearest=LIKE, forest=FAR_BETTER))) == [
        "pKi: the model is not better than the nearest baseline beyond the noise of cross-validation.",
        "pKi: the model is worse than the forest baseline beyond the noise of cross-validation.",
    ]


def test_where_more_is_better_a_lower_number_is_worse():
    test = asdict(compare(STACK, FAR_WORSE, 0.2, "auroc"))
    assert verdict(test, "forest", "classification").startswith("Worse: its AUROC is 0.200 lower than that")


@pytest.mark.parametrize("maximize", [True, False], ids=["class 1", "class 0"])
def test_the_best_predicted_are_said_to_be_of_the_class_that_is_looked_for(maximize: bool):
    """30 molecules of class 1 and 70 of class 0; one of the best 20 at either end is of the other."""
    y = np.repeat([1.0, 0.0], [30, 70])
    y[[5, 95]] = 0.0, 1.0
    p = np.repeat([0.8, 0.5, 0.3], [20, 60, 20])
    columns = {"repeat": np.zeros(100, int), "fold": np.zeros(100, int), "y": y, "stack": p}
    columns["stack_set"] = np.full(100, SETS.index("both"))
    rate = score("precision_top50", y, p, maximize=maximize)
    task = {"kind": "classification", "n": 100, "minimize": not maximize}
    task |= {"models": {"stack": {"precision_top50": {"mean": rate}}}}
    top, told = findings(task | {"selection": selection(columns, "classification", maximize=maximize)})[:2]
    wanted, chance, given = ("class 1", 30, "0.80") if maximize else ("class 0", 70, "0.70")
    assert top == f"Of the 20 molecules predicted best, 95 % are {wanted}; chance gives {chance} %."
    assert told == (
        f"Those 20 were given a probability of {given} of {wanted} on average, and 95 % of them are {wanted}"
        "; 100 % of their sets held."
    )


NOISE = {"rmse": 0.45, "n_groups": 80, "best_r2": 0.85}


@pytest.mark.parametrize(
    ("task", "told"),
    [
        (
            {"noise": NOISE | {"floor_rmse": 0.32, "best_r2": 0.92}},
            "Replicates of the same molecule differ by an RMSE of 0.45 (80 molecules), as far as single "
            "measurements are off. On this table, where replicates became their median, no model can be "
            "expected to come below an RMSE of 0.32, nor to reach an R² above 0.92.",
        ),
        (
            {"noise": NOISE},
            "Replicates of the same molecule differ by an RMSE of 0.45 (80 molecules). Measured against "
            "values with that noise, no model can be expected to come below it, nor to reach an R² above "
            "0.85.",
        ),
        (
            {"noise": NOISE | {"floor_rmse": 0.32}, "split": "external"},
            "Replicates of the molecules learned from differ by an RMSE of 0.45 (80 molecules). Measured "
            "against single values with that noise, no model can be expected to come below it.",
        ),
    ],
    ids=["merged values", "an older model", "another table"],
)
def test_the_error_no_model_can_beat_is_that_of_the_values_it_is_judged_by(task: dict[str, Any], told: str):
    assert findings(task) == [told]

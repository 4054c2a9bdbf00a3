"""What the numbers of a task say in words."""

from dataclasses import asdict
from typing import Any

import pytest

from yaokit.models.paired import compare
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
    ],
    ids=["equal", "equal differences", "noise", "better"],
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

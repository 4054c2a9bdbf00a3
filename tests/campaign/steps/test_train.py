"""What the train step tells of a comparison."""

from dataclasses import asdict
from typing import Any, cast

import pytest

from yaokit.campaign.steps.train import _notes
from yaokit.models.paired import compare
from yaokit.models.trusted import Trusted

STACK = (0.70, 0.72, 0.69, 0.74, 0.71)


class Judged:
    """A fitted stack, as far as the notes ask it."""

    def __init__(self, forest: tuple[float, ...]) -> None:
        test = asdict(compare(STACK, forest, 0.2))
        about = {"task": "pKi", "kind": "regression", "n_censored": 0, "tuned_on_judged": False}
        self.told: dict[str, Any] = {"tasks": [about | {"comparison": {"forest": test}}]}

    def metrics(self) -> dict[str, Any]:
        return self.told


@pytest.mark.parametrize(
    ("forest", "said"),
    [
        (tuple(v - 0.01 for v in STACK), "not tested: its RMSE is 0.010 higher than that of the random"),
        ((0.70, 0.73, 0.68, 0.75, 0.70), "not better beyond the noise: its RMSE is 0.000 "),
    ],
    ids=["equal differences in all folds", "within the noise"],
)
def test_what_is_not_better_is_said_with_its_test_or_as_not_tested(forest: tuple[float, ...], said: str):
    (note,) = _notes(cast(Trusted, Judged(forest)))
    assert note.startswith(f"pKi: the stack is {said}")
    assert "nan" not in note


def test_what_is_better_needs_no_note():
    assert _notes(cast(Trusted, Judged(tuple(v + 0.2 for v in (0.70, 0.73, 0.68, 0.75, 0.70))))) == []

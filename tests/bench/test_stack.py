"""The stack takes what helps, on the scale that helps, and says so."""

from pathlib import Path

import numpy as np
import pytest

from yaokit.bench.fits import Fit, Learning, Place
from yaokit.bench.scores import MEASURES
from yaokit.bench.stack import Choice, choose
from yaokit.chem.folds import Folds
from yaokit.core.seed import rng
from yaokit.models.targets import Targets

Y = np.exp(rng(0, "y").normal(size=300))
NOISE = rng(0, "noise").normal(size=(2, 300))


class Known(Learning):
    """Says what it is told to, in place of fitting."""

    def out_of_fold(self, labels, scales=("linear",)):
        found = {}
        for scale in scales:
            on = self.scaled(scale).forward(Y)
            found[Fit("good", scale)] = (on + 0.3 * NOISE[0] * (1 if scale == "log" else on.std()))[:, None]
            found[Fit("noise", scale)] = NOISE[1][:, None]
        return found


@pytest.fixture
def known(tmp_path: Path) -> Known:
    y = Targets.of(Y[:, None])
    return Known("t-0", [], y, Folds.cross(np.arange(300) % 5), 0, Place(tmp_path, tmp_path))


def test_members_that_only_add_noise_do_not_count(known: Known):
    chosen = choose(known, ["good", "noise"], ["log"], MEASURES["mae"])
    assert chosen.weights["good"] > 0.9
    assert sum(chosen.weights.values()) == pytest.approx(1)


def test_the_scale_with_the_better_score_is_taken(known: Known):
    scores = {
        scale: choose(known, ["good", "noise"], [scale], MEASURES["mae"]).score for scale in ("linear", "log")
    }
    chosen = choose(known, ["good", "noise"], ["linear", "log"], MEASURES["mae"])
    assert chosen.scale == min(scores, key=scores.__getitem__)
    assert chosen.score == min(scores.values())


def test_classes_are_joined_as_log_odds():
    labels = (Y > 1).astype(float)
    choice = Choice("linear", "equal", {"a": 0.5, "b": 0.5}, 0.0, {}, is_class=True)
    said = {"a": np.where(labels > 0, 0.9, 0.1), "b": np.full(300, 0.5)}
    assert choice.combine(said) == pytest.approx(np.where(labels > 0, 0.75, 0.25))

"""Scales rise everywhere, also beyond the values they were made from."""

import numpy as np
import pytest

from yaokit.core.errors import UsageError
from yaokit.models.autoscale import choose_scales
from yaokit.models.scales import SCALES, Scale, ScaledTrust, scales_for
from yaokit.models.targets import Targets

VALUES = np.random.default_rng(0).lognormal(1, 1.5, 300)


@pytest.mark.parametrize("name", list(SCALES))
def test_a_scale_and_back_is_the_same_within_and_beyond_its_values(name: str):
    scale = Scale.fit(name, VALUES)
    asked = np.array([VALUES.min(), 1.0, np.median(VALUES), VALUES.max(), 3 * VALUES.max()])
    assert scale.inverse(scale.forward(asked)) == pytest.approx(asked, rel=1e-9)
    assert (np.diff(scale.forward(np.sort(asked))) > 0).all()


def test_zero_among_new_values_stands_at_the_floor_of_a_logarithm():
    scale = Scale.fit("log", VALUES)
    assert scale.forward(np.array([0.0, -5.0])) == pytest.approx(np.log10(VALUES.min() / 2))


def test_ranks_do_not_end_at_the_largest_value():
    scale = Scale.fit("rank", VALUES)
    top = scale.forward(np.array([VALUES.max()]))
    assert scale.inverse(top + 1)[0] > 1.5 * VALUES.max()


def test_unknown_values_stay_unknown():
    for name in SCALES:
        assert np.isnan(Scale.fit(name, VALUES).forward(np.array([np.nan])))


def test_negative_values_have_no_logarithm():
    with pytest.raises(UsageError, match="a value of -1 has no logarithm"):
        choose_scales("log", None, Targets.of(np.array([[-1.0], [2.0]])), 0)


def test_a_scale_that_there_is_not_lists_those_there_are():
    with pytest.raises(UsageError, match="linear, log, rank, auto"):
        choose_scales("cubic", None, Targets.of(VALUES[:, None]), 0)


def test_other_scales_are_tried_for_skewed_values_only():
    assert scales_for(np.log(VALUES)) == ("linear",)
    assert scales_for(VALUES) == ("linear", "log", "rank")
    assert scales_for(VALUES - 1) == ("linear", "rank")


def members_of(truth: np.ndarray, n: int) -> dict[str, np.ndarray]:
    """Rows of n members that are as good as each other, in folds."""
    random, rows = np.random.default_rng(2), np.arange(len(truth))
    mean = truth[:, None] + random.normal(0, 1, (len(truth), n))
    about = {"rows": rows, "repeat": 0 * rows, "fold": rows % 5, "weight": np.ones(len(rows))}
    return about | {"y": truth, "mean": mean, "spread": np.ones_like(mean), "similarity": np.ones(len(rows))}


def test_the_way_to_weigh_members_is_chosen_and_kept():
    trust = ScaledTrust.fit(members_of(np.random.default_rng(3).normal(0, 1, 40), 6))
    assert trust.way == "equal"
    assert trust.weights == pytest.approx(1 / 6)
    assert ScaledTrust.from_settings(trust.settings(), trust.arrays()).way == "equal"


def test_a_folder_from_before_ways_had_fitted_weights():
    trust = ScaledTrust.fit(members_of(VALUES, 2))
    settings = {key: value for key, value in trust.settings().items() if key != "way"}
    assert ScaledTrust.from_settings(settings, trust.arrays()).way == "fitted"


def test_intervals_hold_on_every_scale():
    random = np.random.default_rng(1)
    truth = random.lognormal(1, 1, 600)
    for name in SCALES:
        scale = Scale.fit(name, truth)
        said = scale.forward(truth) + random.normal(0, 0.1, 600) * scale.forward(truth).std()
        rows = {
            "rows": np.arange(600),
            "repeat": np.zeros(600),
            "fold": np.arange(600) % 5,
            "y": truth,
            "mean": said[:, None],
            "spread": random.uniform(0.5, 1.0, (600, 1)),
            "similarity": random.uniform(0, 1, 600),
            "weight": np.ones(600),
        }
        half = {key: value[:300] for key, value in rows.items()}
        judged = ScaledTrust.fit(half, scale, (0.0, np.inf)).judge(
            said[300:, None], rows["spread"][300:], rows["similarity"][300:]
        )
        held = (truth[300:] >= judged.low) & (truth[300:] <= judged.high)
        assert 0.84 <= held.mean() <= 0.97
        assert (judged.low >= 0).all()

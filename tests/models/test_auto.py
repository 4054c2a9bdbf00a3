"""Which members are stacked when nobody says."""

import pytest

from yaokit.core.errors import UsageError
from yaokit.models.auto import CHOICES, choose, with_features

PLAN = {"features": None, "workers": 2}


def test_without_a_limit_the_quick_members_are_taken():
    assert choose(1_000, 46, time_limit_min=None, **PLAN) == ["boosting", "svm", "gp"]
    assert choose(1_001, 46, time_limit_min=None, **PLAN) == ["boosting", "mlp", "svm"]


def test_kernels_are_left_out_where_there_are_too_many_molecules():
    assert choose(50_000, 16, time_limit_min=None, **PLAN) == ["boosting", "mlp"]


def test_more_time_gives_more_members():
    found = [len(choose(1_000, 46, time_limit_min=limit, **PLAN)) for limit in (0.01, 1, 10, 120)]
    assert found == sorted(found)
    assert found[0] == 1
    assert found[-1] == len(CHOICES)


def test_up_to_2000_molecules_networks_on_graphs_need_a_limit_that_allows_them():
    assert not {"gnn", "transformer"} & set(choose(2_000, 46, time_limit_min=10, **PLAN))


def test_members_that_fit_task_by_task_take_longer_with_more_tasks():
    """Twelve tasks of boosting:full at 7,831 molecules take about 53 minutes of two cores."""
    plan = {**PLAN, "time_limit_min": 30}
    assert "boosting:full" in choose(7_831, 16, **plan)
    assert "boosting:full" not in choose(7_831, 16, tasks=12, **plan)
    cost = {choice.label: choice.cost for choice in CHOICES}
    assert cost["boosting"].seconds(500, 12) == pytest.approx(12 * cost["boosting"].seconds(500))
    assert cost["mlp"].seconds(500, 12) == cost["mlp"].seconds(500)


def test_one_task_is_chosen_for_as_before():
    for limit in (None, 0.1, 1, 10, 120):
        told = {**PLAN, "time_limit_min": limit}
        assert choose(1_000, 46, tasks=1, **told) == choose(1_000, 46, **told)


def test_features_go_to_the_members_that_read_them():
    assert with_features(["boosting", "nearest", "svm:fp"], "full") == ["boosting:full", "nearest", "svm:fp"]


def test_features_that_no_member_takes_are_an_error():
    with pytest.raises(UsageError, match="'full' would change nothing: each of gnn, svm:fp names its own"):
        with_features(["gnn", "svm:fp"], "full")


def test_a_member_that_would_stand_twice_stands_once():
    assert with_features(["boosting", "mlp", "boosting:full"], "full") == ["boosting:full", "mlp:full"]


def test_no_time_is_an_error():
    with pytest.raises(UsageError, match="leaves no time"):
        choose(1_000, 46, time_limit_min=0, **PLAN)

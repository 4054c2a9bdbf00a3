"""The default objective."""

import numpy as np
import pytest
from toy_runs import TASK, measured

from yaokit.campaign.objective import default_terms


def test_numbers_are_wanted_from_the_worst_to_the_best_twentieth():
    table = measured(60)
    term = default_terms([{"name": TASK, "goal": "maximize", "unit": "p"}], table)[0]
    ends = np.quantile(table.column(TASK), [0.05, 0.95])
    assert (term["desirability"]["low"], term["desirability"]["high"]) == pytest.approx(tuple(ends))
    assert term["settings"]["quantity"] == "low"


@pytest.mark.parametrize("n_active", [1, 30, 59])
def test_a_class_however_rare_is_wanted_by_its_probability(n_active: int):
    table = measured(60).with_columns({"toxic": (np.arange(60) < n_active).astype(float)})
    term = default_terms([{"name": "toxic", "goal": "minimize", "unit": "class"}], table)[0]
    assert term["desirability"] == {"shape": "down", "low": 0.0, "high": 1.0}
    assert term["settings"]["quantity"] == "high"

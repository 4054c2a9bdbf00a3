"""The memory of scaffolds."""

import numpy as np
import pytest

from yaokit.generate.diversity import ScaffoldMemory

BENZENES = ["Cc1ccccc1", "Clc1ccccc1", "Fc1ccccc1", "Oc1ccccc1"]


def test_crowded_scaffolds_lose_and_others_do_not():
    memory = ScaffoldMemory(limit=2)
    found = memory.penalized([*BENZENES, "C1CCCCC1"], np.full(5, 0.6))
    assert found == pytest.approx([0.6, 0.6, 0.6 * 2 / 3, 0.6 * 2 / 4, 0.6])
    assert memory.penalized(["Nc1ccccc1"], np.array([0.6])) == pytest.approx([0.6 * 2 / 5])


def test_poor_and_failed_molecules_do_not_fill_a_scaffold():
    memory = ScaffoldMemory(limit=1)
    found = memory.penalized(["C1CCCCC1", *BENZENES], np.array([1.0, 0.5, 0.5, np.nan, 0.9]))
    assert found == pytest.approx([1.0, 0.5, 0.5, np.nan, 0.9], nan_ok=True)


def test_nothing_is_no_error_and_a_limit_of_none_is():
    assert len(ScaffoldMemory().penalized([], np.zeros(0))) == 0
    with pytest.raises(ValueError, match="at least 1"):
        ScaffoldMemory(limit=0)

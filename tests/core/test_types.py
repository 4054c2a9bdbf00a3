"""Predictions: shapes, the columns that are written, and pieces put together."""

from dataclasses import replace

import numpy as np
import pytest

from yaokit.core.types import NO_SET, SETS, Prediction


def of_both_kinds(n: int = 5) -> Prediction:
    """A number and a class; the last molecule could not be predicted."""
    mean = np.tile([6.5, 0.75], (n, 1))
    mean[-1] = np.nan
    sets = np.full((n, 2), NO_SET, np.int8)
    sets[: n - 1, 1] = np.arange(n - 1) % len(SETS)
    return replace(Prediction.bare(["potency", "toxic"], mean, classes=["toxic"]), sets=sets)


def test_a_set_stands_beside_a_class_as_text():
    columns = of_both_kinds().columns()
    assert columns["toxic_set"].tolist() == ["0", "1", "both", "none", ""]
    assert "potency_set" not in columns


def test_no_molecules_have_the_columns_of_many():
    many, none = of_both_kinds().columns(), of_both_kinds(1).columns()
    empty = Prediction.bare(["potency", "toxic"], np.zeros((0, 2)), classes=["toxic"]).columns()
    assert list(empty) == list(none) == list(many)
    assert {k: v.dtype.kind for k, v in empty.items()} == {k: v.dtype.kind for k, v in many.items()}


def test_without_sets_there_are_none():
    bare = Prediction.bare(["potency"], np.ones((3, 1)))
    assert bare.sets.tolist() == [[NO_SET]] * 3
    assert bare.classes == ()


def test_an_array_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"sets has shape \(2, 1\), not \(5, 2\)"):
        replace(of_both_kinds(), sets=np.zeros((2, 1), np.int8))


def test_parts_join_below_each_other():
    joined = Prediction.concat([of_both_kinds(), of_both_kinds(3)])
    assert len(joined) == 8
    assert joined.classes == ("toxic",)
    assert joined.columns()["toxic_set"].tolist() == ["0", "1", "both", "none", "", "0", "1", ""]

"""The map: the same each time, for few and for many molecules."""

from typing import Any

import numpy as np
import pytest

from yaokit.report.run import Run, StepFolder
from yaokit.report.space import FEWEST, HEIGHT, WIDTH, choose, place

SMILES = ["CCO", "CCN", "CCC", "c1ccccc1", "c1ccccc1O", "CC(=O)O", "CCCl", "CCBr"]


@pytest.mark.parametrize("n", [FEWEST, len(SMILES)])
def test_places_are_inside_and_repeatable(n: int):
    xy = place(SMILES[:n], 1)
    assert xy.shape == (n, 2)
    assert (xy >= 0).all()
    assert (xy <= [WIDTH, HEIGHT]).all()
    np.testing.assert_array_equal(xy, place(SMILES[:n], 1))


def test_identical_molecules_have_a_place():
    assert np.isfinite(place(["CCO"] * 6, 0)).all()


def test_candidates_are_not_shown_twice(run_folders: list[StepFolder], about: dict[str, Any]):
    points = choose(Run(run_folders, about))
    smiles = [p.smiles for p in points if p.group != "measured"]
    assert len(smiles) == len(set(smiles))
    assert sum(p.group == "candidate" for p in points) == len(Run(run_folders, about).candidates)

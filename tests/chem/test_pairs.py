"""Cold splits: what is to be new in the test part is in no training pair."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from yaokit.chem.pairs import cold_splits
from yaokit.core.errors import UsageError

DAVIS = Path(__file__).parents[3] / "shared/data/dti/davis_affinity.csv.gz"


def toy() -> tuple[list[str], list[str]]:
    """30 drugs against 12 targets, two thirds of the pairs."""
    rng = np.random.default_rng(0)
    pairs = [(f"d{i}", f"t{j}") for i in range(30) for j in range(12) if rng.random() < 0.67]
    return [d for d, _ in pairs], [t for _, t in pairs]


def davis() -> tuple[list[str], list[str]]:
    with gzip.open(DAVIS, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [row["ligand"] for row in rows], [row["target"] for row in rows]


SETS = [
    pytest.param(toy, id="toy"),
    pytest.param(davis, id="davis", marks=pytest.mark.skipif(not DAVIS.exists(), reason="no DAVIS here")),
]


@pytest.mark.parametrize("pairs", SETS)
@pytest.mark.parametrize("cold", ["drug", "target", "both"])
def test_what_is_cold_was_never_seen(pairs, cold: str):
    drugs, targets = map(np.array, pairs())
    for train, test in cold_splits(drugs.tolist(), targets.tolist(), 4, 0, cold):
        assert len(train)
        assert len(test)
        assert not set(train) & set(test)
        if cold != "target":
            assert not set(drugs[train]) & set(drugs[test])
        if cold != "drug":
            assert not set(targets[train]) & set(targets[test])


@pytest.mark.parametrize("cold", ["drug", "target"])
def test_every_pair_is_tested_once_and_learned_from_otherwise(cold: str):
    drugs, targets = toy()
    splits = cold_splits(drugs, targets, 4, 0, cold)
    assert sorted(np.concatenate([s.test for s in splits]).tolist()) == list(range(len(drugs)))
    assert all(len(s.train) + len(s.test) == len(drugs) for s in splits)
    sizes = [len(s.test) for s in splits]
    assert max(sizes) < 1.5 * min(sizes)


def test_pairs_that_share_one_side_are_left_out_when_both_are_cold():
    drugs, targets = toy()
    splits = cold_splits(drugs, targets, 3, 0, "both")
    assert all(len(s.train) + len(s.test) < len(drugs) for s in splits)
    tested = np.concatenate([s.test for s in splits])
    assert len(tested) == len(set(tested))


def test_the_seed_decides():
    drugs, targets = toy()
    first, again, other = (cold_splits(drugs, targets, 3, seed, "both")[0].test for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_what_cannot_be_split_says_why():
    with pytest.raises(UsageError, match="3 folds need at least 3 different targets; there are 2"):
        cold_splits(list("abcd"), list("xyxy"), 3, 0, "target")
    with pytest.raises(UsageError, match="cold is 'warm'"):
        cold_splits(["a"], ["x"], 1, 0, "warm")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="2 drugs but 1 targets"):
        cold_splits(["a", "b"], ["x"], 1, 0, "drug")
    with pytest.raises(UsageError, match=r"0 to judge on; .* ask for fewer folds"):
        [cold_splits(["a", "b", "c"], ["x", "y", "z"], 3, seed, "both") for seed in range(20)]

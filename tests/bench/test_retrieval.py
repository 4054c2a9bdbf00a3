"""Retrieval: neighbors of a query are ranked without it, and precision is as by hand."""

import csv
from pathlib import Path

import numpy as np
import pytest
from toy_runs import series

from yaokit.bench.fits import Place
from yaokit.bench.retrieval import ECFP, Retrieval, _means, average_precision, cosine, drawn
from yaokit.bench.runner import _hashes
from yaokit.core.errors import UsageError

ALCOHOLS = ["CO", *("C" * n + "O" for n in range(2, 13))]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two targets of which one binds a series, the other alcohols, and what is left out of both."""
    for path, columns, rows in (
        ("kekulescope/a_pic50.csv", ["smiles", "pIC50"], [[s, 7.0] for s in series(12)[0]]),
        ("kekulescope/b_pic50.csv", ["smiles", "pIC50"], [*([s, 8.0] for s in ALCOHOLS), ["CC", 5.0]]),
        ("kekulescope/lovo_pic50.csv", ["smiles", "pIC50"], [["CCN", 9.0]]),
        (
            "chembl_multitarget_long.csv",
            ["smiles", "target_chembl_id", "pchembl"],
            [
                ["C(O)C", "T1", 7.0],
                ["OCC", "T1", 8.0],
                ["OCC", "T2", 6.5],
                ["CCC", "T2", 6.4],
                ["C1C", "T2", 9],
            ],
        ),
    ):
        target = tmp_path / "chembl_targets" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "w", newline="") as file:
            csv.writer(file).writerows([columns, *rows])
    return tmp_path


@pytest.fixture
def bench(data: Path) -> Retrieval:
    return Retrieval(data, Place(data / "fits", data / "cache"), ["svm"])


def test_compounds_of_a_target_are_found_again(bench: Retrieval):
    part = bench.measure("kekulescope", 0) | {"seconds": 1.0}
    assert (part["n"], part["n_targets"], part["n_queries"]) == (24, 2, 20)
    assert set(part["found"]) == {ECFP, "fp"}
    assert part["found"][ECFP]["all"] > 0.9 > part["chance"]
    rows = bench.rows({("kekulescope", 0): part})
    said = bench.summary(rows)
    assert said[f"{ECFP}_all"] == pytest.approx(part["found"][ECFP]["all"], abs=1e-4)
    about = {"command": "yaokit bench", "version": "0", "seeds": [0], "seconds": 1.0}
    assert ECFP in bench.page({"rows": rows, "summary": said, **about})


def test_actives_are_molecules_not_texts(bench: Retrieval):
    assert bench.actives("chembl_multitarget") == {"T1": {"CCO"}, "T2": {"CCO"}}
    assert set(bench.actives("kekulescope")) == {"a_pic50", "b_pic50"}


def test_average_precision_is_as_by_hand():
    relevant = np.array([True, False, True, False])
    assert average_precision(np.array([0.9, 0.8, 0.7, 0.1]), relevant) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(np.array([0.1, 0.2, 0.3, 0.4]), relevant) == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert np.isnan(average_precision(np.ones(4), np.zeros(4, bool)))


def test_a_query_is_not_its_own_neighbor_and_what_is_left_out_does_not_count():
    scores = np.array([[1.0, 0.9, 0.8, 0.1]])
    asked, members = {"t": np.array([0])}, {"t": np.array([0, 2])}
    assert _means(scores, asked, members) == pytest.approx(1 / 2)
    assert _means(scores, asked, members, np.array([[True, True, False, False]])) == pytest.approx(1.0)
    assert np.isnan(_means(scores, asked, members, np.array([[False, False, True, False]])))


def test_a_column_that_never_varies_or_fails_changes_no_cosine():
    X = np.random.default_rng(0).normal(size=(6, 3))
    wide = np.column_stack([X, np.full(6, 3.0)])
    np.testing.assert_allclose(cosine(X, np.arange(6)), cosine(wide, np.arange(6)), atol=1e-6)
    wide[2, 3] = np.nan
    assert np.isfinite(cosine(wide, np.arange(6))).all()


def test_a_seed_asks_other_actives():
    members = np.arange(50)
    assert len(drawn(members, "t", "a", 0)) == 10
    assert not np.array_equal(drawn(members, "t", "a", 0), drawn(members, "t", "a", 1))


@pytest.mark.parametrize("member", ["gnn", "gnn:graph", "transformer"])
def test_members_whose_rows_are_no_matrix_are_refused(data: Path, member: str):
    with pytest.raises(UsageError, match="are no numbers to compare"):
        Retrieval(data, Place(data / "fits", data / "cache"), ["svm", member])


def test_all_data_are_named(bench: Retrieval):
    named = _hashes(bench.folder, bench.sources)
    assert {name.split("/", 1)[1] for name in named} == {
        "chembl_multitarget_long.csv",
        *(f"kekulescope/{name}_pic50.csv" for name in ("a", "b", "lovo")),
    }


def test_without_an_encoder_members_are_needed(data: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("yaokit.bench.retrieval.shipped", dict)
    with pytest.raises(UsageError, match="no pre-trained encoder is shipped"):
        Retrieval(data, Place(data / "fits", data / "cache"))

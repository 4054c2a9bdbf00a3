import dataclasses

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yaokit.core.reasons import REASONS
from yaokit.core.table import MERGED, REJECTS, MolTable


def table(n=4, merged=0, rejected=0):
    """n kept rows "k0", "k1", …; then rows merged into k0; then rejected ones."""
    base = MolTable.of(
        ["C" * (i + 1) for i in range(n)], [f"k{i}" for i in range(n)], {"x": np.arange(n) * 1.0}
    )
    rows = np.arange(n, n + merged)
    m = pa.table({"row": rows, "kept_id": ["k0"] * merged}, schema=MERGED)
    lost = np.arange(n + merged, n + merged + rejected)
    r = {"row": lost, **{c: ["SYNTAX"] * rejected for c in ("source", "smiles", "code", "message")}}
    r = {**r, "line": lost}
    return MolTable(base.data, pa.table(r, schema=REJECTS), m, n + merged + rejected)


STEPS = st.one_of(
    st.tuples(st.just("keep"), st.lists(st.booleans(), min_size=12, max_size=12)),
    st.tuples(st.just("top"), st.integers(0, 12)),
)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(0, 4), st.integers(0, 4), st.lists(STEPS, max_size=5))
def test_no_sequence_of_steps_loses_a_row(n, merged, rejected, steps):
    t = table(n, merged, rejected)
    for name, argument in steps:
        t = (
            t.keep(np.array(argument[: len(t)], bool), "FILTER", "no")
            if name == "keep"
            else t.top(argument, "x")
        )
        counts = t.counts()
        assert counts["n_in"] == n + merged + rejected
        assert counts["n_in"] == counts["n_kept"] + counts["n_merged"] + counts["n_rejected"]
    rows = [*t.data["row"].to_pylist(), *t.merged["row"].to_pylist(), *t.rejects["row"].to_pylist()]
    assert sorted(rows) == list(range(n + merged + rejected))


def test_a_lost_row_is_refused():
    with pytest.raises(ValueError, match="5 rows in, but 4 kept"):
        dataclasses.replace(table(4), n_in=5)


def test_merged_rows_leave_with_the_row_they_were_merged_into():
    t = table(3, merged=2).keep(np.array([False, True, True]), "FILTER", "too greasy")
    assert t.counts()["codes"] == {"FILTER": 3}
    assert "merged into k0" in t.rejects["message"].to_pylist()[-1]


def test_top_is_sorted_and_breaks_ties_by_id():
    t = MolTable.of(["C", "N", "O", "S"], ["d", "c", "b", "a"], {"x": [1.0, 2.0, 2.0, float("nan")]})
    assert t.top(3, "x").ids == ["b", "c", "d"]
    assert t.top(9, "x").ids == ["b", "c", "d", "a"]
    assert len(t.top(0, "x")) == 0


def test_missing_numbers_are_nan_and_missing_text_is_none():
    t = MolTable.of(["C", "N"]).with_columns({"y": [1, None], "name": ["a", None]}, {"y": {"unit": "nM"}})
    assert np.isnan(t.column("y")[1])
    assert t.column("name").tolist() == ["a", None]
    assert t.meta("y") == {"unit": "nM"}
    assert t.meta("name") == {}
    with pytest.raises(KeyError, match="there are: row, id, smiles, y, name"):
        t.column("z")


def test_unknown_codes_are_refused():
    with pytest.raises(KeyError, match="NOPE"):
        table().keep(np.zeros(4, bool), "NOPE", "x")
    assert "FILTER" in REASONS


@pytest.mark.parametrize("n", [0, 1, 5])
def test_written_and_read_is_the_same(tmp_path, n):
    t = table(n, merged=2 if n else 0, rejected=1)
    t.write(tmp_path / "t")
    back = MolTable.read(tmp_path / "t")
    assert back.counts() == t.counts()
    assert back.data.equals(t.data)


def test_batches_cover_all_rows_in_order():
    t = table(5)
    assert [b.ids for b in t.batches(2)] == [["k0", "k1"], ["k2", "k3"], ["k4"]]
    assert list(MolTable.of([]).batches(2)) == []

import pytest

from yaokit.core.errors import UsageError
from yaokit.core.reasons import Failure
from yaokit.data.curation.activity import Measured
from yaokit.data.curation.classes import Classes, words_of
from yaokit.data.curation.curate import ValueColumn, curate

LABELS = ValueColumn("active", unit="none", classes=Classes())


def of(tmp_path, text, *values):
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    return curate([path], values=values, workers=1)


@pytest.mark.parametrize(
    ("measured", "gray", "expected"),
    [
        (Measured(7.1, "="), 0.5, 1.0),
        (Measured(7.0, "="), 0.5, 1.0),
        (Measured(6.0, "="), 0.5, 0.0),
        (Measured(6.7, "="), 0.5, None),
        (Measured(6.5, "="), 0.0, 1.0),
        (Measured(6.49, "="), 0.0, 0.0),
        (Measured(7.5, ">"), 0.5, 1.0),
        (Measured(5.0, ">"), 0.5, None),  # may be 5.1 or 9
        (Measured(5.0, "<"), 0.5, 0.0),
        (Measured(6.5, "<"), 0.0, 0.0),
        (Measured(8.0, "<"), 0.0, None),
    ],
)
def test_a_threshold_cuts_what_it_can_decide(measured, gray, expected):
    found = Classes(6.5, gray).of_value(measured)
    if expected is None:
        assert isinstance(found, Failure)
        assert found.code == "GRAY_ZONE"
    else:
        assert found == Measured(expected, "=")


def test_numbers_become_classes_and_the_gray_ones_leave(tmp_path):
    value = ValueColumn("IC50", unit="nM", classes=Classes(6.5, 0.5))
    text = "smiles,IC50\nCCO,10\nCCN,100000\nCCC,300\nCCCC,>10000\nCCCCC,>10\nCCF,n.d.\nCCCl,bad\n"
    found = of(tmp_path, text, value)
    assert found.table.data.select(["smiles", "pIC50"]).to_pylist() == [
        {"smiles": "CCO", "pIC50": 1},
        {"smiles": "CCN", "pIC50": 0},
        {"smiles": "CCCC", "pIC50": 0},
    ]
    assert found.summary["codes"] == {"GRAY_ZONE": 2, "VALUE_MISSING": 1, "VALUE_TEXT": 1}
    [task] = found.summary["tasks"]
    assert (task["unit"], task["classes"], task["noise"]) == ("class", {"0": 2, "1": 1}, None)
    messages = found.table.rejects["message"].to_pylist()
    assert messages[0] == "IC50: 6.523 is in the gray zone, 6 to 7"


@pytest.mark.parametrize(
    ("words", "ones"),
    [
        (("1", "0"), "1"),
        (("1.0", "0.0"), "1.0"),
        (("Active", "inactive"), "active"),
        (("YES", "no"), "yes"),
        (("2", "1"), "2"),
        (("blocker", "non-blocker"), "blocker"),
        (("substrate", "none of it"), "substrate"),
        (("-1", "1"), "1"),
    ],
)
def test_two_labels_are_told_apart(words, ones):
    found, _ = words_of([*words, None, ""], "x")
    assert [word for word, label in found.items() if label] == [ones]
    assert words_of(reversed(words), "x")[0] == found


def test_labels_that_are_no_classes_are_refused():
    with pytest.raises(
        UsageError,
        match=r"holds numbers \(5.1, 6, 7.2, …\), not two classes; give --threshold to .* or keep two",
    ):
        words_of(["5.1", "6", "7.2"], "pIC50")
    with pytest.raises(UsageError, match="3 different labels"):
        words_of(["red", "green", "blue"], "color")
    with pytest.raises(UsageError, match="needs a threshold"):
        Classes(gray=0.5)


def test_unusual_labels_are_noted(tmp_path):
    found = of(tmp_path, "smiles,active\nCCO,weak\nCCN,strong\n", LABELS)
    assert found.table.data["active"].to_pylist() == [1, 0]
    assert found.summary["notes"] == ["active: 'weak' is class 1, 'strong' is class 0"]


def test_the_majority_of_replicates_counts_and_a_tie_leaves(tmp_path):
    text = "smiles,active\nCCO,1\nOCC,1\nCCO,0\nCCN,0\nNCC,1\nCCC,0\n"
    found = of(tmp_path, text, LABELS)
    assert found.table.data.select(["smiles", "active", "n"]).to_pylist() == [
        {"smiles": "CCO", "active": 1, "n": 3},
        {"smiles": "CCC", "active": 0, "n": 1},
    ]
    assert found.summary["codes"] == {"CONFLICT": 2}
    assert found.table.rejects["row"].to_pylist() == [3, 4]
    assert "as many rows of this molecule say 1 as say 0" in found.table.rejects["message"][0].as_py()
    assert found.summary["n_in"] == 6


def test_a_tie_in_one_task_keeps_the_other(tmp_path):
    values = [ValueColumn(name, unit="none", classes=Classes()) for name in ("a", "b")]
    found = of(tmp_path, "smiles,a,b\nCCO,1,1\nOCC,0,1\nCCC,0,\n", *values)
    assert found.table.data.select(["a", "b"]).to_pylist() == [{"a": None, "b": 1}, {"a": 0, "b": None}]


@pytest.mark.parametrize("settings", [{"threshold": float("nan")}, {"threshold": 6.0, "gray": float("inf")}])
def test_a_threshold_must_be_finite(settings):
    with pytest.raises(UsageError, match="finite"):
        Classes(**settings)

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yaokit.chem.standardize import Standardizer
from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.reasons import REASONS
from yaokit.data.curation.curate import ValueColumn, curate
from yaokit.data.curation.preview import guessed_values, preview
from yaokit.data.export import write_curated

EGFR = Path(__file__).parents[4] / "shared" / "data" / "chembl_targets" / "egfr_ic50.csv"
IC50 = (ValueColumn("IC50", unit="nM"),)

DAMAGED = """smiles,id,IC50,relation,lot
CCO,a,1000,=,007
OCC,a2,10000,=,008
CC(=O)[O-].[Na+],b,>10000,,009
c1ccccc1,c,n.d.,=,010
c1ccccc1O,d,active,=,011
ＣCN,e,5,=,012
CCN,f,0,=,013
CCC,a,100,<,014
CCC,g
,h,5,=,015
CCCC,c4,5 uM,=,016
"""


def write(tmp_path, text, name="t.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def run(tmp_path, text, values=IC50, **settings):
    return curate([write(tmp_path, text)], values=values, workers=1, **settings)


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    return run(
        tmp_path_factory.mktemp("damaged"), DAMAGED, (ValueColumn("IC50", unit="nM", relation="relation"),)
    )


def test_every_row_is_kept_merged_or_rejected_with_a_code(damaged):
    summary = damaged.summary
    assert (summary["n_in"], summary["n_kept"], summary["n_merged"], summary["n_rejected"]) == (11, 4, 1, 6)
    assert summary["codes"] == {
        "EMPTY": 1,
        "NON_ASCII": 1,
        "RAGGED": 1,
        "VALUE_MISSING": 1,
        "VALUE_RANGE": 1,
        "VALUE_TEXT": 1,
    }
    assert summary["n_in"] == summary["n_out"] + sum(summary["dropped"].values())


def test_rejects_say_where_and_why(damaged):
    [text] = [r for r in damaged.table.rejects.to_pylist() if r["code"] == "VALUE_TEXT"]
    assert (text["source"], text["line"], text["smiles"]) == ("t.csv", 6, "c1ccccc1O")
    assert text["message"] == "IC50: 'active' is not a number"


def test_replicates_become_their_median_and_tell_their_lines(damaged):
    first = damaged.table.data.to_pylist()[0]
    assert first["smiles"] == "CCO"
    assert (first["pIC50"], first["pIC50_relation"]) == (pytest.approx(5.5), "=")
    assert (first["n"], first["spread"], first["source_rows"]) == (2, pytest.approx(1.0), [2, 3])
    assert damaged.table.merged.to_pylist() == [
        {"row": 1, "kept_id": "a", "source": "t.csv", "line": 3, "smiles": "OCC"}
    ]
    # two values, 5 and 6: standard deviation 1 / sqrt(2); their mean and another molecule's only value
    assert damaged.summary["noise"] == {
        "rmse": pytest.approx(0.5**0.5),
        "n_groups": 1,
        "floor_rmse": pytest.approx(((0.25 + 0.5) / 2) ** 0.5),
        "best_r2": 0.0,
    }


def test_bounds_repairs_and_cell_units_survive(damaged):
    rows = {row["input_smiles"]: row for row in damaged.table.data.to_pylist()}
    salt = rows["CC(=O)[O-].[Na+]"]
    assert (salt["smiles"], salt["pIC50"], salt["pIC50_relation"]) == ("CC(=O)O", 5.0, "<")
    assert salt["repaired"] == "largest fragment; neutralized"
    assert (rows["CCC"]["pIC50"], rows["CCC"]["pIC50_relation"]) == (7.0, ">")
    assert rows["CCCC"]["pIC50"] == pytest.approx(6 - np.log10(5))
    assert damaged.summary["tasks"][0]["n_censored"] == 2


def test_other_columns_are_carried_with_their_types(damaged):
    assert damaged.table.data["lot"].to_pylist() == ["007", "009", "014", "016"]
    assert "relation" in damaged.table.data.column_names


def test_ids_stay_unique(damaged):
    assert damaged.table.ids == ["a", "b", "a_2", "c4"]
    assert any("share their id" in note for note in damaged.summary["notes"])


def test_exact_values_go_before_bounds_and_of_bounds_the_tightest(tmp_path):
    text = "smiles,IC50\nCCO,>1000\nCCO,500\nCCN,>1000\nCCN,>5000\nCCC,<10\nCCC,<1\n"
    rows = run(tmp_path, text).table.data.to_pylist()
    assert [(round(r["pIC50"], 2), r["pIC50_relation"], r["n"]) for r in rows] == [
        (6.3, "=", 2),
        (5.3, "<", 2),
        (9.0, ">", 2),
    ]


def test_a_bad_second_value_costs_its_cell_not_the_row(tmp_path):
    values = (ValueColumn("A"), ValueColumn("B", name="anti", unit="uM"))
    found = run(tmp_path, "smiles,A,B\nCCO,5,toxic\nCCN,,10\n", values)
    assert found.table.data["A"].to_pylist() == [5.0, None]
    assert found.table.data["anti"].to_pylist() == [None, pytest.approx(5.0)]
    assert found.summary["notes"] == [
        "B: 1 cells could not be read; their rows are kept for their other values"
    ]


def test_units_may_stand_in_a_column(tmp_path):
    values = (ValueColumn("v", unit="nM", unit_column="u"),)
    found = run(tmp_path, "smiles,v,u\nCCO,1,uM\nCCN,1,\nCCC,1,ug/mL\nCCF,1,%\n", values)
    assert found.table.data["pv"].to_pylist() == [pytest.approx(6.0), pytest.approx(9.0)]
    assert found.summary["codes"] == {"UNIT": 2}


def test_decimal_commas_are_read_and_noted(tmp_path):
    found = run(tmp_path, "smiles;A\nCCO;5,25\nCCN;6,125\n", (ValueColumn("A"),))
    assert found.table.data["A"].to_pylist() == [5.25, 6.125]
    assert found.summary["notes"] == ["A: commas are read as decimal points"]


def test_a_value_off_every_p_scale_is_refused(tmp_path):
    found = run(tmp_path, 'smiles,IC50\nCCO,5000\nCCN,6\nCCC,"1,234"\n', (ValueColumn("IC50"),))
    assert found.summary["codes"] == {"VALUE_RANGE": 2}
    first, second = found.table.rejects["message"].to_pylist()
    assert first == "IC50: '5000' gives 5000, which no -log10 molar is (-3 to 15); is the unit right?"
    assert "is the comma a decimal point" in second


def test_a_unit_that_the_name_of_the_column_denies_is_noted(tmp_path):
    text = "smiles,IC50 (nM)\n" + "".join(f"{'C' * i},{10 * i}\n" for i in range(1, 9))
    notes = run(tmp_path, text, (ValueColumn("IC50 (nM)"),)).summary["notes"]
    assert "IC50 (nM): its name says nM, but it is read as --unit p" in notes
    assert "7 rows have a value that --unit p does not allow; is the unit another?" in notes
    assert not run(tmp_path, text, (ValueColumn("IC50 (nM)", unit="nM"),)).summary["notes"]


@pytest.mark.parametrize(
    ("name", "unit", "told"),
    [
        ("pIC50", "nM", "p"),
        ("pIC50", "p", None),
        ("Ki_uM", "nM", "uM"),
        ("IC50 [µM]", "uM", None),
        ("pKi_value", "uM", "p"),
        ("potency", "nM", None),
        ("EC50", "nM", None),
        ("film", "p", None),
        ("pIC50", "none", None),
    ],
)
def test_the_unit_in_a_name_is_known(name, unit, told):
    assert ValueColumn(name, unit=unit).unit_of_name == told


def test_rows_of_a_molecule_that_differ_in_a_column_that_is_used_are_counted(tmp_path):
    text = "smiles,IC50,set,x\nCCO,5,train,1\nOCC,6,test,2\nCCN,5,train,1\nNCC,5,train,2\nCCC,7,test,1\n"
    notes = run(tmp_path, text, (ValueColumn("IC50"),), keep=["set"]).summary["notes"]
    assert notes == ["set: 1 merged molecule has rows that differ there; what stands in the first counts"]


def test_a_column_to_keep_that_nothing_has_is_refused_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr("yaokit.data.curation.curate.cleaned", None)
    with pytest.raises(UsageError, match="has no column 'lot'; its columns are: smiles, IC50"):
        run(tmp_path, "smiles,IC50\nCCO,5\n", (ValueColumn("IC50"),), keep=["lot"])


def test_what_curation_adds_can_be_kept(tmp_path):
    found = run(tmp_path, "smiles,IC50\nCCO,5\nOCC,5\n", (ValueColumn("IC50"),), keep=["n"])
    assert found.table.data["n"].to_pylist() == [2]


def test_without_values_molecules_alone_are_curated(tmp_path):
    found = run(tmp_path, "smiles,n\nCCO,3\nOCC,4\n", ())
    assert found.table.data["n"].to_pylist() == [2]
    assert found.table.data["input_n"].to_pylist() == [3]
    assert (found.summary["tasks"], found.summary["noise"]) == ([], None)


def test_several_files_become_one_table(tmp_path):
    a = write(tmp_path, "smiles,A\nCCO,5\n", "a.csv")
    b = write(tmp_path, "structure;A;who\nCCO;6\nc1ccccc1;7;me\nCCCCO;8;me\n", "b.csv")
    found = curate([a, b], values=[ValueColumn("A")], workers=1)
    assert found.table.smiles == ["CCO", "c1ccccc1", "CCCCO"]
    assert found.summary["n_in"] == 4
    assert [f["rows"] for f in found.summary["files"]] == [1, 3]
    assert found.table.data["who"].to_pylist() == [None, "me", "me"]


def test_the_order_of_work_does_not_show(tmp_path):
    text = "smiles,A\n" + "".join(f"{'C' * (i % 40 + 1)},{i % 7}\n" for i in range(600))
    one, two = (curate([write(tmp_path, text)], values=[ValueColumn("A")], workers=w) for w in (1, 2))
    assert one.table.data.equals(two.table.data)
    assert one.summary == two.summary


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"smiles": "mol"}, "t.csv has no column 'mol'; its columns are: smiles, IC50"),
        ({"id": "name"}, "no column 'name'"),
        ({"values": [ValueColumn("Ki")]}, "no column 'Ki'"),
        ({"values": [ValueColumn("IC50", unit_column="unit")]}, "no column 'unit'"),
        ({"values": [ValueColumn("IC50", name="smiles")]}, "cannot be called 'smiles'"),
        ({"values": [ValueColumn("IC50"), ValueColumn("IC50")]}, "both be called 'IC50'"),
    ],
)
def test_wrong_columns_are_named_with_the_choices(tmp_path, settings, message):
    with pytest.raises(UsageError, match=message):
        curate([write(tmp_path, "smiles,IC50\nCCO,5\n")], **settings)


def test_wrong_settings_say_so(tmp_path):
    with pytest.raises(UsageError, match="no input"):
        curate([])
    with pytest.raises(UsageError, match="unknown unit 'furlong'"):
        ValueColumn("x", unit="furlong")
    with pytest.raises(UsageError, match="no column of SMILES found"):
        run(tmp_path, "a,b\n1x,2x\n", ())


def test_nothing_usable_names_the_reasons(tmp_path):
    with pytest.raises(
        NothingUsable, match=r"none of the 2 rows of t.csv can be used: SYNTAX 2 \(not a SMILES\)"
    ):
        run(tmp_path, "smiles,IC50\nC1CC,5\nC(C,6\n")
    with pytest.raises(NothingUsable, match="but no rows"):
        run(tmp_path, "smiles,IC50\n")


CELLS = st.sampled_from(
    ["CCO", "OCC", "[Na+].CC[O-]", "CCN", "c1ccccc1", "C1CC", "", "Ｃ", "[Zn]", "NO", 'C"C', "CC "]
)
VALUES = st.sampled_from(["5", "6.5", ">7", "", "n.d.", "bad", "1e999", "5,5", '"', "<4", "5 nM"])


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELLS, VALUES), min_size=1, max_size=40))
def test_no_damage_loses_a_row(tmp_path, rows):
    text = "smiles\tid\tA\nCCCC\tx\t5\n" + "".join(f"{s}\tx\t{v}\n" for s, v in rows)
    found = curate([write(tmp_path, text, "t.tsv")], values=[ValueColumn("A")], workers=1)
    table, summary = found.table, found.summary
    assert summary["n_in"] == summary["n_kept"] + summary["n_merged"] + summary["n_rejected"]
    lines = [n for lines in table.data["source_rows"].to_pylist() for n in lines]
    lines += table.rejects["line"].to_pylist()
    assert len(lines) == summary["n_in"] <= len(rows) + 1
    assert len(set(table.ids)) == len(set(table.smiles)) == len(table)
    assert set(summary["codes"]) <= set(REASONS)
    json.dumps(summary, allow_nan=False)


def test_the_written_files_hold_everything(tmp_path, damaged):
    write_curated(damaged, tmp_path / "out" / "set.parquet")
    names = {p.name for p in (tmp_path / "out").iterdir()}
    endings = ("parquet", "rejects.csv", "merged.csv", "issues.csv", "summary.json")
    assert names == {f"set.{ending}" for ending in endings}
    assert pq.read_table(tmp_path / "out" / "set.parquet").equals(damaged.table.data)
    assert json.loads((tmp_path / "out" / "set.summary.json").read_text())["n_in"] == 11
    assert len((tmp_path / "out" / "set.rejects.csv").read_text().splitlines()) == 7


def test_a_curated_table_curates_to_itself(tmp_path, damaged):
    write_curated(damaged, tmp_path / "set")
    again = curate(
        [tmp_path / "set.parquet"], values=[ValueColumn("pIC50", relation="pIC50_relation")], workers=1
    )
    assert again.table.smiles == damaged.table.smiles
    for name in ("pIC50", "pIC50_relation", "id"):
        assert again.table.data[name].equals(damaged.table.data[name])


def test_preview_shows_roles_and_first_rows(tmp_path):
    path = write(tmp_path, "Drug,Compound ID,IC50 (nM),qualifier\nCCO,a,1000,>\nC1CC,b,5,=\nCCN,c,1,=\n")
    assert guessed_values(path) == [ValueColumn("IC50 (nM)", unit="nM", relation="qualifier")]
    shown = preview([path], n=2)
    [file] = shown["files"]
    assert (file["name"], file["smiles"], file["id"]) == ("t.csv", "Drug", "Compound ID")
    assert (shown["values"][0]["name"], shown["values_are_guessed"]) == ("pIC50", True)
    assert [(r["line"], r["smiles"], r["pIC50"], r.get("code")) for r in shown["rows"]] == [
        (2, "CCO", "<6", None),
        (3, None, "8.3", "SYNTAX"),
    ]


@pytest.mark.skipif(not EGFR.is_file(), reason="needs the shared data sets")
def test_the_egfr_set_as_a_new_user_has_it():
    [ic50] = guessed_values(EGFR)
    assert (ic50.column, ic50.unit, ic50.unit_column, ic50.task) == ("IC50", "nM", "units", "pIC50")
    found = curate([EGFR], values=[ic50])
    summary = found.summary
    assert summary["n_in"] == 5568 == summary["n_kept"] + summary["n_merged"] + summary["n_rejected"]
    split_rows = [r for r in found.table.rejects["smiles"].to_pylist() if "." in r]
    assert summary["repaired"]["largest fragment"] + len(split_rows) == 167
    single = found.table.data.filter(found.table.column("n") == 1)
    assert np.allclose(single["pIC50"].to_numpy(), single["input_pIC50"].to_numpy())


def test_the_embedded_series_needs_no_repair():
    found = curate(["builtin:chembl2321810"], values=[ValueColumn("Activity")])
    assert (found.summary["n_kept"], found.summary["repaired"]) == (1017, {})
    assert (found.summary["tasks"][0]["min"], found.summary["tasks"][0]["max"]) == (4.27, 9.22)
    assert "CC BY-SA" in found.summary["licence"]
    assert found.summary["standardizer"] == Standardizer().settings()


def test_bounds_that_contradict_are_listed(tmp_path):
    rows = ["CCO,>7", "CCO,<5", "CCN,6", "CCN,>8", "CCC,>5", "CCC,<8", "CCCC,6.1", "CCCC,6.3"]
    path = tmp_path / "a.csv"
    path.write_text("smiles,pIC50\n" + "\n".join(rows) + "\n")
    curated = curate([path], values=[ValueColumn("pIC50")], workers=1)
    listed = [i["detail"] for i in curated.issues.to_pylist() if i["kind"] == "CONFLICT"]
    assert listed == ["pIC50 >7, <5: spread 2.00", "pIC50 6, >8: spread 2.00"]

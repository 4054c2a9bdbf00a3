"""What a chemist should look at is found, and compared with an independent search."""

from itertools import combinations

import numpy as np
import pytest
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

from yaokit.chem.fingerprints import RADIUS, SIZE
from yaokit.data.curation.curate import ValueColumn, curate
from yaokit.data.curation.issues import cliffs, stereoisomers
from yaokit.models.metrics import regression_metrics

IDS = ["a", "b", "c", "d", "e"]


def test_cliffs_are_those_of_an_exhaustive_search():
    found = curate(["builtin:chembl2321810"], values=[ValueColumn("Activity")], workers=2)
    table = found.table.top(300, by="n")
    values = table.column("Activity")
    got = {(issue.id, issue.other_id) for issue in cliffs(table.ids, table.smiles, values, "y")}
    make = rdFingerprintGenerator.GetMorganGenerator(RADIUS, fpSize=SIZE, includeChirality=True)
    prints = [make.GetFingerprint(Chem.MolFromSmiles(text)) for text in table.smiles]
    pairs = [
        (i, j)
        for i, j in combinations(range(300), 2)
        if abs(values[i] - values[j]) >= 2 and DataStructs.TanimotoSimilarity(prints[i], prints[j]) >= 0.9
    ]
    assert got == {tuple(table.ids[k] for k in sorted(pair, key=lambda k: values[k])) for pair in pairs}
    assert found.summary["issues"]["counts"].get("CLIFF", 0) >= len(got)


def test_cliffs_tell_the_pair_and_its_step():
    smiles = ["CCCCCCCCCCO", "CCCCCCCCCCCO", "CCCCCCCCCCCCO", "c1ccccc1", "CCCCCCCCCO"]
    [first, *_] = cliffs(IDS, smiles, np.array([4.0, 9.0, 6.5, 9.0, np.nan]), "pX")
    assert (first.id, first.other_id, first.size) == ("a", "b", 5.0)
    assert first.detail == "pX 4.00 and 9.00, similarity 1.00"
    assert cliffs([], [], np.zeros(0), "pX") == []
    assert cliffs(IDS[:1], smiles[:1], np.array([np.nan]), "pX") == []


def test_stereoisomers_are_grouped_by_their_graph():
    smiles = ["C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "CC(N)C(=O)O", "F/C=C/F", "FC=CF"]
    found = stereoisomers(IDS, smiles, np.array([5.0, 8.0, 5.5, np.nan, 6.0]), "pX")
    assert [(i.id, i.other_id) for i in found] == [("a", "b"), ("a", "c"), ("d", "e")]
    assert found[0].detail == "pX 5 and 8; the same graph"
    assert "not both known" in found[2].detail


@pytest.fixture
def messy(tmp_path):
    rows = ["smiles,id,A,assay_chembl_id,standard_type,organism"]
    rows += [
        f"{'C' * i},m{i},{i % 5 + 4},X{i % 3},{'Ki' if i % 4 else 'IC50'},Homo sapiens" for i in range(1, 61)
    ]
    rows += [f"{'C' * i}(,bad{i},{8.5},X1,Ki,Homo sapiens" for i in range(1, 16)]
    rows += ["CCO,m1,4,X1,Ki,Homo sapiens", "OCC,other,6.5,X1,Ki,Homo sapiens"]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(rows) + "\n")
    return curate([path], values=[ValueColumn("A")], workers=1)


def test_conflicts_and_shared_ids_are_listed(messy):
    rows = messy.issues.to_pylist()
    assert {"kind": "CONFLICT", "id": "m1_2", "other_id": None, "detail": "A 4, 6.5: spread 2.50"} in rows
    assert [row for row in rows if row["kind"] == "SAME_ID"] == [
        {
            "kind": "SAME_ID",
            "id": "m1",
            "other_id": "m1_2",
            "detail": "'m1' was the id of a molecule before; it is now called 'm1_2'",
        }
    ]
    assert messy.summary["conflicts"] == 1
    [top] = messy.summary["issues"]["top"]["CONFLICT"]
    assert (top["smiles"], top["other_smiles"]) == ("CCO", None)


def test_one_third_of_the_values_being_lost_is_told(messy):
    drops = messy.summary["drops"]
    assert [group["name"] for group in drops["groups"]] == ["lowest third", "middle third", "highest third"]
    assert sum(group["n_in"] for group in drops["groups"]) == messy.summary["n_in"]
    assert [group["n_rejected"] for group in drops["groups"]] == [0, 0, 15]
    assert drops["groups"][-1]["codes"] == {"SYNTAX": 15}
    assert drops["p"] < 0.001
    assert drops["warning"] in messy.summary["notes"]
    assert "of the highest third left (p < 0.001)" in drops["warning"]


def test_the_chi_squared_test_is_scipys():
    from scipy.stats import chi2_contingency

    from yaokit.data.curation.drops import _chi_squared_p

    for table in ([(50, 10), (70, 2)], [(50, 10), (70, 2), (30, 5)]):
        assert _chi_squared_p(table) == pytest.approx(chi2_contingency(table, correction=False).pvalue)
    assert _chi_squared_p([(5, 0), (6, 0)]) is None
    assert _chi_squared_p([(5, 1)]) is None


def test_mixing_is_pointed_out(messy):
    context = messy.summary["context"]
    assert context["measurement_type"]["n_different"] == 2
    assert context["assay"]["n_different"] == 3
    notes = messy.summary["notes"]
    assert any(
        n.startswith("unlike measurements are mixed in 'standard_type': Ki (47 rows), IC50 (15")
        for n in notes
    )
    assert any("3 assays in 'assay_chembl_id'" in note for note in notes)
    assert not any("organism" in note for note in notes)


def test_the_floor_is_what_the_truth_shows_on_the_merged_table(tmp_path):
    """A perfect model against the means of two measurements each."""
    random = np.random.default_rng(0)
    truth = random.normal(6, 1, 300)
    measured = truth[:, None] + random.normal(0, 0.5, (300, 2))
    lines = [f"{'C' * (i % 70 + 1)}C(=O)O{'C' * (i // 70)},{v}" for i in range(300) for v in measured[i]]
    (tmp_path / "t.csv").write_text("smiles,A\n" + "\n".join(lines) + "\n")
    found = curate([tmp_path / "t.csv"], values=[ValueColumn("A")], workers=1)
    merged, noise = found.table.column("A").astype(float), found.summary["noise"]
    assert noise["rmse"] == pytest.approx(0.5, abs=0.05)
    assert noise["floor_rmse"] == pytest.approx(regression_metrics(merged, truth)["rmse"], rel=0.1)
    assert noise["best_r2"] == pytest.approx(regression_metrics(merged, truth)["r2"], abs=0.03)

"""A file explained: every row stays, the folder is whole, the numbers fit together."""

import csv
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from rdkit import Chem
from toy_runs import TASK, series, small_model, small_trusted

from yaokit.cli import app
from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.table import MolTable
from yaokit.explain.run import Settings, explain_file
from yaokit.report.explained import check_out, write_explained


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_model(tmp_path_factory)


@pytest.fixture(scope="module")
def why(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of explanations of four molecules and two rows that hold none."""
    folder = tmp_path_factory.mktemp("why")
    good = series(4, 3)[0]
    lines = ["smiles,name", *(f"{s},m{i}" for i, s in enumerate(good)), "CC(C,broken", ",empty"]
    (folder / "in.csv").write_text("\n".join(lines) + "\n")
    code = app.run(
        ["explain", str(model), str(folder / "in.csv"), "-o", str(folder / "out"), "--top", "2", "--quiet"]
    )
    assert code == 0
    return folder / "out"


def rows(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_stays_and_bad_ones_say_why(why: Path):
    found = rows(why / "molecules.csv")
    assert [row["id"] for row in found] == ["m0", "m1", "m2", "m3", "broken", "empty"]
    assert [row["status"] for row in found] == ["ok"] * 4 + ["failed"] * 2
    assert found[4]["reason"].startswith("SYNTAX")
    summary = json.loads((why / "summary.json").read_text())
    assert (summary["n_in"], summary["n_ok"], summary["n_failed"]) == (6, 4, 2)
    assert summary["members"][0]["method"] == "tree SHAP"


def test_every_atom_has_a_value(why: Path):
    table = pq.read_table(why / "attributions.parquet").to_pylist()
    for row in rows(why / "molecules.csv")[:4]:
        mol = Chem.MolFromSmiles(row["smiles"])
        its = [a for a in table if a["id"] == row["id"]]
        assert [a["atom"] for a in its] == list(range(mol.GetNumAtoms()))
        assert [a["element"] for a in its] == [atom.GetSymbol() for atom in mol.GetAtoms()]
        assert np.isfinite([a["value"] for a in its]).all()


def test_atoms_and_the_rest_are_the_prediction_less_one_mean(why: Path):
    found = rows(why / "molecules.csv")
    start = [float(r[f"{TASK}_pred"]) - float(r["atoms_sum"]) - float(r["rest"]) for r in found[:4]]
    assert np.ptp(start) < 1e-3
    assert json.loads((why / "summary.json").read_text())["training_mean"] == pytest.approx(start[0], abs=0.2)
    assert [(r["atoms_sum"], r["rest"]) for r in found[4:]] == [("", "")] * 2
    page = (why / "explanations.html").read_text(encoding="utf-8")
    assert len(re.findall(r"atoms [+−][\d.]+, the rest [+−][\d.]+: together", page)) == 2
    assert len(re.findall(r"[\d.]+ (above|below) the mean of the training molecules, [\d.]+\.", page)) == 2


def test_pairs_have_an_interval_without_0_and_say_among_how_many_they_were_found(tmp_path: Path):
    groups, chains = ("Cl", "C", "OC", "F", "C#N"), ("C", "CC", "C1CC1", "CCC", "C(C)C", "CC#N")
    amides = [f"O=C(N{chain})c1ccc({group})cc1" for group in groups for chain in chains]
    noise = np.random.default_rng(0).normal(0, 0.2, len(amides))
    values = noise + 2.0 * np.repeat([group == "C#N" for group in groups], len(chains))
    small_trusted(members=("nearest",)).fit(MolTable.of(amides, columns={TASK: values}), [TASK]).save(
        tmp_path / "model"
    )
    (tmp_path / "in.smi").write_text("O=C(NCCOC)c1ccc(Cl)cc1 new\nBrC1CCC1 far\n")
    write_explained(explain_file(tmp_path / "model", tmp_path / "in.smi", Settings()), tmp_path / "why", "m")
    found = rows(tmp_path / "why" / "pairs.csv")
    assert (found[0]["id"], found[0]["after"]) == ("new", "N#C[*:1]")
    for row in found:
        mean, low, high = (float(row[name]) for name in ("mean", "low", "high"))
        assert low < mean < high
        assert low > 0 or high < 0
        assert 1 <= float(row["n_effective"]) <= int(row["n"])
    assert {row["id"] for row in found} == {"new"}
    n = int(found[0]["n_looked_at"])
    others = json.loads((tmp_path / "why" / "summary.json").read_text())["n_looked_at"] - n
    assert n > len(found)
    page = (tmp_path / "why" / "explanations.html").read_text(encoding="utf-8")
    assert len(re.findall(r"</b> \([+−][\d.]+ to [+−][\d.]+\)<br>\d+ measured pairs", page)) == len(found)
    assert f"{n} changes with three or more measured pairs fit; shown are" in page
    assert f"{others} changes with three or more measured pairs fit; each 95 % interval includes 0." in page


def test_where_no_change_fits_the_page_says_so(why: Path):
    assert rows(why / "pairs.csv") == []
    assert json.loads((why / "summary.json").read_text())["n_looked_at"] == 0
    page = (why / "explanations.html").read_text(encoding="utf-8")
    assert page.count("No change of three or more measured pairs fits.") == 2


def test_neighbors_are_measured_and_the_nearest_first(why: Path):
    for i in range(4):
        found = [float(r["similarity"]) for r in rows(why / "neighbors.csv") if r["id"] == f"m{i}"]
        assert len(found) == 5
        assert found == sorted(found, reverse=True)


def test_counterfactuals_move_the_prediction_and_stay_in_the_domain(why: Path):
    predicted = {row["id"]: row for row in rows(why / "molecules.csv")}
    found = rows(why / "counterfactuals.csv")
    assert len({row["id"] for row in found}) <= 2
    for row in found:
        half = (float(predicted[row["id"]][f"{TASK}_high"]) - float(predicted[row["id"]][f"{TASK}_low"])) / 2
        assert abs(float(row["change"])) >= half - 1e-3
        assert row["in_domain"] == "True"
        assert Chem.MolFromSmiles(row["smiles"]) is not None


def test_the_page_needs_no_network_and_names_everything(why: Path):
    page = (why / "explanations.html").read_text(encoding="utf-8")
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    for word in ("full color at", "broken", "Matched pairs", "Rules that mimic", "atom values of"):
        assert word in page


def test_rules_come_with_their_fidelity(why: Path):
    found = json.loads((why / "rules.json").read_text())
    assert set(found["fidelity"]) == {"r2", "error", "error_of_guess"}
    assert found["n_held_out"] == 30
    assert "R²" in (why / "rules.txt").read_text(encoding="utf-8")


def test_importance_has_groups_and_bits_with_examples(why: Path):
    found = rows(why / "importance.csv")
    assert {row["kind"] for row in found} == {"bit", "group"}
    assert all(row["example"] for row in found if row["kind"] == "group")
    sizes = [float(row["importance"]) for row in found if row["kind"] == "bit"]
    assert sizes == sorted(sizes, reverse=True)


def test_the_same_again_and_of_one_member(model: Path, tmp_path: Path):
    (tmp_path / "in.smi").write_text("\n".join(series(2)[0]) + "\n")
    for name in ("a", "b"):
        found = explain_file(model / "members" / "boosting", tmp_path / "in.smi", Settings(top=1))
        write_explained(found, tmp_path / name, "boosting")
    names = {path.name for path in (tmp_path / "a").iterdir()}
    assert "neighbors.csv" in names
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert "single model" in json.loads((tmp_path / "a" / "summary.json").read_text())["notes"][0]


@pytest.mark.parametrize("delta", ["nan", "inf", "-1", "0"])
def test_a_delta_that_nothing_can_move_by_is_refused_at_once(tmp_path: Path, delta: str, capsys):
    words = ["explain", str(tmp_path), str(tmp_path / "none.csv"), "-o", str(tmp_path / "out")]
    assert app.run([*words, "--delta", delta]) == 2
    assert "give a finite number above 0" in capsys.readouterr().err


def test_a_member_in_its_folder_sees_what_the_stack_sees(model: Path, tmp_path: Path):
    smiles = series(2)[0]
    (tmp_path / "in.smi").write_text(f"{smiles[0]}.Cl salt\n{smiles[1]} base\n")
    member = model / "members" / "boosting"
    found = explain_file(member, tmp_path / "in.smi", Settings(top=1))
    assert [m.smiles for m in found.molecules] == smiles
    shutil.copytree(member, tmp_path / "alone")
    alone = explain_file(tmp_path / "alone", tmp_path / "in.smi", Settings(top=1))
    assert [m.smiles for m in alone.molecules] == [Chem.CanonSmiles(f"{smiles[0]}.Cl"), smiles[1]]
    told = "molecules are taken as they are written"
    assert any(told in note for note in alone.summary["notes"])
    assert not any(told in note for note in found.summary["notes"])


def test_a_member_whose_bytes_changed_is_told(model: Path, tmp_path: Path):
    folder = Path(shutil.copytree(model, tmp_path / "model"))
    card = folder / "members" / "boosting" / "card.json"
    card.write_text(card.read_text() + "\n")
    (tmp_path / "in.smi").write_text("CCO\n")
    with pytest.raises(UsageError, match=r"card\.json has changed since the model was saved"):
        explain_file(folder / "members" / "boosting", tmp_path / "in.smi", Settings(top=1))


def test_a_molecule_whose_edits_all_lie_outside_the_domain_has_no_counterfactual(model: Path, tmp_path: Path):
    (tmp_path / "in.smi").write_text("O=[N+]([O-])C(F)(F)C(Cl)(Cl)Br far\n")
    found = explain_file(model, tmp_path / "in.smi", Settings(top=1))
    assert found.tables["molecules"].num_rows == 1
    assert found.tables["counterfactuals"].num_rows == 0
    write_explained(found, tmp_path / "out", "model")
    assert "far" in (tmp_path / "out" / "explanations.html").read_text(encoding="utf-8")


def test_nothing_to_explain_is_named(model: Path, tmp_path: Path):
    (tmp_path / "in.smi").write_text("CC(C\n")
    with pytest.raises(NothingUsable, match="none of its 1 rows holds a molecule"):
        explain_file(model, tmp_path / "in.smi", Settings())
    with pytest.raises(UsageError, match="no task 'x'; it has: pActivity"):
        explain_file(model, tmp_path / "in.smi", Settings(task="x"))


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(UsageError, match="choose another one with -o"):
        check_out(tmp_path / "mine")
    check_out(tmp_path / "new")


@pytest.mark.parametrize(("word", "told"), [("--task", "no task 'Ki'"), ("--smiles", "no column 'Ki'")])
def test_wrong_words_are_usage_errors(
    word: str, told: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    call: Callable[..., int] = app.run
    (tmp_path / "in.csv").write_text("smiles\nCCO\n")
    assert (
        call(["explain", str(model), str(tmp_path / "in.csv"), "-o", str(tmp_path / "out"), word, "Ki"]) == 2
    )
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()

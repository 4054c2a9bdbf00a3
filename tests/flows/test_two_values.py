"""As a new user would: `campaign init` on a table with potency and an anti-target, edit, run, look."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from openpyxl import load_workbook
from rdkit import Chem
from rdkit.Chem import Crippen
from toy_runs import series, yaokit

EDITS = {
    '# { column = "hERG_pIC50", unit = "p", goal = "maximize" }': (
        '{ column = "hERG_pIC50", unit = "p", goal = "minimize" }'
    ),
    'models = ["auto"]': 'models = ["boosting"]\nrepeats = 1',
    'split = "scaffold"': 'split = "random"',
    "folds = 5": "folds = 3",
    "top = 1200\n": "top = 30\n",
    "budget = 2000": "budget = 30",
    'alerts = ["PAINS", "BRENK", "NIH"]': 'alerts = ["PAINS"]',
    "candidates = 60": "candidates = 8",
}
FORMULA, SCRIPT = "=HYPERLINK(1)", "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 molecules; the anti-target is known of 40; two ids, a title and a column are hostile."""
    path = tmp_path_factory.mktemp("two") / f"{SCRIPT[:8]}measured.csv"
    smiles, ids, y = series(60)
    ids[0], ids[1] = FORMULA, SCRIPT
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Name", "SMILES", "pIC50", "hERG_pIC50", "=1+1"])
        for i, (name, text, value) in enumerate(zip(ids, smiles, y, strict=True)):
            lipophilic = 3 + 0.5 * Crippen.MolLogP(Chem.MolFromSmiles(text))
            writer.writerow([name, text, value, "" if i % 3 == 2 else round(lipophilic, 2), "=2+2"])
    return path


@pytest.fixture(scope="module")
def project(table: Path) -> Path:
    """The finished campaign."""
    folder = table.parent / "project"
    assert yaokit("campaign", "init", folder, "--table", table).returncode == 0
    plan = folder / "campaign.toml"
    text = plan.read_text()
    for old, new in EDITS.items():
        assert old in text, old
        text = text.replace(old, new)
    plan.write_text(re.sub(r"max_products = \d+", "max_products = 300", text))
    done = yaokit("campaign", "run", plan, "--workers", "2")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def candidates(project: Path) -> list[dict[str, str]]:
    with open(project / "candidates.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_candidates_are_valid_and_new(candidates: list[dict[str, str]]):
    known = {Chem.CanonSmiles(text) for text in series(60)[0]}
    found = [Chem.CanonSmiles(row["smiles"]) for row in candidates]
    assert 1 <= len(found) <= 8
    assert len(set(found)) == len(found)
    assert not known & set(found)
    assert [int(row["rank"]) for row in candidates] == list(range(1, len(found) + 1))


def test_both_values_are_predicted_with_an_interval(candidates: list[dict[str, str]]):
    for row in candidates:
        for task in ("pIC50", "hERG_pIC50"):
            low, mean, high = (float(row[f"{task}_{end}"]) for end in ("low", "pred", "high"))
            assert low < mean < high
        assert row["in_domain"] in ("True", "False", "true", "false")
        assert 0 <= float(row["desirability"]) <= 1


def test_the_anti_target_is_wanted_low(project: Path, candidates: list[dict[str, str]]):
    high = np.array([float(row["hERG_pIC50_high"]) for row in candidates])
    wanted = np.array([float(row["d_hERG_pIC50"]) for row in candidates])
    assert (np.diff(wanted[np.argsort(high)]) <= 1e-9).all()
    curate = json.loads(next(project.glob("steps/curate-*/summary.json")).read_text())
    assert [(task["name"], task["goal"], task["n"]) for task in curate["tasks"]] == [
        ("pIC50", "maximize", 60),
        ("hERG_pIC50", "minimize", 40),
    ]


def test_each_value_has_its_own_metrics(project: Path):
    metrics = json.loads(next(project.glob("steps/train-*/metrics.json")).read_text())
    assert [(task["task"], task["n"]) for task in metrics["tasks"]] == [("pIC50", 60), ("hERG_pIC50", 40)]


def test_all_result_files_hold_the_candidates(project: Path, candidates: list[dict[str, str]]):
    wanted = [row["smiles"] for row in candidates]
    with Chem.SDMolSupplier(str(project / "candidates.sdf")) as records:
        assert [Chem.MolToSmiles(mol) for mol in records] == [Chem.CanonSmiles(text) for text in wanted]
    sheet = load_workbook(project / "candidates.xlsx").active
    assert sheet is not None
    assert sheet.max_row == 1 + len(wanted)


def test_names_from_the_table_can_do_no_harm(project: Path):
    page = (project / "report.html").read_text()
    assert SCRIPT not in page
    for path in [project / "candidates.csv", *project.rglob("steps/curate-*/*.csv")]:
        with open(path, newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "@"))]
    book = load_workbook(project / "candidates.xlsx")
    assert all(cell.data_type != "f" for row in book.active.iter_rows() for cell in row)


def test_the_page_needs_no_network(project: Path):
    page = (project / "report.html").read_text()
    assert page.startswith(("<!doctype html>", "<!DOCTYPE html>"))
    assert not [
        word for word in ("src=http", 'src="http', "@import", '<link rel="stylesheet"') if word in page
    ]

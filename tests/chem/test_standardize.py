import csv
import gzip
import json
import pickle
import random
from pathlib import Path

import pytest
from rdkit import Chem

from yaokit.chem.parse import quiet_rdkit
from yaokit.chem.standardize import Standard, Standardizer
from yaokit.core.reasons import Failure
from yaokit.data.library import molecules

SHARED = Path(__file__).parents[3] / "shared" / "data"
STANDARDIZER = Standardizer()


def assert_fixed(smiles):
    """The result, standardized again, is itself; and its SMILES reads back as itself."""
    for text in smiles:
        once = STANDARDIZER(text)
        if isinstance(once, Failure):
            continue
        twice = STANDARDIZER(once.smiles)
        assert isinstance(twice, Standard), (text, once.smiles, twice)
        assert (twice.smiles, twice.notes) == (once.smiles, ()), text
        with quiet_rdkit():
            assert Chem.CanonSmiles(once.smiles) == once.smiles, text


@pytest.mark.parametrize(
    ("smiles", "expected", "notes"),
    [
        ("OCC", "CCO", ()),
        ("CC(=O)[O-].[Na+]", "CC(=O)O", ("largest fragment", "neutralized")),
        ("C[NH3+].[Cl-]", "CN", ("largest fragment", "neutralized")),
        ("CN(=O)=O", "C[N+](=O)[O-]", ()),
        ("C[S+2]([O-])([O-])C", "CS(C)(=O)=O", ("normalized",)),
        ("C[N+](C)(C)CC(=O)[O-]", "C[N+](C)(C)CC(=O)[O-]", ()),
        ("c1ccccc1.CCCCCCCCCCCCC", "CCCCCCCCCCCCC", ("largest fragment",)),
        ("C[C@H](N)C(=O)O", "C[C@H](N)C(=O)O", ()),
    ],
)
def test_what_it_does_and_says(smiles, expected, notes):
    found = STANDARDIZER(smiles)
    assert isinstance(found, Standard)
    assert (found.smiles, found.notes) == (expected, notes)


def test_nothing_organic_is_rejected():
    found = STANDARDIZER("[Zn+2].[Cl-].[Cl-]")
    assert isinstance(found, Failure)
    assert found.code == "NO_CARBON"


def test_a_charge_that_cannot_leave_stays():
    found = STANDARDIZER("CC(=O)[c-]1c(=O)cc(C)oc1=O.[Na+]")
    assert isinstance(found, Standard)
    assert "[c-]" in found.smiles


AWKWARD = [
    "CC1=CSC(=NC23CC4CC(CC(C4)C2)C3)[NH+]1C(P(=O)([O-])O)P(=O)(O)O",
    "COC(=O)[C@@H]1C(OC(=O)c2ccccc2)CC2CC[C@H]1[N@H+]2C",
    "C1=NC2=[S+][Pt-2]3([S+]=C4NC=NC5=C4[NH+]3C=N5)[NH+]3C=NC(=C23)N1",
    "CCC[c-]1c(=O)n2c(N(C)C)nc3ccc(C)cc3n2c1=O",
]


def test_awkward_salts_and_complexes_settle():
    assert_fixed(AWKWARD)


def test_the_embedded_series_settles():
    assert_fixed(smiles for _, _, smiles in molecules("builtin:chembl2321810"))


def test_molecules_of_zinc_settle():
    library = [smiles for _, _, smiles in molecules("builtin:zinc250k")]
    assert_fixed(random.Random(0).sample(library, 2000))


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared data sets")
def test_salts_and_charged_molecules_settle():
    with open(SHARED / "repurposing" / "approved_drugs_atc.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    column = next(name for name in rows[0] if "smiles" in name.lower())
    with gzip.open(SHARED / "moleculenet" / "hiv.csv.gz", "rt") as file:
        hiv = [row["smiles"] for row in csv.DictReader(file)]
    pool = [s for s in [*(row[column] for row in rows), *hiv] if "." in s or "+" in s or "-]" in s]
    assert_fixed(random.Random(1).sample(pool, 500))


def test_tautomers_meet_in_one_form():
    standardizer = Standardizer(tautomer=True)
    keto, enol = standardizer("CC(=O)CC"), standardizer("CC(O)=CC")
    assert isinstance(keto, Standard)
    assert isinstance(enol, Standard)
    assert keto.smiles == enol.smiles


def test_switched_off_steps_do_nothing():
    bare = Standardizer(normalize=False, largest_fragment=False, uncharge=False)
    found = bare("C[NH3+].[Cl-]")
    assert isinstance(found, Standard)
    assert found.smiles == "C[NH3+].[Cl-]"


def test_settings_and_pickling_give_the_same_policy():
    made = Standardizer(tautomer=True, uncharge=False)
    made("CCO")
    assert Standardizer.from_settings(json.loads(json.dumps(made.settings()))) == made
    assert pickle.loads(pickle.dumps(made)) == made

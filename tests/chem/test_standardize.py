import csv
import gzip
import json
import pickle
import random
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from yaokit.chem.parse import quiet_rdkit
from yaokit.chem.standardize import VERSION, Standard, Standardizer, round_trip
from yaokit.core.errors import UsageError
from yaokit.core.reasons import Failure
from yaokit.data.read.library import molecules

SHARED = Path(__file__).parents[3] / "shared" / "data"
STANDARDIZER = Standardizer()


def assert_fixed(smiles, standardizer=STANDARDIZER):
    """The result, standardized again, is itself; and its SMILES reads back as itself."""
    for text in smiles:
        once = standardizer(text)
        if isinstance(once, Failure):
            continue
        twice = standardizer(once.smiles)
        assert isinstance(twice, Standard), (text, once.smiles, twice)
        assert (twice.smiles, twice.notes) == (once.smiles, ()), text
        with quiet_rdkit():
            assert Chem.CanonSmiles(once.smiles) == once.smiles, text


def standard(text, standardizer=STANDARDIZER) -> Standard:
    found = standardizer(text)
    assert isinstance(found, Standard), found
    return found


def code(text, standardizer=STANDARDIZER) -> str:
    found = standardizer(text)
    assert isinstance(found, Failure), found
    return found.code


MOVED = "charge and hydrogen moved from carbon to nitrogen"
IONIC = "bond to a salt's metal made ionic"


@pytest.mark.parametrize(
    ("smiles", "expected", "notes"),
    [
        ("OCC", "CCO", ()),
        ("CC(=O)[O-].[Na+]", "CC(=O)O", ("largest fragment", "neutralized")),
        ("C[NH3+].[Cl-]", "CN", ("largest fragment", "neutralized")),
        ("CN(=O)=O", "C[N+](=O)[O-]", ("charges separated",)),
        ("C[N+](=O)[O-]", "C[N+](=O)[O-]", ()),
        ("CCCCN=[CH+](N)N", "CCCCN=C(N)N", (MOVED, "neutralized")),
        ("CC(=O)O[Na]", "CC(=O)O", (IONIC, "largest fragment", "neutralized")),
        ("C[S+]([O-])C.[Na+].[Cl-]", "C[S+](C)[O-]", ("largest fragment",)),
        ("[13CH3]C([2H])O", "[2H]C([13CH3])O", ()),
        ("C[S+2]([O-])([O-])C", "CS(C)(=O)=O", ("normalized",)),
        ("C[N+](C)(C)CC(=O)[O-]", "C[N+](C)(C)CC(=O)[O-]", ()),
        ("CCCCCCCCCCCCC.OC1CCCCC1N", "NC1CCCCC1O", ("largest fragment",)),  # a solvent
        ("C[C@H](N)C(=O)O", "C[C@H](N)C(=O)O", ()),
    ],
)
def test_what_it_does_and_says(smiles, expected, notes):
    found = STANDARDIZER(smiles)
    assert isinstance(found, Standard)
    assert (found.smiles, found.notes) == (expected, notes)


@pytest.mark.parametrize("smiles", ["[Zn+2].[Cl-].[Cl-]", "N", "[H][H]", "I", "O=S(=O)(O)O"])
def test_nothing_organic_is_rejected(smiles):
    assert code(smiles) == "NO_CARBON"


@pytest.mark.parametrize(
    ("smiles", "kept"),
    [
        ("NC1CC1.Cc1ccc(S(=O)(=O)O)cc1", "NC1CC1"),  # the salt former is the larger
        ("NC12CC3CC(CC(C3)C1)C2.O=C(O)CC(O)(CC(=O)O)C(=O)O", "NC12CC3CC(CC(C3)C1)C2"),
        ("CC(=O)Oc1ccccc1C(=O)[O-].NCCCC[C@H]([NH3+])C(=O)O", "CC(=O)Oc1ccccc1C(=O)O"),
        ("CCCCCCCN.CCCCCCC[NH3+].[Cl-]", "CCCCCCCN"),  # the same molecule twice
        ("c1ccncc1CCCCCCCCCC.CCC", "CCCCCCCCCCc1cccnc1"),
        ("CCN(CC)CC", "CCN(CC)CC"),  # alone, a salt former is a molecule
        ("CC(=O)[O-].[Na+]", "CC(=O)O"),
    ],
)
def test_of_a_salt_the_molecule_is_kept(smiles, kept):
    assert standard(smiles).smiles == Chem.CanonSmiles(kept)


@pytest.mark.parametrize(
    "smiles",
    [
        "CC(=O)Nc1ccc(O)cc1.CC(C)Cc1ccc(cc1)C(C)C(=O)O",
        "N[C@@H]1C[C@H]1c1ccccc1.N[C@H]1C[C@@H]1c1ccccc1",  # a racemate
        "C[N+](C)(C)CCO.O=C([O-])c1ccccc1O",  # two salt formers
    ],
)
def test_a_mixture_without_a_main_molecule_is_refused(smiles):
    assert code(smiles) == "MIXTURE"
    assert isinstance(Standardizer(strict=False)(smiles), Standard)
    assert "." in standard(smiles, Standardizer(largest_fragment=False)).smiles


@pytest.mark.parametrize("smiles", ["C[Hg]Cl", "N[Pt](N)(Cl)Cl", "C[Mg]Br", "CC(=O)O[Zn]OC(C)=O.CCO"])
def test_a_bonded_metal_is_refused(smiles):
    assert code(smiles) == "METAL"


def test_a_metal_complex_can_be_kept():
    assert standard("C[Hg]Cl", Standardizer(strict=False)).smiles == "[CH3][Hg][Cl]"


@pytest.mark.parametrize(
    ("switches", "smiles", "expected", "notes"),
    [
        ({"isotopes": False}, "[13CH3]C([2H])O", "CCO", ("isotopes removed",)),
        ({"stereo": False}, "C[C@H](F)/C=C/Cl", "CC(F)C=CCl", ("stereo removed",)),
        ({"stereo": False, "isotopes": False}, "C[C@H]([2H])O", "CCO", ("isotopes removed",)),
        ({"tautomer": True}, "CC(O)=CC", "CCC(C)=O", ("tautomer",)),
        ({"normalize": False}, "C[S+2]([O-])([O-])C", "C[S+2](C)([O-])[O-]", ()),
        ({"uncharge": False}, "C[NH3+].[Cl-]", "C[NH3+]", ("largest fragment",)),
        ({"largest_fragment": False}, "C[NH3+].[Cl-]", "CN.Cl", ("neutralized",)),
    ],
)
def test_each_switch_does_its_thing(switches, smiles, expected, notes):
    found = standard(smiles, Standardizer(**switches))
    assert (found.smiles, found.notes) == (expected, notes)


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


ODD = [
    *AWKWARD,
    *("CN(=O)=O", "C[N+](=O)[O-]", "CN=[N+]=[N-]", "C[S+2]([O-])([O-])C", "C[S+](C)[O-]", "CS(C)=O"),
    *("C[N+](C)(C)CC(=O)[O-]", "C[NH3+].[Cl-]", "CC(=O)O[Na]", "OCl(=O)(=O)=O.CN", "C[n+]1ccccc1.[I-]"),
    *("N=[CH+](N)NC", "C[NH]=C(N)N", "CC(C)=O.[2H]C", "[13CH3]O", "C[C@H](F)/C=C/Cl", "Oc1ccccn1"),
    *("C[Hg]Cl", "[NH3]->[Pt](<-[NH3])(Cl)Cl", "CN(C)(C)->O", "CC(=O)Nc1ccc(O)cc1.CC(C)Cc1ccccc1O"),
    *(
        "F[C@H](Cl)Br |&1:1|",
        "[Na+].CC(=O)[CH-]C(C)=O",
        "C1=CC=C[CH-]1.[K+]",
        "O=[N+]([O-])[O-].CN",
        "[O-]c1cc[nH+]cc1",
    ),
]


def test_awkward_salts_and_complexes_settle():
    assert_fixed(ODD)
    assert_fixed(ODD, Standardizer(strict=False))


@cache
def pool() -> list[str]:
    zinc = [row.smiles for row in molecules("builtin:zinc250k")]
    series = [row.smiles for row in molecules("builtin:chembl2321810")]
    return [*ODD, *series[:40], *random.Random(2).sample(zinc, 120)]


SWITCHES = st.fixed_dictionaries(
    {
        name: st.booleans()
        for name in ("normalize", "largest_fragment", "uncharge", "isotopes", "stereo", "tautomer", "strict")
    }
)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000), SWITCHES)
def test_every_combination_of_switches_has_fixed_points(number, switches):
    smiles = pool()[number % len(pool())]
    assert_fixed([smiles], Standardizer(**switches))


def test_the_embedded_series_settles():
    assert_fixed(row.smiles for row in molecules("builtin:chembl2321810"))


def test_molecules_of_zinc_settle():
    library = [row.smiles for row in molecules("builtin:zinc250k")]
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
    made = Standardizer(tautomer=True, uncharge=False, stereo=False)
    made("CCO")
    assert Standardizer.from_settings(json.loads(json.dumps(made.settings()))) == made
    assert pickle.loads(pickle.dumps(made)) == made


def test_settings_of_version_1_do_what_they_did():
    switches = {"normalize": True, "largest_fragment": True, "uncharge": False, "tautomer": False}
    old = Standardizer.from_settings({**switches, "version": 1, "rdkit": "2026.03.1"})
    assert old == Standardizer(uncharge=False, strict=False)


@pytest.mark.parametrize("change", [{"version": VERSION + 1}, {"charge_model": "new"}])
def test_settings_of_a_newer_version_are_refused(change):
    with pytest.raises(UsageError, match="update yaokit"):
        Standardizer.from_settings({**STANDARDIZER.settings(), **change})


def test_a_checked_molecule_is_the_same_but_read_again():
    for text in ("OCC", "C[NH3+].[Cl-]", "c1ccccc1C(=O)O"):
        plain, checked = standard(text), STANDARDIZER(text, check=True)
        assert isinstance(checked, Standard)
        assert (plain.smiles, plain.notes) == (checked.smiles, checked.notes)
        assert round_trip(checked.mol) is None


def test_what_does_not_come_back_the_same_is_told():
    mol = Chem.MolFromSmiles("C[CH2]")
    mol.GetAtomWithIdx(1).SetNumRadicalElectrons(0)
    mol.GetAtomWithIdx(1).SetNoImplicit(True)
    bad = Chem.RWMol(Chem.MolFromSmiles("CC"))
    bad.GetAtomWithIdx(0).SetNumExplicitHs(5)
    bad.GetAtomWithIdx(0).SetNoImplicit(True)
    found = round_trip(bad)
    assert found is not None
    assert found.code == "ROUND_TRIP"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("OC(=O)c1ccccc1O.CCCCCCC", "MIXTURE"),
        ("OC(=O)c1ccccc1O.C[S+](C)[O-]", "MIXTURE"),
        ("OC(=O)c1ccccc1O.[2H]C(Cl)(Cl)Cl", "MIXTURE"),
        ("OC(=O)c1ccccc1.CN1CCCC1=O", "MIXTURE"),
        ("[Ru+2].c1ccnc(-c2ccccn2)c1.c1ccnc(-c2ccccn2)c1.c1ccnc(-c2ccccn2)c1", "METAL"),
        ("[NH3].[NH3].[Pt+2].[O-]C(=O)C1(C(=O)[O-])CCC1", "METAL"),
    ],
)
def test_no_solvent_and_no_ligand_is_taken_for_the_molecule(text: str, code: str):
    found = Standardizer()(text)
    assert isinstance(found, Failure)
    assert found.code == code


def test_zinc_and_silver_are_salt_formers():
    found = Standardizer()("[Ag+].Nc1ccc(S(=O)(=O)[N-]c2ncccn2)cc1")
    assert isinstance(found, Standard)
    assert found.smiles == "Nc1ccc(S(=O)(=O)Nc2ncccn2)cc1"

"""Labels of other sources hold no test molecule."""

from pathlib import Path

import pytest
from rdkit import Chem
from rdkit.Chem import inchi

from yaokit.bench.audit import GROUP, held_out, shared, without_test
from yaokit.bench.rows import standardized, table
from yaokit.core.table import MolTable

SHARED = Path(__file__).parents[3] / "shared" / "data"
EXTRA = (
    *("cyp1a2_substrate", "cyp2c19_substrate", "cyp3a4_substrate", "pgp_substrate", "hepatotoxicity"),
    *("cyp1a2_inhibitor", "cyp2c19_inhibitor", "herg"),
)


def test_the_same_molecule_is_found_whatever_its_stereo_or_salt():
    train = standardized(["C[C@H](N)C(=O)O", "c1ccccc1O.Cl", "CCN"])
    test = standardized(["C[C@@H](N)C(=O)O", "Oc1ccccc1", "CCO", "no molecule"])
    assert shared(train, test).tolist() == [True, True, False, False]


def test_test_molecules_leave_with_a_reason(data: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("yaokit.bench.audit.rows", lambda name: [{"task": "caco2_wang"}, {"task": "hia_hou"}])
    group = data / GROUP
    held = held_out(group, "hia_hou").given[1]
    kept = without_test(MolTable.of([f"{held}.Cl", "CCO"]), group)
    assert kept.smiles == ["CCO"]
    assert kept.rejects["code"].to_pylist() == ["HELD_OUT"]


@pytest.fixture(scope="module")
def held() -> set[str]:
    """InChIKey blocks of all test molecules, made without the code that is tested."""
    found = set()
    for path in sorted((SHARED / GROUP).glob("*.csv*")):
        for row in table(path) if path.name != "published.csv" else []:
            text = standardized([row["Drug"] or ""])[0] if row["split"] == "test" else None
            found.add(inchi.MolToInchiKey(Chem.MolFromSmiles(text))[:14] if text else "")
    return found - {""}


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared data sets")
@pytest.mark.parametrize("name", EXTRA)
def test_no_test_molecule_is_left_in_the_extra_sets(name: str, held: set[str]):
    found = table(SHARED / "admet_extra" / f"{name}.csv")
    column = next(c for c in found[0] if c in ("smiles", "Smiles", "Structure"))
    smiles = [str(row[column]) for row in found]
    kept = without_test(MolTable.of(smiles), SHARED / GROUP)
    left = [text for text in standardized(kept.smiles) if text]
    assert len(kept) < len(smiles)
    assert not {inchi.MolToInchiKey(Chem.MolFromSmiles(text))[:14] for text in left} & held

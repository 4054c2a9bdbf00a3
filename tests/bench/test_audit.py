"""Labels of other sources hold no test molecule."""

from pathlib import Path

import pytest

from yaokit.bench.audit import GROUP, blocks, held_out, shared, without_test
from yaokit.bench.data import rows
from yaokit.bench.rows import standardized, table
from yaokit.core.table import MolTable

SHARED = Path(__file__).parents[3] / "shared" / "data"
EXTRA = ("cyp1a2_substrate", "cyp3a4_substrate", "pgp_substrate", "hepatotoxicity")
ALL_EXTRA = ("cyp1a2_inhibitor", "cyp2c19_inhibitor", "cyp2c19_substrate", "herg")


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


def _no_test_molecule_is_left(name: str) -> None:
    found = table(SHARED / "admet_extra" / f"{name}.csv")
    column = next(c for c in found[0] if c in ("smiles", "Smiles", "Structure"))
    smiles = [str(row[column]) for row in found]
    kept = without_test(MolTable.of(smiles), SHARED / GROUP)
    held = {
        b for row in rows("admet_group.csv") for b in blocks(held_out(SHARED / GROUP, row["task"]).smiles)
    }
    assert len(kept) < len(smiles)
    assert not (set(blocks(standardized(kept.smiles))) & held) - {None}


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared data sets")
@pytest.mark.parametrize("name", EXTRA + ALL_EXTRA)
def test_no_test_molecule_is_left_in_the_extra_sets(name: str):
    _no_test_molecule_is_left(name)

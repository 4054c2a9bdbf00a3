"""A curated table says how it was made, and what is learned from it goes on so."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from yaokit.chem.standardize import Standardizer
from yaokit.core.errors import UsageError
from yaokit.data.curation.curate import ValueColumn, curate, curate_to
from yaokit.data.curation.stamp import stamped

ROWS = """smiles,pKi
Oc1ccccn1,5.0
O=c1cccc[nH]1,5.4
C[C@H](N)C(=O)O,6.0
C[C@@H](N)C(=O)O,6.4
CCO,7.0
"""
POLICY = Standardizer(stereo=False, tautomer=True)
VALUES = [ValueColumn("pKi")]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stamp")
    (folder / "raw.csv").write_text(ROWS)
    curate_to(folder / "t.parquet", [folder / "raw.csv"], values=VALUES, standardizer=POLICY, workers=1)
    return folder / "t.parquet"


def test_a_table_tells_its_standardizer_and_noise(table: Path):
    found = stamped(table)
    assert found is not None
    assert found.standardizer == POLICY
    assert found.noise["pKi"]["n_groups"] == 2
    assert found.told() == [
        "the table was curated with --tautomer --remove-stereo: the model treats all molecules so"
    ]


def test_noise_goes_on_where_replicates_are_merged_already(table: Path):
    found = stamped(table)
    assert found is not None
    again = curate([table], values=VALUES, standardizer=found.standardizer, workers=1).summary
    assert again["tasks"][0]["noise"] is None
    assert found.passed_on(again)["tasks"][0]["noise"] == found.noise["pKi"]
    other = curate([table], values=[ValueColumn("pKi", name="other")], workers=1).summary
    assert found.passed_on(other)["tasks"][0]["noise"] is None


def test_other_files_tell_nothing(table: Path, tmp_path: Path):
    pq.write_table(pq.read_table(table).replace_schema_metadata(None), tmp_path / "plain.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    for name in ("plain.parquet", "broken.parquet", "missing.parquet", "t.csv"):
        assert stamped(tmp_path / name) is None


@pytest.mark.parametrize("text", [b"{", b"[]", b"{}", b'{"standardizer": {}, "noise": 1}'])
def test_what_another_version_wrote_is_told(table: Path, tmp_path: Path, text: bytes):
    path = tmp_path / "t.parquet"
    pq.write_table(pq.read_table(table).replace_schema_metadata({b"yaokit": text}), path)
    with pytest.raises(UsageError, match="another version"):
        stamped(path)

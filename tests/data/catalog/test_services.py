"""ChEMBL and PubChem, answered in their shape by a server on this machine."""

import csv
import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from toy_server import Answer, Asked, Rule, serving

from yaokit.core.errors import Interrupted, NothingUsable, UsageError
from yaokit.data.catalog import chembl, pubchem
from yaokit.data.catalog.fetch import fetch
from yaokit.data.catalog.web import Patience
from yaokit.data.curation.curate import ValueColumn, curate

QUICK = Patience(attempts=2, wait_s=0.001, timeout_s=2)
IC50 = "chembl/CHEMBL203/IC50"


@pytest.fixture(autouse=True)
def _small_and_quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YAOKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(chembl, "PAGE", 2)
    monkeypatch.setattr(pubchem, "PORTION", 2)
    monkeypatch.setattr(pubchem, "PAUSE_S", 0)


def activity(number: int) -> dict:
    """One record with the fields of the service that are used, and one that is not."""
    return {
        "activity_id": 1000 + number,
        "molecule_chembl_id": f"CHEMBL{number}",
        "canonical_smiles": "C" * number + "O",
        "standard_type": "IC50",
        "standard_relation": ">" if number == 3 else "=",
        "standard_value": str(10.0 * number),
        "standard_units": "nM",
        "pchembl_value": None if number == 3 else "7.50",
        "data_validity_comment": None,
        "assay_chembl_id": "CHEMBL674637",
        "assay_type": "B",
        "assay_description": 'Inhibition, of "EGFR"\nin vitro',
        "target_chembl_id": "CHEMBL203",
        "target_pref_name": "Epidermal growth factor receptor",
        "target_organism": "Homo sapiens",
        "document_chembl_id": "CHEMBL1123456",
        "document_year": 1995,
        "ligand_efficiency": None,
    }


def paging(total: int, told: int | None = None) -> Rule:
    """The activity service with `total` records, of which it says there are `told`."""

    def rule(asked: Asked) -> Answer:
        query = {name: values[0] for name, values in parse_qs(urlsplit(asked.path).query).items()}
        assert query["target_chembl_id"] == "CHEMBL203"
        offset, limit = int(query["offset"]), int(query["limit"])
        rows = [activity(i) for i in range(1, total + 1)][offset : offset + limit]
        meta = {
            "limit": limit,
            "offset": offset,
            "total_count": told or total,
            "next": None,
            "previous": None,
        }
        return Answer(json.dumps({"activities": rows, "page_meta": meta}).encode())

    return rule


def bring(monkeypatch: pytest.MonkeyPatch, host: str, url: str, name: str) -> Path:
    monkeypatch.setenv(f"YAOKIT_HOST_{host}", url)
    return Path(fetch(name, patience=QUICK)["path"])


def test_all_pages_become_one_table_that_curates(monkeypatch: pytest.MonkeyPatch):
    with serving(paging(5)) as server:
        path = bring(monkeypatch, "CHEMBL", server.url, IC50)
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["molecule_chembl_id"] for row in rows] == [f"CHEMBL{i}" for i in range(1, 6)]
    assert tuple(rows[0]) == chembl.COLUMNS
    assert rows[2]["pchembl_value"] == ""
    assert rows[0]["assay_description"] == 'Inhibition, of "EGFR"\nin vitro'
    assert len(server.asked) == 3
    value = ValueColumn("standard_value", unit_column="standard_units", relation="standard_relation")
    curated = curate([f"data:{IC50}"], values=[value], workers=1)
    assert curated.summary["n_kept"] == 5
    assert "CC BY-SA" in json.dumps(curated.summary)


def test_a_stopped_run_asks_only_for_the_pages_left(monkeypatch: pytest.MonkeyPatch):
    whole = paging(5)
    with serving(lambda asked: Answer(status=500) if "offset=4" in asked.path else whole(asked)) as server:
        with pytest.raises(Interrupted, match="HTTP 500"):
            bring(monkeypatch, "CHEMBL", server.url, IC50)
        server.rule, before = whole, len(server.asked)
        path = bring(monkeypatch, "CHEMBL", server.url, IC50)
    assert [asked.path[-8:] for asked in server.asked[before:]] == ["offset=4"]
    assert len(path.read_text().splitlines()) == 1 + 5 * 2  # the description has two lines
    assert not list(path.parent.glob("*.pages"))


def test_a_target_without_values_says_so(monkeypatch: pytest.MonkeyPatch):
    with serving(paging(0)) as server, pytest.raises(NothingUsable, match="no IC50 of CHEMBL203"):
        bring(monkeypatch, "CHEMBL", server.url, IC50)


def test_pages_that_do_not_add_up_are_no_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    with (
        serving(paging(3, told=5)) as server,
        pytest.raises(UsageError, match="told of 5 activities and gave 3"),
    ):
        bring(monkeypatch, "CHEMBL", server.url, IC50)
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


@pytest.mark.parametrize("body", [b"{}", b"[1]", b"null", b"oops", b'{"activities": [], "page_meta": {}}'])
def test_another_answer_is_not_taken_for_chembls(
    body: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    with (
        serving(lambda asked: Answer(body)) as server,
        pytest.raises(UsageError, match="not what ChEMBL's service gives"),
    ):
        bring(monkeypatch, "CHEMBL", server.url, IC50)
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


HEADER = (
    "PUBCHEM_RESULT_TAG,PUBCHEM_SID,PUBCHEM_CID,PUBCHEM_EXT_DATASOURCE_SMILES,"
    "PUBCHEM_ACTIVITY_OUTCOME,PUBCHEM_ACTIVITY_SCORE,Potency\n"
    "RESULT_TYPE,,,,,,FLOAT\nRESULT_DESCR,,,,,,Concentration\nRESULT_UNIT,,,,,,MICROMOLAR\n"
)


def assay(sids: str = "11\n12\n13\n") -> Rule:
    def rule(asked: Asked) -> Answer:
        if asked.path == "/assay/aid/1851/sids/TXT":
            return Answer(sids.encode())
        assert asked.path == "/assay/aid/1851/CSV"
        wanted = asked.body.decode().removeprefix("sid=").split(",")
        rows = [f"{i},{sid},{sid}0,{'C' * int(sid)},Active,40,0.5" for i, sid in enumerate(wanted, start=1)]
        return Answer((HEADER + "\n".join(rows) + "\n").encode())

    return rule


def test_an_assay_comes_in_portions_without_the_rows_about_columns(monkeypatch: pytest.MonkeyPatch):
    with serving(assay()) as server:
        path = bring(monkeypatch, "PUBCHEM", server.url, "pubchem/1851")
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["PUBCHEM_SID"] for row in rows] == ["11", "12", "13"]
    assert [asked.body for asked in server.asked] == [b"", b"sid=11,12", b"sid=13"]


@pytest.mark.parametrize("sids", ["", "Status: 404\n"])
def test_an_assay_without_substances_says_so(sids: str, monkeypatch: pytest.MonkeyPatch):
    with serving(assay(sids)) as server, pytest.raises(NothingUsable, match="no substances for assay 1851"):
        bring(monkeypatch, "PUBCHEM", server.url, "pubchem/1851")


def test_another_table_is_not_taken_for_an_assay(monkeypatch: pytest.MonkeyPatch):
    def rule(asked: Asked) -> Answer:
        return Answer(b"11\n") if "sids" in asked.path else Answer(b"a,b\n1,2\n")

    with serving(rule) as server, pytest.raises(UsageError, match="not what PubChem's service gives"):
        bring(monkeypatch, "PUBCHEM", server.url, "pubchem/1851")

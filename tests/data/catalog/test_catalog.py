"""The catalog: every set told in full, found by name, checked by content, read like any other file."""

import hashlib
import io
import json
import zipfile
from itertools import islice
from pathlib import Path

import pytest
from toy_server import Answer, in_turn, serving

from yaokit.core.errors import UsageError
from yaokit.data.catalog.builtin import builtins, source_files
from yaokit.data.catalog.catalog import Entry, catalog, find, located
from yaokit.data.catalog.fetch import fetch
from yaokit.data.catalog.listing import described, sets
from yaokit.data.catalog.web import Patience
from yaokit.data.read.files import read_records
from yaokit.data.read.library import molecules

SHARED = Path(__file__).parents[4] / "shared/data"
TABLE = b"smiles,pIC50\nCCO,5\nCCN,6\n"
QUICK = Patience(attempts=2, wait_s=0.001, timeout_s=2)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YAOKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("YAOKIT_DATA_DIR", raising=False)


def bring(name: str, **how) -> dict:
    return fetch(name, patience=QUICK, **how)


def mirrors(monkeypatch: pytest.MonkeyPatch, host: str, url: str) -> None:
    monkeypatch.setenv(f"YAOKIT_HOST_{host}", url)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with one small set, whose checksum the catalog knows."""
    file = tmp_path / "sets" / "moleculenet" / "bace.csv"
    file.parent.mkdir(parents=True)
    file.write_bytes(TABLE)
    monkeypatch.setitem(find("bace").__dict__, "sha256", hashlib.sha256(TABLE).hexdigest())
    return tmp_path / "sets"


@pytest.mark.parametrize("entry", catalog().values(), ids=lambda e: e.name)
def test_every_set_is_told_in_full(entry: Entry):
    assert entry.title
    assert entry.task in ("regression", "classification", "pairs", "molecules")
    assert (entry.task == "molecules") == (not entry.value)
    assert entry.rows
    assert entry.bytes
    assert len(entry.sha256 or "") == 64
    assert entry.licence
    assert entry.family.citation
    assert (entry.file or "/")[0] not in "/."
    assert bool(entry.address) == bool(entry.family.host)


@pytest.mark.parametrize("name", builtins())
def test_embedded_sets_open_at_once_and_have_the_rows_told(name: str):
    entry, found = builtins()[name], molecules(f"builtin:{name}")
    if entry.rows > 10_000:
        assert len(list(islice(found, 10))) == 10
    else:
        assert sum(1 for _ in found) == entry.rows


@pytest.mark.skipif(not SHARED.exists(), reason="no folder of data sets here")
@pytest.mark.parametrize("entry", catalog().values(), ids=lambda e: e.name)
def test_a_folder_of_real_sets_is_as_the_catalog_says(entry: Entry):
    file = located(entry, SHARED)
    assert file is not None
    table = read_records(file)
    if entry.value and "columns" not in entry.value:
        assert set(entry.value.split("; ")) <= set(table.columns)
    if (entry.rows or 0) < 20_000:
        assert sum(1 for _ in table) == entry.rows


class TestNames:
    @pytest.mark.parametrize("name", ["moleculenet/bace", "bace", "BACE"])
    def test_the_last_part_is_enough(self, name: str):
        assert find(name).name == "moleculenet/bace"

    @pytest.mark.parametrize(
        ("name", "told"),
        [
            ("herg", "did you mean admet_extra/herg or tdc_admet_group/herg"),
            ("bac", "did you mean moleculenet/bace"),
            ("xyzzy", "`yaokit data list` has them all"),
            ("chembl/EGFR", "spelled like chembl/CHEMBL203/IC50"),
            ("chembl/CHEMBL203/../x", "spelled like"),
            ("pubchem/aspirin", "spelled like pubchem/1851"),
            ("../../etc/passwd", "no data set is called"),
            ("", "no data set is called"),
        ],
    )
    def test_other_names_are_told_near_ones(self, name: str, told: str):
        with pytest.raises(UsageError, match=told):
            find(name)

    def test_services_have_a_source_too(self):
        assert find("chembl/CHEMBL203/IC50").value == "pchembl_value"
        assert "PubChem" in find("pubchem/1851").source


class TestWeb:
    def test_a_set_is_fetched_once_recorded_and_read_by_name(self, monkeypatch: pytest.MonkeyPatch):
        with serving(in_turn(Answer(TABLE))) as server:
            mirrors(monkeypatch, "DEEPCHEM", server.url)
            first, again = bring("bace"), bring("bace")
        assert [asked.path for asked in server.asked] == ["/bace.csv"]
        assert (first["checked"], again["checked"]) == ("recorded", "as recorded")
        assert first["sha256"] == again["sha256"] == hashlib.sha256(TABLE).hexdigest()
        assert first["origin"] == f"{server.url}/bace.csv"
        assert [m[2] for m in molecules("data:bace")] == ["CCO", "CCN"]
        assert source_files("data:bace") == [Path(first["path"])]

    def test_a_file_that_changed_in_the_cache_is_found_out(self, monkeypatch: pytest.MonkeyPatch):
        with serving(in_turn(Answer(TABLE))) as server:
            mirrors(monkeypatch, "DEEPCHEM", server.url)
            Path(bring("bace")["path"]).write_bytes(b"smiles\nC\n")
            with pytest.raises(UsageError, match=r"as recorded: changed or damaged; .* --again"):
                bring("bace")
            assert bring("bace", again=True)["bytes"] == len(TABLE)

    def test_without_a_network_the_message_says_what_to_do(self, monkeypatch: pytest.MonkeyPatch, tmp_path):
        with serving(in_turn(Answer(TABLE))) as server:
            mirrors(monkeypatch, "DEEPCHEM", server.url)
        with pytest.raises(
            UsageError, match=r"no connection .*fetch http.*put it at .*bace\.csv.*--data-dir"
        ):
            bring("bace")
        place = tmp_path / "cache" / "data" / "moleculenet" / "bace.csv"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(TABLE)  # as told
        assert bring("bace")["origin"] == "put into the cache by hand"

    def test_a_set_that_is_on_no_server_asks_for_a_folder(self):
        with pytest.raises(
            UsageError, match="not on the web in this form; give a folder that holds admet_extra/"
        ):
            bring("cyp1a2_inhibitor")

    def test_a_set_not_fetched_yet_says_how(self):
        with pytest.raises(UsageError, match="yaokit data fetch moleculenet/bace"):
            source_files("data:bace")

    def test_an_interrupted_replacement_keeps_what_was_there(self, monkeypatch: pytest.MonkeyPatch):
        with serving(in_turn(Answer(TABLE), Answer(status=404))) as server:
            mirrors(monkeypatch, "DEEPCHEM", server.url)
            path = Path(bring("bace")["path"])
            with pytest.raises(UsageError, match="HTTP 404"):
                bring("bace", again=True)
        assert path.read_bytes() == TABLE


def zipped(files: dict[str, str]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return held.getvalue()


HERG = {
    "admet_group/herg/train_val.csv": "Drug_ID,Drug,Y\na,CCO,1\nb,CCN,0\n",
    "admet_group/herg/test.csv": 'Drug_ID,Drug,Y\n"c, d",CCC,1\n',
}


class TestArchive:
    def served(self, monkeypatch: pytest.MonkeyPatch, *bodies: bytes):
        return serving(in_turn(*(Answer(body) for body in bodies)))

    def test_the_parts_become_one_table_and_one_download_serves_all(self, monkeypatch: pytest.MonkeyPatch):
        more = {name.replace("herg", "dili"): text for name, text in HERG.items()}
        with self.served(monkeypatch, zipped(HERG | more)) as server:
            mirrors(monkeypatch, "DATAVERSE", server.url)
            path = bring("tdc_admet_group/herg")["path"]
            bring("tdc_admet_group/dili")
        assert [asked.path for asked in server.asked] == ["/4426004"]
        rows = Path(path).read_text().splitlines()
        assert rows == ["split,Drug_ID,Drug,Y", "train_val,a,CCO,1", "train_val,b,CCN,0", 'test,"c, d",CCC,1']

    def test_members_cannot_leave_the_folder(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
        hostile = {"../../evil.csv": "x", "/tmp/yaokit-evil.csv": "x", "admet_group/herg/../../../x": "x"}
        with self.served(monkeypatch, zipped(hostile | HERG)) as server:
            mirrors(monkeypatch, "DATAVERSE", server.url)
            bring("tdc_admet_group/herg")
        files = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()}
        place = "cache/data/tdc_admet_group"
        assert files == {f"{place}/herg.csv", f"{place}/herg.csv.json", f"{place}/archive.zip"}
        assert not Path("/tmp/yaokit-evil.csv").exists()

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            (b"not a zip at all", "not a zip file"),
            (zipped({"other.csv": "x"}), "holds 0 files herg/train_val.csv"),
            (zipped({**HERG, "twice/herg/test.csv": "x"}), "holds 2 files herg/test.csv"),
        ],
    )
    def test_other_archives_are_refused(self, body: bytes, told: str, monkeypatch, tmp_path: Path):
        with self.served(monkeypatch, body) as server:
            mirrors(monkeypatch, "DATAVERSE", server.url)
            with pytest.raises(UsageError, match=told):
                bring("tdc_admet_group/herg")
        assert not (tmp_path / "cache/data/tdc_admet_group/herg.csv").exists()

    def test_a_bomb_is_not_unpacked(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("yaokit.data.catalog.fetch.MAX_MEMBER_BYTES", 1000)
        bomb = {**HERG, "admet_group/herg/test.csv": "C" * 100_000}
        with self.served(monkeypatch, zipped(bomb)) as server:
            mirrors(monkeypatch, "DATAVERSE", server.url)
            with pytest.raises(UsageError, match="would unpack to 100,000 bytes"):
                bring("tdc_admet_group/herg")


class TestFolder:
    def test_a_set_is_read_from_the_folder_and_copied_from_it(self, folder: Path, monkeypatch):
        done = bring("bace", data_dir=folder)
        assert done["checked"] == "known"
        assert Path(done["path"]).read_bytes() == TABLE
        monkeypatch.setenv("YAOKIT_DATA_DIR", str(folder))
        assert source_files("data:bace") == [folder / "moleculenet" / "bace.csv"]

    def test_a_damaged_file_is_refused_and_listed_as_such(self, folder: Path):
        (folder / "moleculenet" / "bace.csv").write_bytes(TABLE + b"C,1\n")
        with pytest.raises(UsageError, match="another version, or damaged"):
            bring("bace", data_dir=folder)
        where = {about["name"]: about["where"] for about in sets(folder)}
        assert where["moleculenet/bace"] == "other version"

    def test_a_folder_that_is_not_there_is_told(self, tmp_path: Path):
        with pytest.raises(UsageError, match="no such folder of data sets"):
            bring("bace", data_dir=tmp_path / "nowhere")

    def test_the_list_says_where_each_set_is(self, folder: Path):
        where = {about["name"]: about["where"] for about in sets(folder)}
        assert where["builtin:zinc250k"] == "embedded"
        assert where["moleculenet/bace"] == "folder"
        assert where["moleculenet/bbbp"] == "web"
        assert where["admet_extra/herg"] == "--data-dir"


@pytest.mark.parametrize("name", ["builtin:chembl2321810", "zinc250k", "bace", "chembl/CHEMBL203/Ki"])
def test_a_description_is_json_with_licence_and_place(name: str):
    about = json.loads(json.dumps(described(name)))
    assert about["licence"]
    assert about["where"] in ("embedded", "web")
    assert about["source"]

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

RAW = """Name,Structure,IC50_nM
a,CCOc1ccc(cc1)C(=O)O,120 nM
b,CCOc1ccc(cc1)C(=O)[O-].[Na+],95
c,CC(C,80
d,c1ccccc1CN,> 10000
e,c1ccncc1CO,
"""


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "raw.csv"
    path.write_text(RAW)
    return path


def test_writes_the_table_and_its_companions(yaokit: Callable, raw: Path, tmp_path: Path) -> None:
    done = yaokit("curate", raw, "-o", "new/clean.parquet", "--value", "IC50_nM", "--unit", "nM", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert [summary[k] for k in ("n_in", "n_kept", "n_merged", "n_rejected")] == [5, 2, 1, 2]
    assert summary["codes"] == {"SYNTAX": 1, "VALUE_MISSING": 1}
    table = pq.read_table(tmp_path / "new/clean.parquet")
    assert table["pIC50"].to_pylist() == pytest.approx([6.9715, 5.0], abs=1e-3)
    names = {file.name for file in (tmp_path / "new").iterdir()}
    endings = ("parquet", "rejects.csv", "merged.csv", "issues.csv", "summary.json")
    assert names == {f"clean.{end}" for end in endings}


def test_too_many_rejects_is_said_after_writing(yaokit: Callable, raw: Path, tmp_path: Path) -> None:
    words = ("curate", raw, "-o", "clean.parquet", "--value", "IC50_nM", "--unit", "nM", "--max-rejects")
    assert yaokit(*words, "2").returncode == 0
    (tmp_path / "clean.parquet").unlink()
    done = yaokit(*words, "1")
    assert done.returncode == 4
    assert "2 rows rejected" in done.stderr
    assert (tmp_path / "clean.parquet").exists()


def test_dry_run_shows_rows_and_writes_nothing(yaokit: Callable, raw: Path, tmp_path: Path) -> None:
    done = yaokit("curate", raw, "-o", "clean.parquet", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "structures in 'Structure', names in 'Name'" in done.stdout
    assert "pIC50 <5" in done.stdout
    assert "rejected, SYNTAX" in done.stdout
    assert "guess" in done.stdout
    assert list(tmp_path.iterdir()) == [raw]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["raw.csv", "--value", "IC50_nM", "--unit", "parsec"], 2, "parsec"),
        (["raw.csv", "--value", "IC50_nM", "--unit", "nM", "--unit", "M"], 2, "1 --value but 2 --unit"),
        (["raw.csv", "--value", "Ki"], 2, "raw.csv has no column 'Ki'; its columns are: Name"),
        (["no.csv"], 2, "no.csv"),
        (["empty.csv"], 3, "empty.csv"),
        (["words.csv", "--smiles", "smiles"], 3, "SYNTAX"),
    ],
)
def test_bad_input_is_one_line_with_its_code(
    words: list[str], code: int, told: str, yaokit: Callable, raw: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty.csv").touch()
    (tmp_path / "words.csv").write_text("smiles\nC1CC\n")
    done = yaokit("curate", *words, "-o", "clean.parquet")
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "clean.parquet").exists()


def test_a_folder_without_write_permission_is_named(yaokit: Callable, raw: Path, tmp_path: Path) -> None:
    done = yaokit("curate", raw, "-o", "raw.csv/clean.parquet")
    assert done.returncode == 2, done.stderr
    assert "raw.csv" in done.stderr
    assert done.stderr.count("\n") == 1

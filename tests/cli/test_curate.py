import json
import subprocess
import sys
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
    endings = ("parquet", "html", "rejects.csv", "merged.csv", "issues.csv", "summary.json")
    assert names == {f"clean.{end}" for end in endings}


def test_noise_is_told_with_what_it_leaves_in_the_merged_values(
    yaokit: Callable, raw: Path, tmp_path: Path
) -> None:
    done = yaokit("curate", raw, "-o", "clean.parquet", "--value", "IC50_nM", "--unit", "nM")
    # log10(120 / 95) = 0.101: over √2 the deviation of one of them, over 2 that of their mean
    told = "replicates differ by 0.07 RMSE: expect no model below an RMSE of 0.05 on this table"
    assert told in " ".join(done.stdout.split())


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
        (["raw.csv", "--value", "IC50_nM", "--threshold", "6"], 2, "add --task classification"),
        (["raw.csv", "--task", "classification"], 2, "needs a --value"),
        (["raw.csv", "--value", "Name", "--task", "classification"], 2, "holds 5 different labels"),
        (["raw.csv", "--delimiter", "ab"], 2, "delimiter"),
        (["raw.csv", "--encoding", "klingon"], 2, "klingon"),
        (["raw.csv", "--decimal", ";"], 2, "decimal"),
        (["raw.csv", "--dryrun"], 2, "there is no option --dryrun"),
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


def test_classes_are_made_at_a_threshold(yaokit: Callable, raw: Path, tmp_path: Path) -> None:
    classes = ("--task", "classification", "--threshold", "6", "--gray", "0.5")
    done = yaokit("curate", raw, "-o", "c.parquet", "--value", "IC50_nM", "--unit", "nM", *classes)
    assert done.returncode == 0, done.stderr
    assert "1 are 1, 1 are 0" in done.stdout
    assert pq.read_table(tmp_path / "c.parquet")["pIC50"].to_pylist() == [1, 0]


def test_reading_is_told_where_it_cannot_be_guessed(yaokit: Callable, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("smiles;Größe\nCCO;1,234\nCCN;2,345\n".encode("utf-16"))
    words = ("--value", "Größe", "--decimal", ",", "--delimiter", "semicolon", "--encoding", "utf-16")
    done = yaokit("curate", "t.csv", "-o", "t.parquet", *words)
    assert done.returncode == 0, done.stderr
    assert pq.read_table(tmp_path / "t.parquet")["Größe"].to_pylist() == [1.234, 2.345]


def test_switches_of_the_chemistry_have_an_effect(yaokit: Callable, tmp_path: Path) -> None:
    (tmp_path / "t.smi").write_text("C[C@H](F)[13CH3] a\nOC1=NC=CC=C1 b\nCl[Pt](Cl)(N)N c\n")
    yaokit("curate", "t.smi", "-o", "plain.parquet")
    yaokit(
        "curate",
        "t.smi",
        "-o",
        "t.parquet",
        "--remove-isotopes",
        "--remove-stereo",
        "--tautomer",
        "--lenient",
    )
    plain, changed = (
        pq.read_table(tmp_path / name)["smiles"].to_pylist() for name in ("plain.parquet", "t.parquet")
    )
    assert plain == ["C[C@@H]([13CH3])F", "Oc1ccccn1"]
    assert changed[:2] == ["CC(C)F", "O=c1cccc[nH]1"]
    assert json.loads((tmp_path / "t.summary.json").read_text())["standardizer"]["tautomer"] is True


def test_standard_input_is_read(tmp_path: Path) -> None:
    words = [
        sys.executable,
        "-c",
        "from yaokit.cli import main; main()",
        "curate",
        "-",
        "-o",
        "in.parquet",
        "--quiet",
    ]
    done = subprocess.run(
        words, input=b"smiles,id\nCCO,a\nCCN,b\n", cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert pq.read_table(tmp_path / "in.parquet")["source"].to_pylist() == ["<stdin>", "<stdin>"]


def test_dry_run_shows_all_roles_and_changes(yaokit: Callable, tmp_path: Path) -> None:
    header = "SMILES,Catalog ID,IC50 (nM),Assay,Organism,lot\n"
    (tmp_path / "t.csv").write_text(header + "CC(=O)[O-].[Na+],a,5,X,Homo sapiens,9\n")
    done = yaokit("curate", "t.csv", "-o", "t.parquet", "--dry-run")
    assert "assay in 'Assay', organism in 'Organism'" in done.stdout
    assert "CC(=O)[O-].[Na+] → CC(=O)O (largest fragment; neutralized)  pIC50 8.3" in done.stdout
    assert "'lot'" in done.stdout

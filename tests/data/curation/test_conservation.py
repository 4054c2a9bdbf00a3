"""No row is lost: what goes in is kept, merged or rejected, however damaged the file is."""

import csv
import gzip
import os
import re
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yaokit.core.errors import NothingUsable, UsageError, YaokitError
from yaokit.data.curation.curate import ValueColumn, curate
from yaokit.data.read.files import read_records

SMILES = [
    "CCO",
    "OCC",
    "c1ccccc1O",
    "CC(=O)[O-].[Na+]",
    "C1CC",
    "C[N](C)(C)(C)C",
    "ＣCO",
    "NO",
    "[Na+].[Cl-]",
    "O",
]
VALUES = ["5.5", "12 nM", ">10000", "n.d.", "", "active", "-5", "1,234", "1e400"]
LETTERS = st.characters(
    codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\ufeff"
)
STRUCTURE = st.one_of(st.sampled_from(SMILES), st.text(LETTERS, max_size=12))
NAME = st.text(LETTERS, max_size=12)
ROW = st.tuples(STRUCTURE, NAME, st.sampled_from(VALUES)).filter(lambda row: any(map(str.strip, row)))
ENDS, DELIMITERS = ["\n", "\r\n", "\r"], [",", "\t", ";"]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]
GOOD = "c1ccccc1CC,good,7"  # a row that is always usable
quick = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def write(path: Path, rows: Iterable[Iterable[str]], *, delimiter: str = ",", end: str = "\n") -> str:
    """A table whose cells are quoted where they must be."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter=delimiter, lineterminator=end)
        table.writerow(["smiles", "name", "IC50"])
        table.writerow(GOOD.split(","))
        table.writerows(rows)
    return path.read_bytes().decode()


@given(
    st.lists(ROW, max_size=20), st.sampled_from(DELIMITERS), st.sampled_from(ENDS), st.sampled_from(ENCODINGS)
)
@settings(quick, max_examples=150)
def test_every_row_and_cell_of_a_table_is_read(
    tmp_path: Path, rows: list, delimiter: str, end: str, encoding: str
):
    text = write(tmp_path / "t.csv", rows, delimiter=delimiter, end=end)
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    read = [list(record.cells.values()) for record in read_records(tmp_path / "t.csv")]
    assert read == [[cell.strip() or None for cell in row] for row in [GOOD.split(","), *rows]]


@given(st.lists(ROW, max_size=12), st.data())
@settings(quick, max_examples=150)
def test_a_table_damaged_anywhere_gives_a_record_for_every_line(
    tmp_path: Path, rows: list, data: st.DataObject
):
    path = tmp_path / "t.csv"
    content = damaged(write(path, rows).encode(), data)
    path.write_bytes(content)
    try:
        records = list(read_records(path))
    except YaokitError:
        return
    lines = {
        i for i, line in enumerate(re.split(rb"\r\n|\r|\n", content), start=1) if line.strip(b" \t\0\x1a")
    }
    assert len(records) <= len(lines)
    if b'"' not in content and content.isascii():
        header = lines - {record.line for record in records}
        assert len(header) <= 1
        assert header <= {min(lines)}


def damaged(content: bytes, data: st.DataObject) -> bytes:
    """The bytes with some places cut out, overwritten or repeated."""
    for _ in range(data.draw(st.integers(0, 4))):
        a, b = sorted(data.draw(st.tuples(*[st.integers(0, len(content))] * 2)))
        instead = data.draw(
            st.sampled_from([b"", b'"', b"\n", b",", b"\r", b"\xb5", b"\0", b"\n\n", content[a:b]])
        )
        content = content[:a] + instead + content[min(b, a + 5) :]
    return content


@given(st.lists(st.lists(ROW, max_size=12), min_size=1, max_size=6), st.data())
@settings(quick, max_examples=12)
def test_rows_in_are_rows_kept_merged_and_rejected(tmp_path: Path, tables: list, data: st.DataObject):
    files = [tmp_path / f"{i}.csv" for i in range(len(tables))]
    for path, rows in zip(files, tables, strict=True):
        write(path, rows)
        if data.draw(st.booleans()):
            path.write_bytes(b"smiles,name,IC50\n" + damaged(path.read_bytes().partition(b"\n")[2], data))
    write(files[0], tables[0])
    n_rows = sum(sum(1 for _ in read_records(path)) for path in files if not is_refused(path))
    files = [path for path in files if not is_refused(path)]
    curated = curate(files, values=[ValueColumn("IC50", unit="nM")], workers=1)
    accounted(curated.summary, n_rows)
    table = curated.table
    assert (table.n_kept, table.n_merged, table.n_rejected) == tuple(
        curated.summary[f"n_{how}"] for how in ("kept", "merged", "rejected")
    )
    assert sum(curated.summary["codes"].values()) == table.n_rejected
    assert sum(table.data["n"].to_pylist()) == table.n_kept + table.n_merged


def is_refused(path: Path) -> bool:
    try:
        return not any(True for _ in read_records(path))
    except YaokitError:
        return True


def accounted(summary: dict, n_rows: int) -> None:
    assert summary["n_in"] == n_rows
    assert summary["n_in"] == summary["n_kept"] + summary["n_merged"] + summary["n_rejected"]


DATA = Path(os.environ.get("YAOKIT_DATA") or Path(__file__).parents[4] / "shared/data")
MOST_LINES = 50_000
TABLES = (".csv", ".tsv", ".smi", ".sdf", ".txt")


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="no folder of real tables; name it in YAOKIT_DATA")
def test_no_row_of_any_real_table_is_lost(tmp_path: Path):
    done, refused = {}, []
    for path in sorted(DATA.rglob("*")):
        if path.name.removesuffix(".gz").endswith(TABLES):
            file, n_rows = start_of(path, tmp_path)
            try:
                accounted(curate([file], workers=2).summary, n_rows)
                done[path.name] = n_rows
            except (UsageError, NothingUsable) as error:
                refused.append((str(error), f"none of the {n_rows:,} rows"))
    assert [said for said, n in refused if "no column of SMILES" not in said and n not in said] == []
    assert len(done) > 90


def start_of(path: Path, folder: Path) -> tuple[Path, int]:
    """The file, or its first lines if it is long, and how many rows they are by Python's own csv."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", errors="replace", newline="") as file:
        lines = list(islice(file, MOST_LINES + 1))
    if len(lines) > MOST_LINES:
        path = folder / path.name.removesuffix(".gz")
        path.write_text("".join(lines), encoding="utf-8", newline="")
    if path.name.removesuffix(".gz").endswith((".csv", ".tsv")):
        delimiter = "\t" if path.name.removesuffix(".gz").endswith(".tsv") else ","
        return path, sum(1 for row in csv.reader(lines, delimiter=delimiter) if row) - 1
    if path.suffix == ".sdf":
        return path, max(1, sum(line.startswith("$$$$") for line in lines))
    return path, sum(not line.isspace() for line in lines) - ("smiles" in lines[0])

"""Tables as CSV files that spreadsheets read as data, never as formulas."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from yaokit.core.store import write_json, writing
from yaokit.data.curation.stamp import stamp

if TYPE_CHECKING:
    from yaokit.data.curation.curate import Curated

# What a spreadsheet may run or split off: a formula sign, also full-width, also behind blanks.
_FORMULA = re.compile(r"[\s\x00-\x1f\u200b-\u200d\u2060\ufeff]*[=+\-@|＝＋－＠]|[\t\r\n]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_BATCH = 4096


def write_csv(table: pa.Table, path: Path) -> None:
    """The table as UTF-8 CSV, whole or not at all; lists are joined by "; ", null is empty.

    A text cell that a spreadsheet would run as a formula gets an apostrophe before it.
    """
    with writing(path) as part, csv_writer(part) as write:
        write(table)


@contextmanager
def csv_writer(path: Path) -> Iterator[Callable[[pa.Table], None]]:
    """Appends tables of the same columns to one CSV file; the first brings the header."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")

        def write(table: pa.Table) -> None:
            if not file.tell():
                writer.writerow(safe_cell(name) for name in table.column_names)
            for batch in table.to_batches(_BATCH):
                columns: Sequence[list[Any]] = [column.to_pylist() for column in batch.columns]
                writer.writerows([safe_cell(value) for value in row] for row in zip(*columns, strict=True))

        yield write


def safe_cell(value: Any) -> Any:
    """The value as a CSV cell: numbers as they are, text that cannot act as a formula."""
    if isinstance(value, list):
        value = "; ".join("" if item is None else str(item) for item in value)
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return "'" + value
    return value


def write_curated(curated: "Curated", out: Path) -> None:
    """OUT.parquet with its companions and OUT.summary.json; `out` with or without .parquet."""
    stem = stem_of(out)
    stem.parent.mkdir(parents=True, exist_ok=True)
    table = curated.table
    for path, part in zip(companions(stem)[1:], (table.rejects, table.merged, curated.issues), strict=True):
        write_csv(part, path)
    write_json(stem.with_name(f"{stem.name}.summary.json"), curated.summary)
    with writing(companions(stem)[0]) as part:
        pq.write_table(table.data.replace_schema_metadata(stamp(curated.summary)), part)


def stem_of(out: Path) -> Path:
    """OUT without .parquet."""
    return out.with_suffix("") if out.suffix == ".parquet" else out


def companions(stem: Path) -> list[Path]:
    """The curated table and the CSV files beside it: rejects, merged, issues."""
    endings = ("parquet", "rejects.csv", "merged.csv", "issues.csv")
    return [stem.with_name(f"{stem.name}.{ending}") for ending in endings]

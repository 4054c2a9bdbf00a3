"""The columns of an input file on their way into an output: as text, or with the types they have."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from yaokit.data.catalog.builtin import is_builtin
from yaokit.data.read.files import Record, reader
from yaokit.data.read.parquet import read_parquet


def free_names(given: Sequence[str], ours: Collection[str]) -> dict[str, str]:
    """Input column → its name beside our columns: its own, or behind "input_" until that is free."""
    taken = {*given, *ours}
    names = {}
    for name in given:
        label = name
        while label in (taken if name in ours else ()):
            label = f"input_{label}"
        taken.add(label)
        names[name] = label
    return names


def has_types(file: str | Path) -> bool:
    """Whether the columns of a file that can be read have types: of Parquet alone."""
    return not is_builtin(file) and reader(Path(file)) is read_parquet


def typed_rows(file: str | Path, columns: Sequence[str], n: int) -> Iterator[pa.Table]:
    """The rows of a Parquet file, n at a time, the columns under these names."""
    waiting: list[pa.RecordBatch] = []
    for batch in pq.ParquetFile(file).iter_batches(n):
        waiting.append(batch)
        while sum(map(len, waiting)) >= n:
            table = pa.Table.from_batches(waiting)
            yield table.slice(0, n).rename_columns(list(columns))
            waiting = table.slice(n).to_batches()
    if waiting:
        yield pa.Table.from_batches(waiting).rename_columns(list(columns))


def as_text(records: Sequence[Record], columns: Sequence[str]) -> pa.Table:
    """The cells of some rows, as text."""
    cells = {name: [record.cells.get(name) for record in records] for name in columns}
    return pa.table({name: pa.array(values, pa.string()) for name, values in cells.items()})

"""Rows of a Parquet file as text cells."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from yaokit.core.errors import NothingUsable, UsageError
from yaokit.data.records import Record, Records, existing

_BATCH = 8192


def read_parquet(path: str | Path) -> Records:
    """A Parquet file, batch by batch; numbers as their shortest text, lists joined by "; "."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = existing(path)
    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise UsageError(f"{path} is not a whole Parquet file ({error}); write it again") from None
    if not file.metadata.num_rows:
        raise NothingUsable(f"{path} has no rows")
    columns = file.schema_arrow.names
    return Records(path.name, tuple(columns), _records(path.name, file))


def _records(source: str, file: Any) -> Iterator[Record]:
    number = 0
    for batch in file.iter_batches(_BATCH):
        for row in batch.to_pylist():
            number += 1
            yield Record(source, number, {name: as_text(value) for name, value in row.items()})


def as_text(value: Any) -> str | None:
    """A cell as text; None for nothing, NaN and blank text."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, list | tuple):
        return "; ".join(text for item in value if (text := as_text(item)) is not None) or None
    return str(value).strip() or None

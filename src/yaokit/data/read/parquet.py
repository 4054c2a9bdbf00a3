"""Rows of a Parquet file as text cells."""

import datetime
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from yaokit.core.errors import NothingUsable, UsageError
from yaokit.data.read.records import (
    AS_FOUND,
    Reading,
    Record,
    Records,
    existing,
    shown,
    source_of,
    unique_names,
)

_BATCH = 8192


def read_parquet(path: str | Path, reading: Reading = AS_FOUND) -> Records:
    """A Parquet file, batch by batch; numbers as their shortest text, lists joined by "; "."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = existing(path)
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise UsageError(f"{shown(path)} is not a whole Parquet file ({error}); write it again") from None
    if not file.metadata.num_rows:
        raise NothingUsable(f"{shown(path)} has no rows")
    source = source_of(path)
    columns, notes = unique_names(file.schema_arrow.names, source)
    return Records(source, tuple(columns), _records(path, source, columns, file), notes)


def _records(path: Path, source: str, columns: Sequence[str], file: Any) -> Iterator[Record]:
    number = 0
    try:
        for batch in file.iter_batches(_BATCH):
            texts = [_texts(column) for column in batch.columns]
            for cells in zip(*texts, strict=True):
                number += 1
                yield Record(source, number, dict(zip(columns, cells, strict=True)))
    except OSError as error:  # also what Arrow raises for damaged pages
        raise UsageError(f"{shown(path)}: damaged after row {number:,} ({error}); write it again") from None


def _texts(column: Any) -> list[str | None]:
    """A column's cells as text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if pa.types.is_integer(kind) or pa.types.is_float32(kind) or pa.types.is_float16(kind):
        return [None if text == "nan" else text for text in pc.cast(column, pa.string()).to_pylist()]
    return [as_text(value) for value in column.to_pylist()]


def as_text(value: Any) -> str | None:
    """A cell as text; None for nothing, NaN and blank text; dates and times in ISO form."""
    if isinstance(value, str):
        return value.strip() or None
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime.datetime) and not (value.time() != datetime.time() or value.tzinfo):
        return value.date().isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return "; ".join(text for item in value if (text := as_text(item)) is not None) or None
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=as_text)
    if isinstance(value, bytes):
        return as_text(value.decode("utf-8", "backslashreplace"))
    return str(value).strip() or None

"""Predictions for a file: one output row per input row, in the same order."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain, islice
from os.path import realpath
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from yaokit.chem.standardize import Standard
from yaokit.core.digits import DIGITS, significant
from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.guard import Pool
from yaokit.core.progress import SILENT, Progress
from yaokit.core.reasons import Failure
from yaokit.core.store import writing
from yaokit.data.export import csv_writer
from yaokit.data.read.columns import roles_of
from yaokit.data.read.files import Record, read_records
from yaokit.data.read.library import count_lines
from yaokit.models import load
from yaokit.models.trusted import Trusted
from yaokit.screen.carried import as_text, free_names, has_types, typed_rows
from yaokit.screen.shard import Entry, Standardize, is_line, predicted, shown

SHOWN = "shown"  # of a piece: SMILES in place of mol blocks
_PIECE = 1_024
_SAMPLE = 20


class Predict:
    """Entries and what standardizing made of them → their prediction columns."""

    def __init__(self, model: Path, digits: int | None = DIGITS) -> None:
        self.folder, self.digits = model, digits
        self._model: Trusted | None = None

    def __call__(self, entries: Sequence[Entry], found: Sequence[Standard | Failure]) -> pa.Table:
        model = self._model = self._model or cast(Trusted, load(self.folder))
        found, known = predicted(model, found)
        good = [i for i, f in enumerate(found) if isinstance(f, Standard)]
        columns = {name: _placed(values, good, len(found), self.digits) for name, values in known.items()}
        failed = [f if isinstance(f, Failure) else None for f in found]
        columns[SHOWN] = pa.array([_shown(e, f) for e, f in zip(entries, found, strict=True)], pa.string())
        columns["status"] = pa.array(["failed" if f else "ok" for f in failed], pa.string())
        reasons = [f"{f.code}: {f.message}" if f else None for f in failed]
        columns["reason"] = pa.array(reasons, pa.string())
        return pa.table(columns)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_model": None}


def predict_file(
    model: Path,
    file: str | Path,
    out: Path,
    *,
    smiles: str | None = None,
    digits: int | None = DIGITS,
    typed: bool = True,
    workers: int = 2,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Write `out` (.csv or .parquet): the input columns, then the prediction's, status and reason.

    An input column that has the name of one of ours is written as input_NAME. `digits`: significant
    ones of the numbers, None for all there are; `typed`: from Parquet to Parquet the input columns
    keep their types, else they are text. Gives n_in, n_ok, n_failed. UsageError for a wrong model,
    file or ending; NothingUsable if the file has no rows.
    """
    if out.suffix not in (".csv", ".parquet"):
        raise UsageError(f"{out}: write predictions to a file ending in .csv or .parquet")
    if realpath(file) == realpath(out):
        raise UsageError(f"{out} is the input and would be overwritten; choose another name with -o")
    predictor = load(model)
    if not isinstance(predictor, Trusted):
        raise UsageError(f"{model} is a single member; predict with the trained folder around it")
    table = read_records(file)
    sample = list(islice(table, _SAMPLE))
    if not sample:
        raise NothingUsable(f"{file}: no rows in it")
    structure, _ = roles_of(table, sample, smiles, None)
    waiting: deque[list[Record]] = deque()
    pieces = _pieces(chain(sample, table), structure, waiting)
    keep_types = typed and out.suffix == ".parquet" and has_types(file)
    given = typed_rows(file, table.columns, _PIECE) if keep_types else None
    n_in = n_ok = 0
    total = count_lines(file)
    with (
        Pool(Standardize(predictor.standardizer), Predict(model, digits), workers=workers) as pool,
        writing(out) as part,
        _writer(part, out.suffix) as write,
    ):
        for found in progress.track(pool.map(pieces), "predicting", total, weigh=len):
            records = waiting.popleft()
            rows = as_text(records, table.columns) if given is None else next(given)
            write(_beside(rows, records, structure, found))
            n_in, n_ok = n_in + len(found), n_ok + found["status"].to_pylist().count("ok")
    return {"n_in": n_in, "n_ok": n_ok, "n_failed": n_in - n_ok}


def _pieces(rows: Iterator[Record], structure: str, waiting: deque[list[Record]]) -> Iterator[list[Entry]]:
    """Batches of entries; their records wait in `waiting` until the answer comes."""
    while records := list(islice(rows, _PIECE)):
        waiting.append(records)
        yield [Entry(r.line, "", r.cells.get(structure) or "", r.source, r.failure) for r in records]


def _beside(given: pa.Table, records: list[Record], structure: str, found: pa.Table) -> pa.Table:
    """The input columns (structures as text, mol blocks as SMILES), and ours."""
    blocks, found = found[SHOWN].to_pylist(), found.drop_columns([SHOWN])
    cells = [record.cells.get(structure) for record in records]
    cells = [cell if block is None else block for cell, block in zip(cells, blocks, strict=True)]
    place = given.column_names.index(structure)
    given = given.set_column(place, structure, pa.array(cells, pa.string()))
    names = free_names(given.column_names, found.column_names)
    columns = {names[name]: given[name] for name in given.column_names}
    return pa.table(columns | {name: found[name] for name in found.column_names})


def _shown(entry: Entry, found: Standard | Failure) -> str | None:
    """What stands in place of a mol block; None if the structure is a line of text."""
    if is_line(entry.smiles):
        return None
    return shown(entry.smiles) if isinstance(found, Standard) else ""


def _placed(values: np.ndarray, at: list[int], n: int, digits: int | None) -> pa.Array:
    """The values at their rows, null elsewhere and for no text."""
    out: list[Any] = [None] * n
    for i, value in zip(at, values.tolist(), strict=True):
        if isinstance(value, float):
            out[i] = significant(value, digits)
        elif value != "":
            out[i] = value
    return pa.array(out, {"b": pa.bool_(), "U": pa.string()}.get(values.dtype.kind, pa.float64()))


@contextmanager
def _writer(path: Path, suffix: str) -> Iterator[Callable[[pa.Table], None]]:
    """Appends tables of the same columns to a CSV or Parquet file."""
    if suffix == ".csv":
        with csv_writer(path) as write_rows:
            yield write_rows
        return
    with ExitStack() as stack:
        sink: list[pq.ParquetWriter] = []

        def write(table: pa.Table) -> None:
            if not sink:
                sink.append(stack.enter_context(pq.ParquetWriter(path, table.schema)))
            sink[0].write_table(table)

        yield write

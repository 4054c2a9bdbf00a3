"""Rows of one molecule brought together under its standardized SMILES, in flat memory."""

import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yaokit.data.curation.activity import Measured
from yaokit.data.curation.measurements import ValueColumn
from yaokit.data.curation.replicates import Noise, combined, contradiction, spread, voted
from yaokit.data.curation.shards import RELATIONS, Shards, arrow_writer, read_arrow, value_names

PART = 400_000  # rows that are grouped at once
MAX_CONFLICTS = 20_000  # that are listed
NONE, TIED = -1, -2  # in `first`: the row cannot be used; its replicates contradict each other evenly


class Conflict(NamedTuple):
    """A molecule whose replicates contradict each other: its first row, by how much, in which value."""

    row: int
    spread: float
    task: str
    values: tuple[str, ...]


@dataclass
class Groups:
    """Which rows belong together.

    `first` (rows,) int64: number of the first row of the row's molecule, NONE or TIED; 8 bytes a row.
    `parts` are files with a line for each molecule of several rows: first, n, lines, spread, v<j>, r<j>;
    each is sorted by first.
    """

    first: np.ndarray
    parts: list[Path] = field(default_factory=list)
    ties: dict[int, str] = field(default_factory=dict)
    noise: list[Noise] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)  # the MAX_CONFLICTS largest, largest first
    n_conflicts: int = 0  # molecules

    @property
    def n_kept(self) -> int:
        return int(np.count_nonzero(self.first == np.arange(len(self.first))))


def grouped(shards: Shards, n_rows: int, values: Sequence[ValueColumn]) -> Groups:
    """The groups of all rows; PART rows or so are held in memory at once."""
    groups = Groups(np.full(n_rows, NONE, np.int64), noise=[Noise() for _ in values])
    for number, table in enumerate(_parts(shards, n_rows)):
        path = shards.folder / f"group-{number:04}.arrow"
        many = _group(table, values, groups)
        with arrow_writer(path, many.schema) as writer:
            writer.write_table(many, max_chunksize=4096)
        groups.parts.append(path)
        groups.conflicts.sort(key=lambda conflict: (-conflict.spread, conflict.row))
        del groups.conflicts[MAX_CONFLICTS:]
    return groups


def _parts(shards: Shards, n_rows: int) -> Iterator[pa.Table]:
    """The usable rows (row, line, smiles, values), those of one molecule in one table, in input order."""
    columns = ["row", "line", "smiles", *value_names(shards.n_values)]
    tables = (table.filter(table["smiles"].is_valid()) for table in shards.tables(columns))
    n_parts = -(-n_rows // PART)
    if n_parts <= 1:
        yield pa.concat_tables([pa.schema([shards.schema.field(c) for c in columns]).empty_table(), *tables])
        return
    paths = [shards.folder / f"part-{number:04}.arrow" for number in range(n_parts)]
    with ExitStack() as stack:
        schema = pa.schema([shards.schema.field(name) for name in columns])
        writers = [stack.enter_context(arrow_writer(path, schema)) for path in paths]
        for table in tables:
            part = [zlib.crc32(smiles.encode()) % n_parts for smiles in table["smiles"].to_pylist()]
            which = np.array(part, np.int64)
            for number, writer in enumerate(writers):
                writer.write_table(table.filter(pa.array(which == number)))
    for path in paths:
        yield read_arrow(path)
        path.unlink()


def _group(table: pa.Table, values: Sequence[ValueColumn], groups: Groups) -> pa.Table:
    """Note the first row of each molecule; a line for each molecule of several rows."""
    codes = table["smiles"].combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    rows = table["row"].to_numpy()
    first_at = np.unique(codes, return_index=True)[1]
    first = rows[first_at]  # by code, which count up in order of appearance
    groups.first[rows] = first[codes]
    n = np.bincount(codes, minlength=len(first))
    repeated = np.flatnonzero((n > 1)[codes])
    order = repeated[np.argsort(codes[repeated], kind="stable")]
    taken = table.take(pa.array(order))
    columns = [_measured(taken, j) for j in range(len(values))]
    lines = taken["line"].to_numpy()
    out: list[tuple[Any, ...]] = []
    start = 0
    for size in n[n > 1].tolist():
        end = start + size
        members = [[m for m in column[start:end] if m is not None] for column in columns]
        row = int(rows[order[start]])
        found = _combined(row, members, values, groups)
        if isinstance(found, str):
            groups.first[rows[order[start:end]]] = TIED
            groups.ties |= dict.fromkeys(rows[order[start:end]].tolist(), found)
        else:
            out.append((row, size, lines[start:end].tolist(), *found))
        start = end
    schema = _schema(len(values))
    columns = zip(*out, strict=True) if out else [()] * len(schema)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def _measured(table: pa.Table, j: int) -> list[Measured | None]:
    pairs = zip(table[f"v{j}"].to_pylist(), table[f"r{j}"].to_pylist(), strict=True)
    return [None if value is None else Measured(value, RELATIONS[code]) for value, code in pairs]


def _combined(
    row: int, members: Sequence[list[Measured]], values: Sequence[ValueColumn], groups: Groups
) -> tuple[Any, ...] | str:
    """Spread, then value and relation of each task; why not if votes are tied and nothing else is known."""
    found: list[Any] = []
    ties, conflicts = [], []
    widths = [spread(own) for own in members]
    for j, (own, width, value) in enumerate(zip(members, widths, values, strict=True)):
        measured = combined(own) if value.classes is None else voted(own)
        found += (measured.value, RELATIONS.index(measured.relation)) if measured else (None, None)
        if value.classes is None:
            groups.noise[j].add(own)
        elif own and measured is None:
            ties.append(f"{value.task}: as many rows of this molecule say 1 as say 0")
        if value.classes is None and value.on_p_scale:
            width = contradiction(own)
        if width and (value.classes is not None or (value.on_p_scale and width > 1.0)):
            shown = tuple(f"{m.relation.strip('=')}{m.value:.4g}" for m in own[:20])
            conflicts.append(Conflict(row, width, value.task, shown))
    if ties and not any(value is not None for value in found):
        return "; ".join(ties)
    groups.conflicts += conflicts
    groups.n_conflicts += bool(conflicts)
    return max((width for width in widths if width is not None), default=None), *found


def _schema(n_values: int) -> pa.Schema:
    fields = [("first", pa.int64()), ("n", pa.int64()), ("lines", pa.list_(pa.int64()))]
    fields += [("spread", pa.float64())]
    for j in range(n_values):
        fields += [(f"v{j}", pa.float64()), (f"r{j}", pa.int8())]
    return pa.schema(fields)


class Cursor:
    """Reads the lines of a part in order of `first`, some at a time."""

    def __init__(self, path: Path) -> None:
        self._file = pa.OSFile(str(path))
        self._reader = pa.ipc.open_file(self._file)
        self._next = 0
        self._left = self._reader.schema.empty_table()

    def until(self, row: int) -> pa.Table:
        """The lines not given yet whose first row is below `row`."""
        found = [self._left]
        while (not len(found[-1]) or found[-1]["first"][-1].as_py() < row) and (
            self._next < self._reader.num_record_batches
        ):
            found.append(pa.Table.from_batches([self._reader.get_batch(self._next)]))
            self._next += 1
        table = pa.concat_tables(found)
        n = int(pc.sum(pc.less(table["first"], row)).as_py() or 0)
        self._left = table.slice(n)
        return table.slice(0, n)

    def close(self) -> None:
        self._file.close()

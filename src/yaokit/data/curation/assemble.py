"""The curated table, written shard by shard from rows and their groups."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yaokit.core.table import MERGED, REJECTS
from yaokit.data.curation.groups import NONE, TIED, Cursor, Groups
from yaokit.data.curation.ids import UniqueIds
from yaokit.data.curation.measurements import ValueColumn
from yaokit.data.curation.shards import RELATIONS, Shards

WHERE = pa.schema([("source", pa.string()), ("line", pa.int64()), ("smiles", pa.string())])
_MERGED = pa.schema([*MERGED, *WHERE])
_INTEGER = r"^-?(0|[1-9]\d{0,17})$"
_NUMBER = r"^-?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?$"


class Assembly:
    """Gives the parts of the curated table in input order: kept and rejected rows, then merged ones.

    `parts()` has to be read to its end before `merged()`.
    """

    def __init__(
        self,
        shards: Shards,
        groups: Groups,
        values: Sequence[ValueColumn],
        sources: Sequence[str],
        watched: Collection[str] = (),
    ) -> None:
        """`watched`: carried columns of which it is noted where the rows of one molecule differ."""
        self._shards, self._groups, self._values = shards, groups, values
        self._sources = pa.array(sources, pa.string())
        self._first: list[np.ndarray] = []
        self._ids: list[pa.Array] = []
        self._watched = {column: f"c{i}" for i, column in enumerate(shards.carried) if column in watched}
        self._cells: list[pa.Table] = []  # of watched columns, in the first rows
        self.differing: dict[str, int] = {}  # watched column → molecules with more than one entry there
        self.ids = UniqueIds()
        self.names: dict[str, str] = {}  # of carried columns: in the input → in the table
        self._types = self._survey()
        self.schema = self._schema()

    def _survey(self) -> list[pa.DataType]:
        """The type of each carried column; takes note of all ids."""
        possible = [[pa.int64(), pa.float64()] for _ in self._shards.carried]
        is_given = [False] * len(possible)
        for table in self._shards.tables(["row", "id", *self._carried()]):
            kept = table.filter(self._is_kept(table))
            self.ids.see(kept["id"].to_pylist())
            for i, left in enumerate(possible):
                cells = kept[f"c{i}"].drop_null()
                is_given[i] |= len(cells) > 0
                left[:] = [kind for kind in left if _fits(cells, kind)]
        self.ids.ready()
        return [
            left[0] if left and given else pa.string() for left, given in zip(possible, is_given, strict=True)
        ]

    def _schema(self) -> pa.Schema:
        fields: dict[str, pa.DataType] = {"row": pa.int64(), "id": pa.string(), "smiles": pa.string()}
        for value in self._values:
            fields[value.task] = pa.float64() if value.classes is None else pa.int8()
            fields[f"{value.task}_relation"] = pa.string()
        fields |= {"n": pa.int64(), "spread": pa.float64(), "repaired": pa.string(), "source": pa.string()}
        fields |= {"source_rows": pa.list_(pa.int64()), "input_smiles": pa.string()}
        for column, kind in zip(self._shards.carried, self._types, strict=True):
            name = column
            while name in fields:
                name = f"input_{name}"
            fields[name] = kind
            self.names[column] = name
        return pa.schema(list(fields.items()))

    def parts(self) -> Iterator[tuple[pa.Table, pa.Table, pa.Table]]:
        """For each shard: all its rows as they were read, the kept ones, the rejected ones."""
        with ExitStack() as stack:
            cursors = []
            for path in self._groups.parts:
                cursors.append(Cursor(path))
                stack.callback(cursors[-1].close)
            for table in self._shards.tables():
                end = table["row"][-1].as_py() + 1
                many = pa.concat_tables(cursor.until(end) for cursor in cursors).sort_by("first")
                yield table, self._kept(table.filter(self._is_kept(table)), many), self._rejected(table)

    def _kept(self, rows: pa.Table, many: pa.Table) -> pa.Table:
        ids = pa.array(self.ids.give(rows["id"].to_pylist()), pa.string())
        first = many["first"].to_numpy()
        at = np.searchsorted(rows["row"].to_numpy(), first)
        self._first.append(first)
        self._ids.append(ids.take(pa.array(at)))
        self._cells.append(rows.select(list(self._watched.values())).take(pa.array(at)))
        n = np.ones(len(rows), np.int64)
        n[at] = many["n"].to_numpy()
        columns: list[Any] = [rows["row"], ids, rows["smiles"]]
        for j, value in enumerate(self._values):
            measured = _replaced(rows[f"v{j}"], at, many[f"v{j}"], len(rows))
            relation = _replaced(rows[f"r{j}"], at, many[f"r{j}"], len(rows))
            columns.append(measured if value.classes is None else measured.cast(pa.int8()))
            columns.append(pa.array(RELATIONS).take(relation))
        nothing = pa.chunked_array([pa.nulls(len(rows), pa.float64())])
        columns += [pa.array(n), _replaced(nothing, at, many["spread"], len(rows)), rows["notes"]]
        columns += [self._sources.take(rows["source"]), _lines(rows["line"], n, many["lines"]), rows["text"]]
        for column, kind in zip(self._carried(), self._types, strict=True):
            columns.append(rows[column].cast(kind))
        return pa.table(columns, schema=self.schema)

    def _rejected(self, table: pa.Table) -> pa.Table:
        first = self._first_of(table)
        failed = table.filter(pa.array((first == NONE) | (first == TIED)))
        codes, messages = failed["code"], failed["message"]
        if self._groups.ties:
            ties = [self._groups.ties.get(row) for row in failed["row"].to_pylist()]
            codes = pc.coalesce(codes, pa.array([tie and "CONFLICT" for tie in ties], pa.string()))
            messages = pc.coalesce(messages, pa.array(ties, pa.string()))
        columns = [failed["row"], *self._where(failed), codes, messages]
        return pa.table(columns, schema=REJECTS)

    def merged(self) -> Iterator[pa.Table]:
        """For each shard: which rows went into which molecule."""
        first = np.concatenate([np.zeros(0, np.int64), *self._first])
        ids = pa.concat_arrays([pa.array([], pa.string()), *self._ids])
        if not len(first):
            return
        cells, differ = pa.concat_tables(self._cells), {column: set[int]() for column in self._watched}
        for table in self._shards.tables(["row", "source", "line", "text", *self._watched.values()]):
            of = self._first_of(table)
            mask = (of >= 0) & (of != table["row"].to_numpy())
            rows, at = table.filter(pa.array(mask)), np.searchsorted(first, of[mask])
            for column, name in self._watched.items():
                pairs = zip(
                    at.tolist(), rows[name].to_pylist(), cells[name].take(at).to_pylist(), strict=True
                )
                differ[column] |= {i for i, cell, kept in pairs if cell != kept}
            yield pa.table([rows["row"], ids.take(pa.array(at)), *self._where(rows)], schema=_MERGED)
        self.differing = {column: len(found) for column, found in differ.items() if found}

    def ids_of(self, rows: Sequence[int]) -> list[str]:
        """The ids of molecules of several rows, told by their first rows."""
        first = np.concatenate([np.zeros(0, np.int64), *self._first])
        ids = pa.concat_arrays([pa.array([], pa.string()), *self._ids])
        return ids.take(pa.array(np.searchsorted(first, np.array(rows, np.int64)))).to_pylist()

    def _where(self, rows: pa.Table) -> list[Any]:
        return [self._sources.take(rows["source"]), rows["line"], rows["text"]]

    def _first_of(self, table: pa.Table) -> np.ndarray:
        start = table["row"][0].as_py() if len(table) else 0
        return self._groups.first[start : start + len(table)]

    def _is_kept(self, table: pa.Table) -> pa.Array:
        return pa.array(self._first_of(table) == table["row"].to_numpy())

    def _carried(self) -> list[str]:
        return [f"c{i}" for i in range(len(self._shards.carried))]


def no_merged() -> pa.Table:
    """A table of merged rows without rows."""
    return _MERGED.empty_table()


def _fits(cells: pa.ChunkedArray, kind: pa.DataType) -> bool:
    """Whether all texts are plain numbers of the kind ("007" is none)."""
    pattern = _INTEGER if kind == pa.int64() else _NUMBER
    for some in (cells.slice(0, 64), cells):
        if len(some) and not pc.all(pc.match_substring_regex(some, pattern)).as_py():
            return False
    return True


def _replaced(column: pa.ChunkedArray, at: np.ndarray, new: pa.ChunkedArray, n: int) -> pa.ChunkedArray:
    """The column with other entries at these places."""
    if not len(at):
        return column
    place = np.arange(n)
    place[at] = n + np.arange(len(at))
    return pa.chunked_array([*column.chunks, *new.chunks], column.type).take(pa.array(place))


def _lines(lines: pa.ChunkedArray, n: np.ndarray, many: pa.ChunkedArray) -> pa.Array:
    """For each molecule the lines of all its rows."""
    offsets = np.concatenate([[0], np.cumsum(n)]).astype(np.int32)
    is_many = np.repeat(n > 1, n)
    flat = np.empty(offsets[-1], np.int64)
    flat[~is_many] = lines.to_numpy()[n == 1]
    flat[is_many] = pc.list_flatten(many).to_numpy()
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat))

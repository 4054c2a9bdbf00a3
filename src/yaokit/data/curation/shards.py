"""Rows on their way through curation, kept on disk in shards that are whole or absent."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa

from yaokit.core.errors import UsageError
from yaokit.core.reasons import Failure
from yaokit.core.store import read_json, write_json, writing
from yaokit.data.curation.chunks import Chunk
from yaokit.data.curation.clean import Clean

ROWS = 32_768  # a shard ends with the chunk that reaches so many
RELATIONS = ("=", ">", "<")
_OURS = re.compile(r"(claim\.json|(rows|part|group)-\d+\.arrow)(\.part)?|\.lock")
_CODE = {relation: i for i, relation in enumerate(RELATIONS)}
_COMPRESSED = pa.ipc.IpcWriteOptions(compression="lz4")


class Shards:
    """A folder of shards: Arrow files of all rows, in input order.

    Columns: row, source (number of the file), line, text (structure as shown), id, code and message
    (null if the row can be used), smiles, notes; v<j>, r<j>, f<j> (value, relation, flags of the j-th
    value); c<i> (the i-th carried column, as text).
    """

    def __init__(self, folder: Path, n_values: int, carried: Sequence[str]) -> None:
        self.folder = folder
        self.n_values = n_values
        self.carried = tuple(carried)
        self.schema = _schema(n_values, len(self.carried))

    def claim(self, key: str) -> int:
        """Keep what an interrupted run with the same key left here, else empty the folder; rows kept.

        UsageError if the folder holds anything that no such run has written.
        """
        if foreign := foreign_files(self.folder):
            raise UsageError(f"{self.folder} holds other files ({foreign[0]}, …); move it or change -o")
        path = self.folder / "claim.json"
        if not path.exists() or read_json(path) != {"key": key}:
            for old in self.folder.glob("*-*.arrow*"):
                old.unlink()
            write_json(path, {"key": key})
        return sum(len(table) for table in self.tables(["row"]))

    def paths(self) -> list[Path]:
        return sorted(self.folder.glob("rows-*.arrow"))

    def tables(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The shards in order, or only some of their columns."""
        for path in self.paths():
            yield read_arrow(path, columns)

    def fill(self, results: Iterable[tuple[Chunk, list[Clean | Failure]]]) -> Iterator[int]:
        """Write results after the shards that are there; tells how many rows each chunk had."""
        number, n_rows = len(self.paths()), 0
        with ExitStack() as stack:
            writer = None
            for chunk, found in results:
                if writer is None:
                    part = stack.enter_context(writing(self.folder / f"rows-{number:06}.arrow"))
                    writer = stack.enter_context(arrow_writer(part, self.schema))
                writer.write_batch(self._batch(chunk, found))
                n_rows += len(found)
                if n_rows >= ROWS:
                    stack.pop_all().close()
                    writer, number, n_rows = None, number + 1, 0
                yield len(found)

    def _batch(self, chunk: Chunk, found: Sequence[Clean | Failure]) -> pa.RecordBatch:
        n = len(found)
        failures = [item if isinstance(item, Failure) else None for item in found]
        clean = [item if isinstance(item, Clean) else None for item in found]
        columns = [
            list(range(chunk.start, chunk.start + n)),
            [chunk.source] * n,
            [record.line for record in chunk.records],
            [item.shown if item else _one_line(text) for item, text in zip(clean, chunk.texts, strict=True)],
            chunk.ids,
            [item and item.code for item in failures],
            [item and item.message for item in failures],
            [item and item.smiles for item in clean],
            [item and item.notes for item in clean],
        ]
        for values, flags in zip(chunk.values, chunk.flags, strict=True):
            columns.append([item and item.value for item in values])
            columns.append([item and _CODE[item.relation] for item in values])
            columns.append(flags)
        columns += [[record.cells.get(name) for record in chunk.records] for name in self.carried]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, self.schema, strict=True)]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def foreign_files(folder: Path) -> list[str]:
    """What a work folder holds that no curation has written."""
    return sorted(path.name for path in folder.iterdir() if not _OURS.fullmatch(path.name))


def read_arrow(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """An Arrow file as `arrow_writer` wrote it, or only some of its columns."""
    with pa.OSFile(str(path)) as file:
        schema = pa.ipc.open_file(file).schema
        wanted = None if columns is None else [schema.get_field_index(name) for name in columns]
        options = pa.ipc.IpcReadOptions(included_fields=wanted)
        return pa.ipc.open_file(file, options=options).read_all()


def arrow_writer(path: Path, schema: pa.Schema) -> pa.ipc.RecordBatchFileWriter:
    """Writes batches to a compressed Arrow file."""
    return pa.ipc.new_file(str(path), schema, options=_COMPRESSED)


def value_names(n_values: int) -> list[str]:
    """The columns of values and their relations."""
    return [f"{letter}{j}" for j in range(n_values) for letter in "vr"]


def _one_line(text: str | None) -> str | None:
    return None if text is None or "\n" in text else text


def _schema(n_values: int, n_carried: int) -> pa.Schema:
    text = pa.string()
    fields = [("row", pa.int64()), ("source", pa.int32()), ("line", pa.int64()), ("text", text), ("id", text)]
    fields += [("code", text), ("message", text), ("smiles", text), ("notes", text)]
    for j in range(n_values):
        fields += [(f"v{j}", pa.float64()), (f"r{j}", pa.int8()), (f"f{j}", pa.int8())]
    return pa.schema([*fields, *((f"c{i}", text) for i in range(n_carried))])

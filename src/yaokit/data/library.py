"""Molecules of a library file, one by one, as fast as they can be read."""

import zlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path

from yaokit.data.builtin import is_builtin, open_path, source_files
from yaokit.data.columns import roles_of
from yaokit.data.delimited import read_smiles, smiles_and_name
from yaokit.data.files import read_records, suffix
from yaokit.data.records import Records
from yaokit.data.text import lines, open_bytes

_SAMPLE = 20
_CHUNK = 1 << 20
Molecule = tuple[int, str, str]


def molecules(path: str | Path, *, smiles: str | None = None, id: str | None = None) -> Iterator[Molecule]:
    """Line number, id and SMILES text of each row, streamed; also of "builtin:NAME".

    The id is the name column or second field, otherwise "<file stem>:<line>". A row that cannot
    be split into cells has the SMILES "", so that it is rejected and counted, never skipped.
    """
    if not (is_builtin(path) and len(source_files(path)) > 1):
        path = open_path(path)
        if suffix(path) in (".smi", ".smiles", ".txt") and read_smiles(path).columns == ("smiles", "id"):
            return _plain(path)
    return _of_records(read_records(path), smiles, id)


def count_lines(path: str | Path) -> int:
    """How many rows the file has at most, for progress; quick."""
    files = source_files(path)
    if suffix(files[0]) == ".parquet":
        import pyarrow.parquet as pq

        return pq.ParquetFile(files[0]).metadata.num_rows
    if suffix(files[0]) == ".xlsx":
        return sum(1 for _ in read_records(files[0]))
    with open_bytes(files[0]) as file:
        last, n = b"\n", 0
        with suppress(EOFError, OSError, zlib.error):  # a damaged archive: the reader says so
            while chunk := file.read(_CHUNK):
                n, last = n + chunk.count(b"\n"), chunk[-1:]
    return n + (last != b"\n")


def _plain(path: Path) -> Iterator[Molecule]:
    stem = _stem(path.name)
    for number, line in enumerate(lines(path), start=1):
        fields = line.split()
        if len(fields) == 1:
            yield number, f"{stem}:{number}", fields[0]
        elif fields:
            smiles, name = smiles_and_name(line)
            yield number, name or f"{stem}:{number}", smiles


def _of_records(table: Records, smiles: str | None, id: str | None) -> Iterator[Molecule]:
    sample = list(islice(table, _SAMPLE))
    structure, name = roles_of(table, sample, smiles, id)
    stem = _stem(table.source)
    for record in chain(sample, table):
        own = record.cells.get(name) if name else None
        yield record.line, own or f"{stem}:{record.line}", record.cells.get(structure) or ""


def _stem(name: str) -> str:
    return name.split(".")[0]

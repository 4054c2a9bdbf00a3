"""Molecules of a library file, one by one, as fast as they can be read."""

import zlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from yaokit.core.reasons import Failure
from yaokit.data.catalog.builtin import is_builtin, open_path, source_files
from yaokit.data.read.columns import roles_of
from yaokit.data.read.delimited import read_smiles, smiles_and_name, smiles_list
from yaokit.data.read.excel import n_rows, read_excel
from yaokit.data.read.files import read_records, reader
from yaokit.data.read.parquet import read_parquet
from yaokit.data.read.records import AS_FOUND, STDIN, Reading, Records, source_of
from yaokit.data.read.sdf import read_sdf
from yaokit.data.read.text import open_bytes

_SAMPLE = 20
_CHUNK = 1 << 20


class Molecule(NamedTuple):
    """One row of a library; `others` are its further cells by column, None in a plain list.

    A row that cannot be split into cells has the text "" and says why in `failure`.
    """

    line: int
    id: str
    smiles: str
    others: dict[str, str | None] | None = None
    failure: Failure | None = None


def molecules(
    path: str | Path, *, smiles: str | None = None, id: str | None = None, reading: Reading = AS_FOUND
) -> Iterator[Molecule]:
    """Each row's line number, id, structure text and other cells, streamed; also of "builtin:NAME".

    The id is the name column or second field, otherwise "<file stem>:<line>". No row is skipped.
    """
    if not (is_builtin(path) and len(source_files(path)) > 1):
        path = open_path(path)
        if reader(path, reading) is read_smiles and (lines := smiles_list(path, reading)) is not None:
            return _plain(_stem(source_of(path)), lines)
    return _of_records(read_records(path, reading), smiles, id)


def count_lines(path: str | Path) -> int:
    """How many rows the file has at most, for progress; quick."""
    file = source_files(path)[0]
    found = reader(file)
    if found is read_parquet:
        import pyarrow.parquet as pq

        return pq.ParquetFile(file).metadata.num_rows
    if found is read_excel:
        return n_rows(file)
    return _count(file, b"$$$$" if found is read_sdf else b"\n")


def _count(path: Path, mark: bytes) -> int:
    """How often the mark occurs, and one more if something comes after the last."""
    n, rest = 0, b""
    with open_bytes(path) as file, suppress(EOFError, OSError, zlib.error):  # damage: the reader tells
        while chunk := file.read(_CHUNK):
            part = rest[-3:] + chunk  # a mark can lie across two chunks
            n += part.count(mark) or (part.count(b"\r") if mark == b"\n" else 0)
            rest = part.rpartition(mark)[2]
    return n + bool(rest.strip())


def _plain(stem: str, lines: Iterator[tuple[int, str]]) -> Iterator[Molecule]:
    for number, line in lines:
        fields = line.split()
        if len(fields) == 1 and line.isascii():
            yield Molecule(number, f"{stem}:{number}", fields[0])
        else:
            smiles, name = smiles_and_name(line)
            yield Molecule(number, name or f"{stem}:{number}", smiles)


def _of_records(table: Records, smiles: str | None, id: str | None) -> Iterator[Molecule]:
    sample = list(islice(table, _SAMPLE))
    structure, name = roles_of(table, sample, smiles, id)
    stem = _stem(table.source)
    for record in chain(sample, table):
        others = dict(record.cells)
        text, own = others.pop(structure, None), others.pop(name, None) if name else None
        yield Molecule(record.line, own or f"{stem}:{record.line}", text or "", others, record.failure)


def _stem(source: str) -> str:
    return "stdin" if source == STDIN else source.split(".")[0]

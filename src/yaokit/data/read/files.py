"""Any supported file as records: the reader is chosen by content, then by the file's ending."""

from collections.abc import Callable
from pathlib import Path

from yaokit.core.errors import UsageError
from yaokit.data.catalog.builtin import builtin_records, is_builtin
from yaokit.data.read.delimited import read_delimited, read_smiles
from yaokit.data.read.delimiter import fits
from yaokit.data.read.excel import is_workbook, read_excel
from yaokit.data.read.parquet import read_parquet
from yaokit.data.read.records import AS_FOUND, Reading, Record, Records, existing, shown
from yaokit.data.read.sdf import has_sdf_lines, looks_like_sdf, read_sdf
from yaokit.data.read.text import first_bytes, open_text

__all__ = ["READERS", "Reading", "Record", "Records", "read_records"]

Reader = Callable[[str | Path, Reading], Records]
READERS: dict[str, Reader] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".smi": read_smiles,
    ".smiles": read_smiles,
    ".txt": read_smiles,
    ".sdf": read_sdf,
    ".mol": read_sdf,
    ".parquet": read_parquet,
    ".xlsx": read_excel,
}
_COLUMNAR = (read_parquet, read_excel)


def read_records(path: str | Path, reading: Reading = AS_FOUND) -> Records:
    """The file's columns and a stream of its rows; also "builtin:NAME" (see data/catalog/builtin.py).

    UsageError if the file is missing or of a kind that cannot be read, NothingUsable if empty.
    A workbook, a Parquet file or an SDF under another of these endings is read as what it is,
    and so is a table called .sdf.
    """
    if is_builtin(path):
        return builtin_records(str(path))
    path = existing(path)
    return reader(path, reading)(path, reading)


def suffix(path: Path) -> str:
    """The ending that tells the format, in lower case: ".csv" for "x.CSV.gz"."""
    name = path.name.lower().removesuffix(".gz").removesuffix(".zst")
    return Path(name).suffix


def reader(path: Path, reading: Reading = AS_FOUND) -> Reader:
    """The function that reads this file, told by its content and its ending."""
    ending = suffix(path)
    if ending not in READERS:
        raise UsageError(
            f"{shown(path)}: files ending in {ending or 'nothing'!r} cannot be read; "
            f"use one of {' '.join(READERS)}, also with .gz or .zst"
        )
    magic = first_bytes(path, 4)
    if READERS[ending] in _COLUMNAR or magic == b"PAR1":
        return read_parquet if magic == b"PAR1" else READERS[ending]
    if magic == b"PK\x03\x04" and is_workbook(path):
        return read_excel
    head = open_text(path, reading.encoding).head
    if READERS[ending] is read_sdf:
        if not head.strip() or has_sdf_lines(head):
            return read_sdf
        if fits([line for line in head.split("\n") if line.strip()]):
            return read_delimited
        raise UsageError(
            f"{shown(path)} is no SDF: it has no line of M  END or $$$$; if it is a table, call it .csv"
        )
    return read_sdf if looks_like_sdf(head) else READERS[ending]

"""Any supported file as records: the reader is chosen by the file's ending."""

from collections.abc import Callable
from pathlib import Path

from yaokit.core.errors import UsageError
from yaokit.data.builtin import builtin_records, is_builtin
from yaokit.data.delimited import read_delimited, read_smiles
from yaokit.data.excel import read_excel
from yaokit.data.parquet import read_parquet
from yaokit.data.records import Record, Records, existing

__all__ = ["READERS", "Record", "Records", "read_records"]

READERS: dict[str, Callable[[str | Path], Records]] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".smi": read_smiles,
    ".smiles": read_smiles,
    ".txt": read_smiles,
    ".parquet": read_parquet,
    ".xlsx": read_excel,
}


def read_records(path: str | Path) -> Records:
    """The file's columns and a stream of its rows; also "builtin:NAME" (see data/builtin.py).

    UsageError if the file is missing or of a kind that cannot be read, NothingUsable if empty.
    """
    if is_builtin(path):
        return builtin_records(str(path))
    path = existing(path)
    ending = suffix(path)
    if ending in (".sdf", ".mol"):
        raise UsageError(f"{path}: SDF and Mol files are not yet readable; export the table as .csv")
    if ending not in READERS:
        kinds = " ".join(READERS)
        raise UsageError(
            f"{path}: files ending in {ending or 'nothing'!r} cannot be read; use one of {kinds}"
        )
    return READERS[ending](path)


def suffix(path: Path) -> str:
    """The ending that tells the format, in lower case: ".csv" for "x.CSV.gz"."""
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix

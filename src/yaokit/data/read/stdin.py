"""Standard input as a file, so that every reader can look at it first and read it again."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from yaokit.core.errors import UsageError
from yaokit.data.read.delimiter import fits
from yaokit.data.read.excel import is_workbook
from yaokit.data.read.records import SPOOLED
from yaokit.data.read.sdf import looks_like_sdf
from yaokit.data.read.text import first_bytes, open_text

DASH = "-"


@contextmanager
def spooled(files: Sequence[str | Path]) -> Iterator[list[str | Path]]:
    """The files, "-" replaced by a temporary copy of standard input that lives inside the block.

    The copy's ending tells its content's format; messages and records call it "<stdin>".
    UsageError if "-" is given twice or if standard input is a terminal.
    """
    is_stdin = [str(file) == DASH for file in files]
    if not any(is_stdin):
        yield list(files)
        return
    if sum(is_stdin) > 1:
        raise UsageError("- is given twice, but there is one standard input; give it once")
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("- reads standard input, which is a terminal; pipe a file into it")
    with tempfile.TemporaryDirectory(prefix=SPOOLED) as folder:
        copy = _copy(Path(folder))
        yield [copy if dash else file for file, dash in zip(files, is_stdin, strict=True)]


def _copy(folder: Path) -> Path:
    path = folder / "stdin"
    try:
        with open(path, "wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file, 1 << 20)
    except OSError as error:
        error.filename = str(path)  # a full disk is reported with the folder that is full
        raise
    return path.rename(path.with_suffix(_ending(path)))


def _ending(path: Path) -> str:
    """The ending of the format that the content shows; text that is no table counts as a list."""
    magic = first_bytes(path, 4)
    if magic == b"PAR1":
        return ".parquet"
    if magic == b"PK\x03\x04" and is_workbook(path):
        return ".xlsx"
    head = open_text(path).head
    if looks_like_sdf(head):
        return ".sdf"
    return ".csv" if fits([line for line in head.split("\n") if line.strip()]) else ".txt"

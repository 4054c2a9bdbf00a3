"""Lines of a text file, whatever its encoding, compression or line ends."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, cast

from yaokit.core.errors import UsageError
from yaokit.data.records import existing

_HEAD = 65_536
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FOREIGN = (
    (b"PK\x03\x04", "a zip archive or Excel file", "give it its own ending (.xlsx) or unpack it"),
    (b"PK\x05\x06", "an empty zip archive", "unpack it and give the file inside"),
    (b"PAR1", "a Parquet file", "give it the ending .parquet"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file", "save it as .xlsx or .csv"),
    (b"%PDF", "a PDF", "export the table as .csv"),
    (b"\x28\xb5\x2f\xfd", "a zstd-compressed file", "unpack it or compress it with gzip"),
    (b"BZh", "a bzip2-compressed file", "unpack it or compress it with gzip"),
    (b"\xfd7zXZ", "an xz-compressed file", "unpack it or compress it with gzip"),
)


def open_bytes(path: str | Path) -> BinaryIO:
    """The file's bytes, decompressed if it is gzip (told by content, not by name)."""
    path = existing(path)
    try:
        file = open(path, "rb")  # noqa: SIM115 - handed to the caller, who closes it
    except PermissionError:
        raise UsageError(f"{path}: no permission to read it") from None
    if file.read(2) == b"\x1f\x8b":
        file.close()
        return cast(BinaryIO, gzip.open(path))
    file.seek(0)
    return file


def lines(path: str | Path) -> Iterator[str]:
    """The lines of a text file with their ends, as text; memory stays flat.

    UTF-8 and UTF-16 with or without a mark at the start; a line that is not valid UTF-8 is read
    as Windows-1252. NUL characters are dropped. UsageError if the file is no text at all.
    """
    with open_bytes(path) as raw:
        head = _head(raw, path)
        _refuse_foreign(head, path)
        encoding = _encoding(head)
        _refuse_binary(head, encoding, path)
        raw.seek(0)
        errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
        text = TextIOWrapper(raw, encoding, errors=errors, newline="")
        n_lines = 0
        try:
            for line in text:
                n_lines += 1
                yield line if line.isascii() and "\0" not in line else _repaired(line)
        except (EOFError, OSError, zlib.error) as error:
            raise UsageError(
                f"{path}: damaged after line {n_lines:,} ({error}); copy or download it again"
            ) from None


def _head(raw: BinaryIO, path: str | Path) -> bytes:
    try:
        return raw.read(_HEAD)
    except (EOFError, OSError, zlib.error) as error:
        raise UsageError(f"{path}: damaged from its start ({error}); copy or download it again") from None


def _encoding(head: bytes) -> str:
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    pairs = len(head) // 2
    if pairs >= 4:  # UTF-16 without a mark: every other byte of Latin text is NUL
        if head[1::2].count(0) > 0.7 * pairs and head[::2].count(0) < 0.1 * pairs:
            return "utf-16-le"
        if head[::2].count(0) > 0.7 * pairs and head[1::2].count(0) < 0.1 * pairs:
            return "utf-16-be"
    return "utf-8"


def _repaired(line: str) -> str:
    try:
        line.encode()
    except UnicodeEncodeError:
        raw = line.encode("utf-8", "surrogateescape")
        line = raw.decode("cp1252", "replace")
    return line.replace("\0", "")


def _refuse_foreign(head: bytes, path: str | Path) -> None:
    for magic, what, advice in _FOREIGN:
        if head.startswith(magic):
            raise UsageError(f"{path} is {what}; {advice}")
    start = head[:1024].lstrip(codecs.BOM_UTF8 + b" \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<?xml")):
        raise UsageError(f"{path} is a web page or XML, not a table; download the data itself")
    if b"\nM  END" in head or b"\n$$$$" in head:
        raise UsageError(f"{path} is an SDF or Mol file, which is not yet readable; export it as .csv")


def _refuse_binary(head: bytes, encoding: str, path: str | Path) -> None:
    if encoding.startswith("utf-16"):
        return
    odd = sum(byte < 32 and byte not in b"\0\t\n\r\x0b\x0c\x1a" for byte in head[:4096])
    if odd > 0.05 * min(len(head), 4096) or head.count(0) > 0.3 * len(head) > 0:
        raise UsageError(f"{path} is not a text file; export the table as .csv")

"""Lines of a text file, whatever its encoding, compression or line ends, in flat memory."""

import codecs
import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, cast

from yaokit.core.errors import UsageError
from yaokit.data.read.encodings import decoded, guessed, marked_encoding
from yaokit.data.read.records import existing, shown, source_of

MAX_LINE = 10_000_000  # characters without a line end, or of nothing but blanks
_CHUNK = 1 << 18
_PART = 1 << 16
_DAMAGE = (EOFError, OSError, zlib.error)
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_UNPACK = "unpack it and give the file inside"
_FOREIGN = (
    (b"PK\x03\x04", "a zip archive or Excel file", f"give it its own ending (.xlsx) or {_UNPACK}"),
    (b"PK\x05\x06", "an empty zip archive", _UNPACK),
    (b"PAR1", "a Parquet file", "give it the ending .parquet, without .gz or .zst"),
    (b"\xd0\xcf\x11\xe0", "an old or encrypted Excel file", "save it as .xlsx or .csv, without a password"),
    (b"%PDF", "a PDF", "export the table as .csv"),
    (b"{\\rtf", "a text-processor file", "export the table as .csv"),
    (b"BZh", "a bzip2-compressed file", "unpack it or compress it with gzip"),
    (b"\xfd7zXZ", "an xz-compressed file", "unpack it or compress it with gzip"),
    (b"7z\xbc\xaf", "a 7-Zip archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (_GZIP, "compressed twice", "unpack it once"),
    (_ZSTD, "compressed twice", "unpack it once"),
    (b"SQLite format 3", "an SQLite database", "export the table as .csv"),
    (b"\x89HDF", "an HDF5 file", "export the table as .csv"),
    (b"$RXN", "a reaction file", "give molecules, as .sdf or SMILES"),
    (b"$RDFILE", "a reaction data file", "give molecules, as .sdf or SMILES"),
    (b"@<TRIPOS>", "a Mol2 file", "convert it to .sdf"),
)
_BYTE_ENDS = (b"", b"\n", b"\r", b"\x1a")
_TEXT_ENDS = ("", "\n", "\r", "\x1a")
_JSON = re.compile(rb'\s*(\{\s*["}]|\[\s*[{"])')


@dataclass(frozen=True)
class Text:
    """A text file opened: blocks of whole lines (once), each line ended by one "\\n".

    Only the last line may lack its end. `head` is the first block; `notes` say what the encoding
    was if not UTF-8, and can grow with reading.
    """

    head: str
    blocks: Iterator[str]
    notes: list[str]

    def lines(self) -> Iterator[str]:
        """The lines without their ends."""
        for block in self.blocks:
            yield from block.removesuffix("\n").split("\n")


def open_text(path: str | Path, encoding: str | None = None) -> Text:
    """The file as text; gzip and zstd, UTF-8, UTF-16, Windows-1252 and GB18030 are recognized.

    Line ends of any kind, also mixed, become "\\n"; NUL characters, marks of byte order and a
    Ctrl-Z at the end are left out. UsageError if the file is no text, or, when reading comes to
    that place, if it is damaged or has a line of more than MAX_LINE characters.
    """
    notes: list[str] = []
    blocks = _blocks(existing(path), encoding, notes)
    head = next(blocks, "")
    return Text(head, chain([head] if head else [], blocks), notes)


def open_bytes(path: str | Path) -> BinaryIO:
    """The file's bytes, decompressed if it is gzip or zstd (told by content, not by name)."""
    magic = first_bytes(path, 4)
    if magic.startswith(_GZIP):
        return cast(BinaryIO, gzip.open(path))
    if magic == _ZSTD:
        import pyarrow as pa

        return cast(BinaryIO, pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"))
    return open(path, "rb")


def first_bytes(path: str | Path, n: int) -> bytes:
    """The first n bytes of the file as it lies there; UsageError if it cannot be read."""
    try:
        with open(existing(path), "rb") as file:
            return file.read(n)
    except PermissionError:
        raise UsageError(f"{shown(path)}: no permission to read it") from None


def _blocks(path: Path, encoding: str | None, notes: list[str]) -> Iterator[str]:
    n_lines = n_blank = 0
    with open_bytes(path) as raw:
        try:
            for text in _texts(raw, path, encoding, notes):
                text = _plain(text, notes, path)
                n_blank = n_blank + len(text) if text.isspace() else 0
                if n_blank > MAX_LINE:
                    raise _endless(path, "of blank lines")
                n_lines += text.count("\n")
                yield text
        except _DAMAGE as error:
            where = f"after line {n_lines:,}" if n_lines else "from its start"
            raise UsageError(f"{shown(path)}: damaged {where} ({error}); copy or download it again") from None


def _texts(raw: BinaryIO, path: Path, encoding: str | None, notes: list[str]) -> Iterator[str]:
    """Pieces of whole lines, decoded."""
    chunks = _chunks(raw)
    head = next(chunks, b"")
    _refuse_foreign(head, path)
    chunks = chain([head], chunks)
    found = encoding or marked_encoding(head)
    if encoding is None and found == "utf-8":
        _refuse_binary(head, path)
        return guessed(_whole_lines(chunks, _BYTE_ENDS, path), notes, source_of(path))
    if encoding is None:
        notes.append(f"{source_of(path)}: read as {found.upper()}")
    return _whole_lines(decoded(chunks, found, notes, source_of(path)), _TEXT_ENDS, path)


def _chunks(raw: BinaryIO) -> Iterator[bytes]:
    """What the file holds; if it is damaged, first all that was readable, then the error."""
    read = getattr(raw, "read1", raw.read)
    parts: list[bytes] = []
    damage: BaseException | None = None
    size = 0
    while True:
        try:
            part = read(_PART)
        except _DAMAGE as error:
            part, damage = b"", error
        parts.append(part)
        size += len(part)
        if size >= _CHUNK or not part:
            yield b"".join(parts)
            parts, size = [], 0
        if damage:
            raise damage
        if not part:
            return


def _whole_lines(chunks: Iterator[Any], ends: tuple[Any, ...], path: Path) -> Iterator[Any]:
    """The same (bytes or text) cut after line ends; a CR at a chunk's end waits for a possible LF."""
    nothing, lf, cr, ctrl_z = ends
    held: list[Any] = []
    size = 0
    for chunk in chunks:
        end = max(chunk.rfind(lf), chunk.rfind(cr, 0, len(chunk) - 1)) + 1
        if end:
            yield nothing.join([*held, chunk[:end]])
            held, size = [], 0
        held.append(chunk[end:])
        size += len(chunk) - end
        if size > MAX_LINE:
            raise _endless(path, "without a line end")
    if rest := nothing.join(held).rstrip(ctrl_z):
        yield rest


def _plain(text: str, notes: list[str], path: Path) -> str:
    """With one kind of line end and no invisible marks."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        note = f"{source_of(path)}: NUL characters are left out"
        notes += [] if note in notes else [note]
        text = text.replace("\0", "")
    if not text.isascii():
        text = text.removeprefix("\ufeff").replace("\n\ufeff", "\n")
    return text


def _endless(path: Path, what: str) -> UsageError:
    return UsageError(
        f"{shown(path)}: more than {MAX_LINE // 1_000_000} million characters {what}; is it a table?"
    )


def _refuse_foreign(head: bytes, path: Path) -> None:
    for magic, what, advice in _FOREIGN:
        if head.startswith(magic):
            raise UsageError(f"{shown(path)} is {what}; {advice}")
    if head[257:262] == b"ustar":
        raise UsageError(f"{shown(path)} is a tar archive; {_UNPACK}")
    start = head[:1024].lstrip(codecs.BOM_UTF8 + b" \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body", b"<table", b"<script")):
        raise UsageError(f"{shown(path)} is a web page or XML, not a table; download the data itself")
    if _JSON.match(head):
        raise UsageError(f"{shown(path)} is JSON, not a table; export it as .csv")


def _refuse_binary(head: bytes, path: Path) -> None:
    odd = sum(byte < 32 and byte not in b"\0\t\n\r\x0b\x0c\x1a" for byte in head[:4096])
    if odd > 0.05 * min(len(head), 4096) or head.count(0) > 0.3 * len(head) > 0:
        raise UsageError(f"{shown(path)} is not a text file; export the table as .csv")

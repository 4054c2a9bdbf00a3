"""Bytes of a text file as text: the encoding told by content, damage kept visible."""

import codecs
import re
from collections.abc import Iterator
from itertools import chain

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES = {"cp1252": "Windows-1252", "gb18030": "GB18030"}
_HIGH = re.compile(rb"[\x80-\xff]+")


def marked_encoding(head: bytes) -> str:
    """The encoding that the first bytes show: by a mark, or UTF-16 without one; else "utf-8"."""
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    head = head[:4096]
    pairs = len(head) // 2
    if pairs >= 4:  # UTF-16 without a mark: every other byte of Latin text is NUL
        first, second = head[::2].count(0) / pairs, head[1::2].count(0) / pairs
        if max(first, second) > 0.4 and min(first, second) < 0.05:
            return "utf-16-le" if second > first else "utf-16-be"
    return "utf-8"


def decoded(chunks: Iterator[bytes], encoding: str, notes: list[str], source: str) -> Iterator[str]:
    """The chunks in that encoding; bytes that it does not know become U+FFFD, with a note."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    is_told = False
    for chunk in chain(chunks, [b""]):
        text = decoder.decode(chunk, final=not chunk)
        if "\ufffd" in text and not is_told:
            is_told = True
            notes.append(f"{source}: some bytes are not valid {encoding}; they are shown as \ufffd")
        yield text


def guessed(blocks: Iterator[bytes], notes: list[str], source: str) -> Iterator[str]:
    """Blocks of whole lines as text: UTF-8, and where they are not, Windows-1252 or GB18030.

    Which of the two is told by the first block that is not UTF-8. Lines of Windows-1252 may stand
    between lines of UTF-8.
    """
    legacy = None
    for block in blocks:
        if legacy != "gb18030":  # of which short lines can look like UTF-8
            try:
                yield block.decode()
                continue
            except UnicodeDecodeError:
                pass
        if legacy is None:
            legacy = legacy_encoding(block)
            notes.append(f"{source}: not UTF-8; read as {_NAMES[legacy]} (--encoding names another)")
        yield _by_line(block, legacy)


def legacy_encoding(block: bytes) -> str:
    """ "gb18030" if the bytes that are not ASCII look like Chinese, otherwise "cp1252".

    Chinese comes in pairs of bytes, most of them in the ranges of the common characters, the
    Greek letters and the punctuation; letters of Western languages stand alone between ASCII.
    """
    runs = [run for line in block.splitlines() if not _is(line, "utf-8") for run in _HIGH.findall(line)]
    pairs = [run[i : i + 2] for run in runs if len(run) % 2 == 0 for i in range(0, len(run), 2)]
    common = sum(0xB0 <= a <= 0xD7 or a in b"\xa1\xa2\xa3\xa6" for a, b in pairs if b >= 0xA1)
    in_pairs = 2 * len(pairs) / max(1, sum(map(len, runs)))
    return "gb18030" if in_pairs > 0.8 and common > 0.5 * len(pairs) else "cp1252"


def _by_line(block: bytes, legacy: str) -> str:
    order = ("gb18030", "utf-8") if legacy == "gb18030" else ("utf-8", "cp1252")
    return "".join(_first_fit(line, (*order, "latin-1")) for line in block.splitlines(keepends=True))


def _first_fit(line: bytes, encodings: tuple[str, ...]) -> str:
    return line.decode(next(encoding for encoding in encodings if _is(line, encoding)))


def _is(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True

"""Records of SDF and Mol files, split by our own hand so that a damaged one costs only itself."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.reasons import Failure
from yaokit.data.read.columns import id_column
from yaokit.data.read.records import AS_FOUND, Reading, Record, Records, shown, source_of, unique_names
from yaokit.data.read.text import MAX_LINE, Text, open_text

STRUCTURE, ID = "structure", "id"
_MAX_RECORD = 4 * MAX_LINE
_TAG = re.compile(r"[^<]*<(.*)>[^>]*")  # after the ">" of a line; a value such as "> 10000" is none
_COUNTS = re.compile(r"[ \d]{6}.*V[23]000[ \t]*")
_EMPTY = Failure("EMPTY", "a record without a structure")
_CUT = Failure("TRUNCATED", "the file ends inside this record")
Piece = tuple[int, str, bool]


def read_sdf(path: str | Path, reading: Reading = AS_FOUND) -> Records:
    """Columns "structure" (the mol block), "id" (its title), then the data fields as they appear.

    A blank title gives way to a data field that names molecules. What stands between two lines of
    $$$$ is a row; where such a line was lost, the next mol block begins one. A record that is
    empty or that the file ends in has a failure and no cells; one without M  END ends before its
    data fields. The file is read twice: first for the fields.
    """
    source = source_of(path)
    fields, n_records = _fields(_pieces(open_text(path, reading.encoding), path))
    if not n_records:
        raise NothingUsable(f"{shown(path)} is empty; give a file with mol blocks")
    columns, notes = unique_names([STRUCTURE, ID, *(tag for tag, _ in fields)], source)
    text = open_text(path, reading.encoding)
    text.notes.extend(notes)
    places = dict(zip(fields, columns[2:], strict=True))
    rows = _records(source, _pieces(text, path), places, text.notes)
    return Records(source, tuple(columns), rows, text.notes, STRUCTURE)


def looks_like_sdf(head: str) -> bool:
    """Whether a text begins with a mol block, or has the lines that end a record, out of quotes."""
    lines = head.split("\n")
    if any(_COUNTS.fullmatch(line) for line in lines[:4]):
        return True
    return has_sdf_lines(head) and "\n$$$$" in head and '"' not in head.partition("\nM  END")[0]


def has_sdf_lines(head: str) -> bool:
    """Whether a text has a line that only SDF and Mol files have."""
    return "\nM  END" in head or "$$$$" in head or any(map(_COUNTS.fullmatch, head.split("\n")))


def _pieces(text: Text, path: str | Path) -> Iterator[Piece]:
    """Line number and text of what stands between lines of $$$$, and whether one ends it."""
    separator, held = 0, "\n"
    for block in text.blocks:
        held += block
        if len(held) > _MAX_RECORD:
            raise UsageError(
                f"{shown(path)}: no line of $$$$ in {_MAX_RECORD:,} characters "
                f"after line {separator:,}; is it an SDF?"
            )
        *whole, held = held.split("\n$$$$")
        for piece in whole:
            yield separator + 1, piece.partition("\n")[2], True
            separator += piece.count("\n") + 1
    rest = held.partition("\n")[2]
    if rest and not rest.isspace():
        yield separator + 1, rest, False


def _fields(pieces: Iterator[Piece]) -> tuple[list[tuple[str, int]], int]:
    """The data fields in order of appearance, each with its count within a record; how many records."""
    found: dict[tuple[str, int], None] = {}
    n_pieces = 0
    for _, text, _ in pieces:
        n_pieces += 1
        found |= dict.fromkeys(key for key, _ in _items(text))
    return list(found), n_pieces


def _items(text: str) -> Iterator[tuple[tuple[str, int], str]]:
    """Tag, its count within the record, and value of each data field."""
    times: Counter[str] = Counter()
    key, value = None, ""
    for part in ("\n" + text).split("\n>")[1:]:
        header, _, below = part.partition("\n")
        if tag := _TAG.fullmatch(header):
            if key:
                yield key, value
            times[tag[1]] += 1
            key, value = (tag[1], times[tag[1]]), below
        else:  # a line of the value
            value += "\n>" + part
    if key:
        yield key, value


def _records(
    source: str, pieces: Iterator[Piece], places: dict[tuple[str, int], str], notes: list[str]
) -> Iterator[Record]:
    by_tag = {tag: name for (tag, count), name in places.items() if count == 1}
    id_tag = by_tag.get(id_column(list(by_tag), STRUCTURE) or "")
    nothing = dict.fromkeys([STRUCTURE, ID, *places.values()])
    for first_line, piece, is_ended in pieces:
        parts = _parted(piece)
        if len(parts) > 1:
            note = f"{source}: lines of $$$$ are missing; a new mol block begins a new record"
            notes += [] if note in notes else [note]
        if not is_ended and places and not _is_cut(parts[-1][1], True):
            notes.append(f"{source}: no line of $$$$ at its end; its last record may lack data fields")
        for i, (offset, text) in enumerate(parts):
            line = first_line + offset
            if not is_ended and i == len(parts) - 1 and _is_cut(text, bool(places)):
                yield Record(source, line, {}, _CUT)
            elif not text or text.isspace():
                yield Record(source, line, {}, _EMPTY)
            else:
                cells = nothing | {places[key]: value.strip() or None for key, value in _items(text)}
                title = text.partition("\n")[0].strip()
                cells[ID] = (None if title.startswith(">") else title) or (id_tag and cells[id_tag])
                cells[STRUCTURE] = _mol_block(text)
                yield Record(source, line, cells)


def _mol_block(text: str) -> str | None:
    """The lines up to M  END, or up to the data fields if these come first."""
    end = text.find("\nM  END")
    block = text if end < 0 else text[: end + len("\nM  END")]
    if "\n>" in block or block.startswith(">"):
        lines = block.split("\n")
        tags = (i for i, line in enumerate(lines) if line.startswith(">") and _TAG.fullmatch(line[1:]))
        block = "\n".join(lines[: next(tags, len(lines))])
    return None if not block or block.isspace() else block


def _is_cut(text: str, has_fields: bool) -> bool:
    """Whether a record that no $$$$ ends lacks its M  END, its fields or the blank line after these."""
    _, end, rest = text.partition("\nM  END")
    if not end or not rest.strip():
        return has_fields or not end
    return not rest.rstrip(" \t").endswith("\n\n")


def _parted(text: str) -> list[tuple[int, str]]:
    """A piece cut where a line of $$$$ was lost: three lines above a line of counts.

    Not cut: a mol block as the value of a data field. Blank lines above the first title go.
    """
    counts = max(text.find("V2000"), text.find("V3000"))
    if counts < 0 or (text.count("\n", 0, counts) == 3 and _versions(text) == 1):
        return [(0, text)]
    lines = text.split("\n")
    starts = [0]
    for i, line in enumerate(lines):
        if i - 3 > starts[-1] and _COUNTS.fullmatch(line) and _begins_record(lines[starts[-1] : i - 3]):
            starts.append(i - 3)
    ends = [*starts[1:], len(lines)]
    parts = [(start, "\n".join(lines[start:end])) for start, end in zip(starts, ends, strict=True)]
    return parts[1:] if len(parts) > 1 and not parts[0][1].strip() else parts


def _versions(text: str) -> int:
    return text.count("V2000") + text.count("V3000")


def _begins_record(above: list[str]) -> bool:
    """Whether after these lines a title, two lines and counts belong to a new record."""
    if above[-1].startswith(">") and _TAG.fullmatch(above[-1][1:]):
        return False
    is_blank = not any(line and not line.isspace() for line in above)
    return is_blank or any(line.startswith("M  END") or _COUNTS.fullmatch(line) for line in above)

"""Files of molecules that become a corpus: what is kept of them, and their lines from any place on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from yaokit.core.reasons import Failure
from yaokit.core.store import content_key, file_hash, write_json
from yaokit.data.catalog.builtin import source_files
from yaokit.data.read.delimited import read_smiles, smiles_and_name, smiles_list
from yaokit.data.read.files import reader
from yaokit.data.read.library import count_lines, molecules
from yaokit.pretrain.shards import read_table

LOOK = 200_000  # lines passed over between two looks at the clock


@dataclass(frozen=True)
class Source:
    """A file of molecules and how it is taken."""

    path: str | Path
    name: str = ""  # as the card shows it; the file's name if not given
    smiles: str | None = None  # the column of structures; guessed if None
    rows: int | None = None  # about so many lines, chosen by a hash of their text; all if None
    as_is: bool = False  # only made canonical, not standardized
    licence: str = "not stated"


class Line(NamedTuple):
    """A line of the source with this number."""

    source: int
    line: int
    text: str
    failure: Failure | None


class Files:
    """What was found of files, kept in a table on disk while their sizes and times of change stay."""

    def __init__(self, path: Path) -> None:
        self.path, self.known = path, read_table(path)

    def hash(self, path: str | Path) -> str:
        """SHA-256 of a file's bytes; of several files that stand for one source 16 digits."""
        hashes = [self.of(file, "sha256", file_hash) for file in source_files(path)]
        return hashes[0] if len(hashes) == 1 else content_key(hashes)

    def lines(self, path: str | Path) -> int:
        """How many it has at most."""
        return self.of(source_files(path)[0], "lines", count_lines)

    def of(self, file: Path, what: str, find: Callable[[Path], Any]) -> Any:
        """What `find` gives of a file, asked once."""
        about = file.stat()
        stamp = [about.st_size, about.st_mtime_ns]
        known = self.known.get(str(file.resolve()))
        entry = known if isinstance(known, dict) and known.get("stamp") == stamp else {"stamp": stamp}
        if what not in entry:
            entry = {**entry, what: find(file)}
            self.known[str(file.resolve())] = entry
            write_json(self.path, self.known)
        return entry[what]


def size_of(path: str | Path) -> int:
    """Bytes of a source."""
    return sum(file.stat().st_size for file in source_files(path))


def lines_after(
    number: int, path: str | Path, smiles: str | None, n: int, look: Callable[[int], None]
) -> Iterator[Line]:
    """The lines of a source behind its first n; `look` is called now and then with how many were passed.

    A plain list is not split into fields up to there: 0.2 µs a line, of other files 1 to 2 µs.
    """
    plain = _plain(path) if n else None
    if plain is not None:
        _pass(plain, n, look)
        yield from (Line(number, line, smiles_and_name(text)[0], None) for line, text in plain)
        return
    found = molecules(path, smiles=smiles)
    _pass(found, n, look)
    yield from (Line(number, molecule.line, molecule.smiles, molecule.failure) for molecule in found)


def _plain(path: str | Path) -> Iterator[tuple[int, str]] | None:
    """The lines of a list of SMILES; None of any other file."""
    files = source_files(path)
    return smiles_list(files[0]) if len(files) == 1 and reader(files[0]) is read_smiles else None


def _pass(items: Iterator[Any], n: int, look: Callable[[int], None]) -> None:
    for start in range(0, n, LOOK):
        if start:
            look(start)
        some = min(LOOK, n - start)
        next(islice(items, some, some), None)

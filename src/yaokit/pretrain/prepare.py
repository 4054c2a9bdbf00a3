"""From files of molecules to a corpus: standardized, distinct, shuffled, in flat memory.

Two passes. The first standardizes each line and appends it to the bucket that a hash of its SMILES
names, so that what is the same meets in one place; the second makes a shard of each bucket. Neither
the order of the files nor the number of workers changes a byte of the result. What was done stays on
disk: a preparation that was stopped, by force or because it was late, goes on.
"""

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from yaokit import __version__
from yaokit.chem.parse import parse
from yaokit.chem.standardize import Standard, Standardizer
from yaokit.core.errors import Interrupted, NothingUsable, UsageError
from yaokit.core.guard import Pool
from yaokit.core.progress import SILENT, Progress
from yaokit.core.reasons import Failure
from yaokit.core.store import content_key, file_hash, locked, write_json
from yaokit.data.catalog.builtin import source_files
from yaokit.data.export import write_csv
from yaokit.data.read.library import count_lines, molecules
from yaokit.nn.tokenizer import smiles_tokenizer
from yaokit.pretrain.corpus import ABOUT, FORMAT, Corpus, open_corpus
from yaokit.pretrain.held import Held, held_hash, held_of, is_list, joined, read_held, write_held
from yaokit.pretrain.shards import WriteShard, read_table

SHARD = 100_000  # lines, about, that become one shard
PIECE = 2_000  # lines that a child works on at a time
FLUSH = 100 * PIECE  # lines between two checkpoints of the first pass
HELD = 20_000  # lines of molecules to leave out between two looks at the clock
LISTED = 10_000  # rejected lines that are named
HELD_OUT, NOT_SAMPLED = "HELD_OUT", "NOT_SAMPLED"


@dataclass(frozen=True)
class Source:
    """A file of molecules and how it is taken."""

    path: str | Path
    name: str = ""  # as the card shows it; the file's name if not given
    smiles: str | None = None  # the column of structures; guessed if None
    rows: int | None = None  # about so many lines, chosen by a hash of their text; all if None
    as_is: bool = False  # only made canonical, not standardized
    licence: str = "not stated"


class Late(Interrupted):
    """A preparation stopped where it can go on; `done` tells how far it is."""

    def __init__(self, done: str) -> None:
        super().__init__(f"the corpus is not finished ({done}); prepare it again to go on")
        self.done = done


class _Line(NamedTuple):
    source: int
    line: int
    text: str
    failure: Failure | None


class _Piece(NamedTuple):
    """What became of some lines: text for each bucket, counts by source and code, rejected lines."""

    kept: dict[int, str]
    counts: Counter[tuple[int, str]]
    rejects: list[tuple[int, int, str, str, str]]
    n_unknown: int
    n: int


def prepare(
    folder: Path,
    sources: Sequence[Source],
    *,
    name: str,
    exclude: Sequence[Path] = (),
    seed: int = 0,
    workers: int = 1,
    progress: Progress = SILENT,
    is_late: Callable[[], bool] = lambda: False,
) -> Corpus:
    """Make a corpus in `folder`, or go on with one; what is there and finished is opened.

    `exclude` are files of molecules that stay out, or lists of such (held.py). UsageError if another
    corpus is in the folder; NothingUsable if no molecule is left; Late if it `is_late` after a piece of
    the work and more is left.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        return _Preparation(folder, sources, name, exclude, seed, workers, progress, is_late).run()


class _Preparation:
    def __init__(
        self,
        folder: Path,
        sources: Sequence[Source],
        name: str,
        exclude: Sequence[Path],
        seed: int,
        workers: int,
        progress: Progress,
        is_late: Callable[[], bool],
    ) -> None:
        self.folder, self.work = folder, folder / "work"
        self.name, self.exclude, self.seed = name, exclude, seed
        self.workers, self.progress, self.is_late = workers, progress, is_late
        named = [(source.name or Path(source.path).name, source) for source in sources]
        hashed = [(label, _hash_of(source.path), source) for label, source in named]
        self.sources = sorted(hashed, key=lambda item: item[:2])
        self.lines = [count_lines(source.path) for _, _, source in self.sources]
        expected = [min(n, s.rows or n) for n, (_, _, s) in zip(self.lines, self.sources, strict=True)]
        self.n_shards = max(1, -(-sum(expected) // SHARD))
        self.key = content_key(
            [FORMAT, name, seed, self.n_shards, Standardizer().settings()]
            + [[label, digest, s.smiles, s.rows, s.as_is] for label, digest, s in self.sources]
            + [held_hash(path) for path in exclude]
        )

    def run(self) -> Corpus:
        if (self.folder / ABOUT).exists():
            corpus = open_corpus(self.folder)
            if corpus.about["key"] != self.key:
                raise UsageError(
                    f"{self.folder} holds another corpus ({corpus.about['name']}, or of other files or "
                    "settings); choose another folder, or delete it"
                )
            return corpus
        state = self._first_pass()
        shards = self._second_pass()
        if not sum(shard["rows"] for shard in shards):
            raise NothingUsable(f"no usable molecule in {', '.join(label for label, _, _ in self.sources)}")
        for path in set(self.folder.glob("shard-*")) - {self.folder / shard["file"] for shard in shards}:
            path.unlink()  # of a corpus that was begun here before
        write_json(self.folder / ABOUT, self._about(state, shards))
        shutil.rmtree(self.work)
        return open_corpus(self.folder)

    def _first_pass(self) -> dict[str, Any]:
        """Every line standardized and in its bucket; goes on where it was."""
        state = self._state()
        if state["done"]:
            return state
        lines = islice(self._lines(), state["n_in"], None)
        held = self._held()
        expected = [
            min(n, s.rows or n) / max(n, 1) for n, (_, _, s) in zip(self.lines, self.sources, strict=True)
        ]
        each = _Each([s for _, _, s in self.sources], expected, held)
        left = sum(self.lines) - state["n_in"]
        buffers: dict[int, list[str]] = {}
        with Pool(each, _Finish(self.n_shards), workers=self.workers) as pool:
            batches = iter(lambda: list(islice(lines, PIECE)), [])
            pieces = pool.map(batches)
            for piece in self.progress.track(pieces, "standardizing", left, weigh=lambda piece: piece.n):
                for bucket, text in piece.kept.items():
                    buffers.setdefault(bucket, []).append(text)
                self._count(state, piece)
                late = self.is_late()
                if late or state["n_in"] % FLUSH < piece.n:
                    self._flush(state, buffers)
                if late:
                    raise Late(f"{state['n_in']:,} of {sum(self.lines):,} lines standardized")
        state["done"] = True
        self._flush(state, buffers)
        return state

    def _state(self) -> dict[str, Any]:
        """Where the first pass is; files are cut to what it then held, or all begins anew."""
        state = read_table(self.work / "state.json")
        if state.get("key") == self.key:
            if not (short := self._short(state["sizes"])):
                for file, size in state["sizes"].items():
                    os.truncate(self.work / file, size)
                for file in set(self.work.glob("bucket-*")) - {self.work / name for name in state["sizes"]}:
                    file.unlink()
                return state
            self.progress.say(f"{self.work / short} has lost what was written: the preparation begins anew")
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        state = {"key": self.key, "done": False, "n_in": 0, "n_unknown": 0, "rejects": [], "sizes": {}}
        state["counts"] = {str(i): {} for i in range(len(self.sources))}
        write_json(self.work / "state.json", state)  # so that what is kept beside it is not taken away
        return state

    def _short(self, sizes: dict[str, int]) -> str | None:
        """A bucket that is missing or shorter than it was, if there is one."""
        for file, size in sizes.items():
            path = self.work / file
            if not path.is_file() or path.stat().st_size < size:
                return file
        return None

    def _lines(self) -> Iterator[_Line]:
        for i, (_, _, source) in enumerate(self.sources):
            for molecule in molecules(source.path, smiles=source.smiles):
                yield _Line(i, molecule.line, molecule.smiles, molecule.failure)

    def _held(self) -> Held:
        """The molecules that stay out."""
        if not self.exclude:
            return Held()
        path = self.work / "held.txt"
        if not path.exists():
            every = [self._held_in(i, file) for i, file in enumerate(self.exclude)]
            for file, held in zip(self.exclude, every, strict=True):
                if not held.blocks:
                    raise UsageError(
                        f"{file} is to be excluded but holds no molecule: give a file of molecules, or "
                        "a list as yaokit's benchmarks/held_out.py writes it"
                    )
            write_held(path, joined(every))
        return read_held(path)

    def _held_in(self, number: int, file: Path) -> Held:
        """The molecules of a file, kept in pieces until all files are read."""
        if is_list(file):
            return read_held(file)
        lines = (molecule.smiles for molecule in molecules(file))
        found = []
        for i, piece in enumerate(iter(lambda: list(islice(lines, HELD)), [])):
            path = self.work / f"held-{number}-{i}.txt"
            if not path.exists():
                write_held(path, held_of(piece, self.workers, self.progress, file.name))
                if self.is_late():
                    raise Late(f"{i * HELD + len(piece):,} lines of {file.name}, which stays out, read")
            found.append(read_held(path))
        return joined(found)

    def _count(self, state: dict[str, Any], piece: _Piece) -> None:
        state["n_in"] += piece.n
        state["n_unknown"] += piece.n_unknown
        for (source, code), n in piece.counts.items():
            counts = state["counts"][str(source)]
            counts[code] = counts.get(code, 0) + n
        state["rejects"] += piece.rejects[: LISTED - len(state["rejects"])]

    def _flush(self, state: dict[str, Any], buffers: dict[int, list[str]]) -> None:
        for bucket, texts in sorted(buffers.items()):
            path = self.work / f"bucket-{bucket:05}"
            with open(path, "a", encoding="utf-8") as file:
                file.writelines(texts)
                file.flush()
                os.fsync(file.fileno())  # before state.json says how long it is
            state["sizes"][path.name] = path.stat().st_size
        buffers.clear()
        write_json(self.work / "state.json", state)

    def _second_pass(self) -> list[dict[str, Any]]:
        """A shard of each bucket."""
        make = WriteShard(self.work, self.folder, self.seed)
        numbers = range(self.n_shards)
        todo = {number for number in numbers if not make.told(number).exists()}
        if self.workers == 1:
            return self._shards((make(number) for number in numbers), todo)
        with Pool(make, workers=self.workers, cpu_limit_s=None, memory_limit_mb=None) as pool:
            batches = pool.map([number] for number in numbers)
            return self._shards((shard for batch in batches for shard in batch), todo)

    def _shards(self, every: Iterator[dict[str, Any] | Failure], todo: set[int]) -> list[dict[str, Any]]:
        found = []
        for number, shard in enumerate(self.progress.track(every, "shards", self.n_shards)):
            if isinstance(shard, Failure):
                raise OSError(shard.message)
            found.append(shard)
            if number in todo and len(found) < self.n_shards and self.is_late():
                raise Late(f"{len(found):,} of {self.n_shards:,} shards written")
        return found

    def _about(self, state: dict[str, Any], shards: list[dict[str, Any]]) -> dict[str, Any]:
        _write_rejects(self.folder / "rejects.csv", [label for label, _, _ in self.sources], state["rejects"])
        sources, total = [], Counter()
        for i, (label, digest, source) in enumerate(self.sources):
            codes = dict(state["counts"][str(i)])
            kept = sum(shard["sources"].get(str(i), 0) for shard in shards)
            counts = {
                "n_in": sum(codes.values()),
                "n_kept": kept,
                "n_duplicates": codes.pop("", 0) - kept,
                "n_held_out": codes.pop(HELD_OUT, 0),
                "n_not_sampled": codes.pop(NOT_SAMPLED, 0),
                "n_rejected": sum(codes.values()),
            }
            total.update(counts)
            settings = {k: v for k, v in asdict(source).items() if k not in ("path", "name", "licence")}
            about = {"name": label, "sha256": digest, "licence": source.licence, **settings}
            sources.append({**about, **counts, "codes": dict(sorted(codes.items()))})
        bare = [{k: v for k, v in shard.items() if k != "sources"} for shard in shards]
        return {
            "format": FORMAT,
            "name": self.name,
            "key": self.key,
            "yaokit": __version__,
            "seed": self.seed,
            "standardizer": Standardizer().settings(),
            "excluded": [{"name": path.name, "sha256": held_hash(path)} for path in self.exclude],
            "n": sum(shard["rows"] for shard in shards),
            "counts": dict(total),
            "n_unknown_tokens": state["n_unknown"],
            "sources": sources,
            "shards": bare,
        }


class _Each:
    """What a guarded child does with a line: its canonical SMILES, or why it stays out."""

    def __init__(self, sources: Sequence[Source], shares: Sequence[float], held: Held) -> None:
        self.as_is = [source.as_is for source in sources]
        self.shares, self.held = shares, held
        self.standardize = Standardizer()

    def __call__(self, item: _Line) -> str | Failure:
        source, _, text, failure = item
        if failure is not None:
            return failure
        if self.shares[source] < 1 and _number(text, b"sample") >= self.shares[source] * 2**64:
            return Failure(NOT_SAMPLED, "")
        found = _as_drawn(text) if self.as_is[source] else self.standardize(text, check=True)
        if isinstance(found, Failure):
            return found
        if self.held.blocks and self.held.has(found.smiles, found.mol):
            return Failure(HELD_OUT, "")
        return found.smiles


def _as_drawn(text: str) -> Standard | Failure:
    mol = parse(text)
    return mol if isinstance(mol, Failure) else Standard(mol)


class _Finish:
    """Lines and what became of them → _Piece."""

    def __init__(self, n_shards: int) -> None:
        self.n_shards = n_shards

    def __call__(self, lines: Sequence[_Line], found: Sequence[str | Failure]) -> _Piece:
        kept: dict[int, list[str]] = {}
        counts: Counter[tuple[int, str]] = Counter()
        rejects, n_unknown = [], 0
        tokenizer = smiles_tokenizer()
        for (source, line, text, _), result in zip(lines, found, strict=True):
            if isinstance(result, Failure):
                counts[source, result.code] += 1
                if result.code not in (HELD_OUT, NOT_SAMPLED):
                    rejects.append((source, line, text[:300], result.code, result.message))
                continue
            counts[source, ""] += 1
            n_unknown += len(tokenizer.unknown(result))
            bucket = _number(result, b"shard") % self.n_shards
            kept.setdefault(bucket, []).append(f"{result}\t{source}\n")
        texts = {bucket: "".join(rows) for bucket, rows in kept.items()}
        return _Piece(texts, counts, rejects, n_unknown, len(lines))


def _hash_of(path: str | Path) -> str:
    files = source_files(path)
    return file_hash(files[0]) if len(files) == 1 else content_key([file_hash(file) for file in files])


def _number(text: str, purpose: bytes) -> int:
    """64 bits of a text, the same everywhere."""
    digest = hashlib.blake2b(text.encode(), digest_size=8, person=purpose).digest()
    return int.from_bytes(digest, "big")


def _write_rejects(path: Path, names: Sequence[str], rejects: Sequence[Sequence[Any]]) -> None:
    import pyarrow as pa

    columns = ("source", "line", "smiles", "code", "message")
    rows = [dict(zip(columns, (names[source], *rest), strict=True)) for source, *rest in rejects]
    schema = pa.schema([(name, pa.int64() if name == "line" else pa.string()) for name in columns])
    write_csv(pa.Table.from_pylist(rows, schema=schema), path)

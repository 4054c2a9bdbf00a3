"""From files of molecules to a corpus: standardized, distinct, shuffled, in flat memory.

Two passes. The first standardizes each line and appends it to the bucket that a hash of its SMILES
names, so that what is the same meets in one place; the second makes a shard of each bucket. Neither
the order of the files nor the number of workers changes a byte of the result. What was done stays on
disk: a preparation that was stopped, by force or because it was late, goes on. Beside the bucket files
`work` has state.json, and files.json of the folder the hashes of the sources, taken once.
"""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import Any

from yaokit import __version__
from yaokit.chem.standardize import Standardizer
from yaokit.core.errors import Interrupted, NothingUsable, UsageError
from yaokit.core.guard import Pool
from yaokit.core.progress import SILENT, Progress
from yaokit.core.reasons import Failure
from yaokit.core.store import content_key, locked, read_json, write_json
from yaokit.data.export import write_csv
from yaokit.data.read.library import molecules
from yaokit.pretrain.corpus import ABOUT, FORMAT, Corpus, open_corpus
from yaokit.pretrain.held import Held, held_hash, held_of, is_list, joined, read_held, write_held
from yaokit.pretrain.pieces import HELD_OUT, NOT_SAMPLED, Each, Finish, Piece
from yaokit.pretrain.shards import WriteShard, read_table
from yaokit.pretrain.sources import Files, Line, Source, lines_after, size_of

SHARD = 100_000  # lines, about, that become one shard
PIECE = 2_000  # lines that a child works on at a time
FLUSH = 100 * PIECE  # lines, at least, between two checkpoints of the first pass
PER_BUCKET, MOST = 1_000, 2_000_000  # lines a bucket waits for, since each is synced; lines that wait at most
BUDGET = 200_000_000  # bytes of text that wait, about, at most
HELD = 20_000  # lines of molecules to leave out between two looks at the clock
LISTED = 10_000  # rejected lines that are named


class Late(Interrupted):
    """A preparation stopped where it can go on; `done` tells how far it is."""

    def __init__(self, done: str) -> None:
        super().__init__(f"the corpus is not finished ({done}); prepare it again to go on")
        self.done = done


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
    corpus is in the folder, or was begun there; NothingUsable if no molecule is left; Late if it
    `is_late` after a piece of the work and more is left.
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
        files = Files(folder / "files.json")
        named = [(source.name or Path(source.path).name, source) for source in sources]
        hashed = [(label, files.hash(source.path), source) for label, source in named]
        self.sources = sorted(hashed, key=lambda item: item[:2])
        self.held_hashes = [files.of(path, "held", held_hash) for path in exclude]
        self.files = files

    def run(self) -> Corpus:
        if (self.folder / ABOUT).exists():
            return self._finished(open_corpus(self.folder))
        self.lines = [self.files.lines(source.path) for _, _, source in self.sources]
        expected = [min(n, s.rows or n) for n, (_, _, s) in zip(self.lines, self.sources, strict=True)]
        self.n_shards = max(1, -(-sum(expected) // SHARD))
        self.key = self._key(self.n_shards)
        state = self._first_pass()
        shards = self._second_pass()
        if not sum(shard["rows"] for shard in shards):
            raise NothingUsable(f"no usable molecule in {', '.join(label for label, _, _ in self.sources)}")
        for path in set(self.folder.glob("shard-*")) - {self.folder / shard["file"] for shard in shards}:
            path.unlink()  # of a corpus that was begun here before
        write_json(self.folder / ABOUT, self._about(state, shards))
        shutil.rmtree(self.work)
        return open_corpus(self.folder)

    def _finished(self, corpus: Corpus) -> Corpus:
        """The same; UsageError if it is another one."""
        if corpus.about["key"] != self._key(len(corpus.sizes)):
            raise UsageError(
                f"{self.folder} holds another corpus ({corpus.about['name']}, or of other files or "
                "settings); choose another folder, or delete it"
            )
        return corpus

    def _key(self, n_shards: int) -> str:
        return content_key(
            [FORMAT, self.name, self.seed, n_shards, Standardizer().settings()]
            + [[label, digest, s.smiles, s.rows, s.as_is] for label, digest, s in self.sources]
            + self.held_hashes
        )

    def _first_pass(self) -> dict[str, Any]:
        """Every line standardized and in its bucket; goes on where it was."""
        state = self._state()
        if state["done"]:
            return state
        lines = self._lines(state)
        held = self._held()
        expected = [
            min(n, s.rows or n) / max(n, 1) for n, (_, _, s) in zip(self.lines, self.sources, strict=True)
        ]
        each = Each([s.as_is for _, _, s in self.sources], expected, held)
        left = sum(self.lines) - state["n_in"]
        most = min(max(FLUSH, PER_BUCKET * self.n_shards), MOST)
        buffers: dict[int, list[str]] = {}
        n_waiting = n_bytes = 0
        with Pool(each, Finish(self.n_shards), workers=self.workers) as pool:
            batches = iter(lambda: list(islice(lines, PIECE)), [])
            pieces = pool.map(batches)
            for piece in self.progress.track(pieces, "standardizing", left, weigh=lambda piece: piece.n):
                for bucket, text in piece.kept.items():
                    buffers.setdefault(bucket, []).append(text)
                self._count(state, piece)
                n_waiting, n_bytes = n_waiting + piece.n, n_bytes + piece.bytes
                late = self.is_late()
                if late or n_waiting >= most or n_bytes >= BUDGET:
                    self._flush(state, buffers)
                    n_waiting = n_bytes = 0
                if late:
                    raise Late(self._told(state))
        state["done"] = True
        self._flush(state, buffers)
        return state

    def _state(self) -> dict[str, Any]:
        """Where the first pass is; files are cut to what it then held, or all begins anew.

        UsageError if it is that of another corpus.
        """
        state = read_table(self.work / "state.json")
        if state.get("key", self.key) != self.key:
            raise UsageError(
                f"{self.folder} holds an unfinished preparation of another corpus "
                f"({state.get('name', 'its name is not known')}, or of other files or settings); "
                "delete it or choose another folder"
            )
        if "key" in state:
            if not (short := self._short(state["sizes"])):
                for file, size in state["sizes"].items():
                    os.truncate(self.work / file, size)
                for file in set(self.work.glob("bucket-*")) - {self.work / name for name in state["sizes"]}:
                    file.unlink()
                return state
            self.progress.say(f"{self.work / short} has lost what was written: the preparation begins anew")
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        state = {"key": self.key, "name": self.name, "done": False, "n_in": 0, "rejects": [], "sizes": {}}
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

    def _lines(self, state: dict[str, Any]) -> Iterator[Line]:
        """From where the first pass is on; what is done of a source is passed over, or not even opened."""
        done = [sum(state["counts"][str(i)].values()) for i in range(len(self.sources))]
        current = max((i for i, n in enumerate(done) if n), default=0)
        for i, (label, _, source) in enumerate(self.sources):
            if i > current or (i == current and done[i] < self.lines[i]):
                yield from lines_after(i, source.path, source.smiles, done[i], self._look(state, label))

    def _look(self, state: dict[str, Any], label: str) -> Callable[[int], None]:
        def look(n_passed: int) -> None:
            if self.is_late():
                raise Late(
                    f"{self._told(state)}; the time was over after {n_passed:,} lines of {label} that are "
                    "done: give it more, or make several files of this one"
                )

        return look

    def _told(self, state: dict[str, Any]) -> str:
        return f"{state['n_in']:,} of {sum(self.lines):,} lines standardized"

    def _held(self) -> Held:
        """The molecules that stay out."""
        if not self.exclude:
            return Held()
        path, told = self.work / "held.txt", self.work / "held.json"
        if not (path.exists() and told.exists()):
            every = [self._held_in(i, file) for i, file in enumerate(self.exclude)]
            for file, held in zip(self.exclude, every, strict=True):
                if not held.blocks:
                    raise UsageError(
                        f"{file} is to be excluded but holds no molecule: give a file of molecules, or "
                        "a list as yaokit's benchmarks/held_out.py writes it"
                    )
            write_held(path, joined(every))
            write_json(told, {"files": [{"n_in": held.n_in, "n_failed": held.n_failed} for held in every]})
        return read_held(path)

    def _held_in(self, number: int, file: Path) -> Held:
        """The molecules of a file, kept in pieces until all files are read."""
        if is_list(file):
            return read_held(file)
        lines = (molecule.smiles for molecule in molecules(file))
        found = []
        for i, piece in enumerate(iter(lambda: list(islice(lines, HELD)), [])):
            path = self.work / f"held-{number}-{i}.txt"
            told = path.with_suffix(".json")
            if not told.exists():
                held = held_of(piece, self.workers, self.progress, file.name)
                write_held(path, held)
                write_json(told, {"n_in": held.n_in, "n_failed": held.n_failed})
                if self.is_late():
                    raise Late(f"{i * HELD + len(piece):,} lines of {file.name}, which stays out, read")
            found.append(replace(read_held(path), **read_json(told)))
        return joined(found)

    def _count(self, state: dict[str, Any], piece: Piece) -> None:
        state["n_in"] += piece.n
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
            about = {"name": label, "sha256": digest, "bytes": size_of(source.path)}
            about |= {"licence": source.licence, **settings}
            sources.append({**about, **counts, "codes": dict(sorted(codes.items()))})
        bare = [{k: v for k, v in shard.items() if k != "sources"} for shard in shards]
        return {
            "format": FORMAT,
            "name": self.name,
            "key": self.key,
            "yaokit": __version__,
            "seed": self.seed,
            "standardizer": Standardizer().settings(),
            "excluded": self._excluded(),
            "n": sum(shard["rows"] for shard in shards),
            "counts": dict(total),
            "n_unknown_tokens": state.get("n_unknown", 0),  # now rejected; versions before kept and counted
            "sources": sources,
            "shards": bare,
        }

    def _excluded(self) -> list[dict[str, Any]]:
        """The files of what stays out, and how many of their lines were no molecule."""
        counts = read_table(self.work / "held.json").get("files", [{} for _ in self.exclude])
        every = zip(self.exclude, self.held_hashes, counts, strict=True)
        return [{"name": path.name, "sha256": digest, **count} for path, digest, count in every]


def _write_rejects(path: Path, names: Sequence[str], rejects: Sequence[Sequence[Any]]) -> None:
    import pyarrow as pa

    columns = ("source", "line", "smiles", "code", "message")
    rows = [dict(zip(columns, (names[source], *rest), strict=True)) for source, *rest in rejects]
    schema = pa.schema([(name, pa.int64() if name == "line" else pa.string()) for name in columns])
    write_csv(pa.Table.from_pylist(rows, schema=schema), path)

"""Corpora: distinct molecules in shards, each a random sample of the whole, in a fixed order."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from yaokit.core.errors import UsageError
from yaokit.core.guard import Pool
from yaokit.core.progress import SILENT, Progress
from yaokit.core.reasons import Failure
from yaokit.core.store import content_key, file_hash, locked, read_json, writing
from yaokit.pretrain.contents import fault

FORMAT = 1
ABOUT = "corpus.json"
PIECE = 4_096  # rows whose targets stand in one file
_WAIT_S = 1.0  # between two looks whether another process has made its targets
_PROBES = ("CC(=O)Oc1ccccc1C(=O)O", "Cn1c(=O)c2c(ncn2C)n(C)c1=O", "C[C@H](N)C(=O)O")  # tell targets apart


@dataclass(frozen=True)
class Corpus:
    """A prepared corpus; `about` is corpus.json: sources, settings, counts and the shards."""

    folder: Path
    about: dict[str, Any]

    @property
    def key(self) -> str:
        """16 hex digits over the molecules and their order."""
        return content_key([shard["sha256"] for shard in self.about["shards"]])

    @property
    def sizes(self) -> list[int]:
        """Molecules of each shard."""
        return [shard["rows"] for shard in self.about["shards"]]

    def __len__(self) -> int:
        return sum(self.sizes)

    def smiles(self, shard: int) -> list[str]:
        """The molecules of a shard; UsageError if the file is not as it was written."""
        import pyarrow.parquet as pq

        about = self.about["shards"][shard]
        path = self.folder / about["file"]
        if not path.is_file():
            raise UsageError(f"{path} is missing: {_CURE}")
        if path.stat().st_size != about["bytes"] or file_hash(path) != about["sha256"]:
            raise UsageError(f"{path} is damaged (its bytes are not those of {ABOUT}): {_CURE}")
        return pq.read_table(path, columns=["smiles"])["smiles"].to_pylist()

    def sample(self, n: int) -> list[str]:
        """The first n molecules: a random sample, the same each time."""
        found: list[str] = []
        for shard in range(len(self.sizes)):
            if len(found) >= n:
                break
            found += self.smiles(shard)[: n - len(found)]
        return found


_CURE = "copy the folder again, or delete it and prepare the corpus again"


def open_corpus(folder: Path) -> Corpus:
    """The corpus in a folder; UsageError if it is none, not finished, damaged or of another format."""
    path = folder / ABOUT
    if not path.is_file():
        raise UsageError(f"{folder} is no prepared corpus: it has no {ABOUT}; prepare it again")
    try:
        about = read_json(path)
    except ValueError as error:
        raise UsageError(f"{path} is damaged ({error}): {_CURE}") from None
    if isinstance(about, dict) and about.get("format", FORMAT) != FORMAT:
        raise UsageError(
            f"{folder} is a corpus of format {about['format']!r}, this yaokit reads {FORMAT}: {_CURE}"
        )
    if wrong := fault(about):
        raise UsageError(f"{path} is damaged ({wrong}): {_CURE}")
    return Corpus(folder, about)


class Targets:
    """The dear numbers that an objective wants of each molecule, made once and kept beside the shards.

    Of a corpus that cannot be written to, those that are not there yet are kept in `other`.
    """

    def __init__(
        self,
        corpus: Corpus,
        target: str,
        settings: dict[str, Any],
        workers: int = 1,
        other: Path | None = None,
    ) -> None:
        """`target` names the objective's class as "module:attribute"."""
        self.corpus, self.workers = corpus, workers
        self._of = _TargetOf(target, settings)
        objective = self._of.objective()
        probe = objective.targets(_PROBES)
        self.are_wanted = probe is not None
        values = [] if probe is None else [str(probe.dtype), np.nan_to_num(probe, nan=-1.0).tolist()]
        self._empty = np.zeros((0, 0)) if probe is None else probe[:0]
        name = f"{objective.kind}-{content_key(values)}"
        self.beside = corpus.folder / "targets" / name
        self.folder = other / name if other and not _is_writable(self.beside) else self.beside

    @property
    def row_bytes(self) -> int:
        """Bytes on disk of one molecule's."""
        return int(self._empty.dtype.itemsize * np.prod(self._empty.shape[1:]))

    def missing(self, shard: int, n: int | None = None) -> list[int]:
        """The pieces of a shard, or of its first n rows, that are not there yet."""
        return [piece for piece in self._pieces(shard, n) if not self._path(shard, piece).exists()]

    def make(
        self,
        shard: int,
        pieces: Sequence[int],
        progress: Progress = SILENT,
        is_late: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Compute pieces of a shard in guarded processes; False if it was late before the last.

        A molecule that fails has a row of NaN. Waits while another process makes some of this corpus,
        and leaves out what that one made.
        """
        if not pieces:
            return True
        self.folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            while not _entered(stack, self.folder):
                if is_late():
                    return False
                time.sleep(_WAIT_S)
            missing = [piece for piece in pieces if not self._path(shard, piece).exists()]
            return self._make(shard, missing, progress, is_late)

    def _make(
        self, shard: int, pieces: Sequence[int], progress: Progress, is_late: Callable[[], bool]
    ) -> bool:
        if not pieces:
            return True
        smiles = self.corpus.smiles(shard)
        batches = (smiles[piece * PIECE : (piece + 1) * PIECE] for piece in pieces)
        with Pool(self._of, _Stacked(self._empty), workers=self.workers) as pool:
            results = zip(pieces, pool.map(batches), strict=True)
            for piece, found in progress.track(results, f"targets of shard {shard}", len(pieces)):
                with writing(self._path(shard, piece)) as part, open(part, "wb") as file:
                    np.save(file, found, allow_pickle=False)
                if piece != pieces[-1] and is_late():
                    return False
        return True

    def read(self, shard: int, n: int | None = None) -> np.ndarray:
        """(n, k) of a shard, or of its first n rows, whose pieces are there."""
        paths = [self._path(shard, piece) for piece in self._pieces(shard, n)]
        try:
            found = np.concatenate([np.load(path, allow_pickle=False) for path in paths])
        except (OSError, ValueError, EOFError) as error:
            raise UsageError(f"{self.folder} is damaged ({error}): delete it, it is made again") from None
        size = self.corpus.sizes[shard]
        if len(found) != min(size, len(paths) * PIECE):
            raise UsageError(f"{self.folder} is not of this corpus: delete it, it is made again")
        return found[:n]

    def _pieces(self, shard: int, n: int | None) -> range:
        size = self.corpus.sizes[shard]
        return range(-(-min(size, size if n is None else n) // PIECE))

    def _path(self, shard: int, piece: int) -> Path:
        """Where a piece is or, if it is nowhere, is to be."""
        name = f"{shard:05}-{piece:04}.npy"
        return self.beside / name if (self.beside / name).exists() else self.folder / name


class _TargetOf:
    """What a guarded child does with one molecule."""

    def __init__(self, target: str, settings: dict[str, Any]) -> None:
        self.target, self.settings = target, settings

    def objective(self) -> Any:
        from yaokit.core.lazy import resolve

        return resolve(self.target)(**self.settings)

    def __call__(self, smiles: str) -> np.ndarray:
        self._made = getattr(self, "_made", None) or self.objective()
        return self._made.targets([smiles])[0]

    def __getstate__(self) -> dict[str, Any]:
        return {"target": self.target, "settings": self.settings}


class _Stacked:
    """Rows of targets → (n, k); a row of NaN where there is a failure."""

    def __init__(self, empty: np.ndarray) -> None:
        self.empty = empty  # (0, k), of their dtype

    def __call__(self, smiles: Sequence[str], found: Sequence[np.ndarray | Failure]) -> np.ndarray:
        out = np.full((len(found), *self.empty.shape[1:]), np.nan, self.empty.dtype)
        for i, row in enumerate(found):
            if not isinstance(row, Failure):
                out[i] = row
        return out


def _is_writable(folder: Path) -> bool:
    """Whether it can be written to, or made where nothing is."""
    return os.access(next(place for place in (folder, *folder.parents) if place.exists()), os.W_OK)


def _entered(stack: ExitStack, folder: Path) -> bool:
    """Whether the folder was free, and is now of this process until the stack is closed."""
    try:
        stack.enter_context(locked(folder))
    except UsageError:
        return False
    return True

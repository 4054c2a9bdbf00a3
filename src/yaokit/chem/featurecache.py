"""Features of molecules kept on disk, found again by SMILES."""

import hashlib
import sqlite3
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from yaokit.chem.fingerprints import Row

FOLDER = "features"  # below the cache folder
LIMIT_MB = 4096  # of one kind of features; a full cache is read but takes nothing more
_ASKED = 500  # keys in one question


class FeatureCache:
    """One SQLite file for each kind of features; processes may read and write it at the same time.

    A run that is killed leaves whole rows. The cache only saves time: if its file cannot be used a
    warning says so and the features are computed.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / FOLDER / f"{name}.sqlite"

    def read(self, smiles: Sequence[str]) -> list[Row | None]:
        """The features of each SMILES, None where they are not known."""
        keys = [_key(text) for text in smiles]
        found: dict[bytes, bytes] = {}
        if self._path.exists():
            with self._not_needed(), self._opened() as base:
                for start in range(0, len(keys), _ASKED):
                    part = keys[start : start + _ASKED]
                    marks = ",".join("?" * len(part))
                    found.update(base.execute(f"SELECT key, row FROM features WHERE key IN ({marks})", part))
        return [_unpacked(found[key]) if key in found else None for key in keys]

    def write(self, rows: Sequence[tuple[str, Row]]) -> None:
        """Keep the features of these SMILES, all or none."""
        if not rows or (self._path.exists() and self._path.stat().st_size > LIMIT_MB * 2**20):
            return
        with self._not_needed(), self._opened() as base, base:
            packed = [(_key(text), _packed(row)) for text, row in rows]
            base.executemany("INSERT OR IGNORE INTO features VALUES (?, ?)", packed)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=60)) as base:
            base.execute("PRAGMA synchronous = NORMAL")
            base.execute("CREATE TABLE IF NOT EXISTS features (key BLOB PRIMARY KEY, row BLOB) WITHOUT ROWID")
            yield base

    @contextmanager
    def _not_needed(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            warnings.warn(
                f"features are not cached in {self._path}: {error}; delete it or free its disk", stacklevel=4
            )


def clear_features(folder: Path) -> None:
    """Delete all cached features below the cache folder."""
    for path in (folder / FOLDER).glob("*.sqlite*"):
        path.unlink(missing_ok=True)


def _key(smiles: str) -> bytes:
    return hashlib.sha256(smiles.encode("utf-8", "surrogatepass")).digest()[:16]


def _packed(row: Row) -> bytes:
    indices, values = row
    return indices.astype("<u2").tobytes() + values.astype("<f4").tobytes()


def _unpacked(data: bytes) -> Row:
    n = len(data) // 6
    indices = np.frombuffer(data, "<u2", n).astype(np.int32)
    return indices, np.frombuffer(data, "<f4", n, 2 * n).astype(np.float32)

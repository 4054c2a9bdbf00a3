"""Outcomes of cross-validation kept on disk, found again by all that they were made from."""

import hashlib
import os
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import yaokit
from yaokit.chem.folds import Folds
from yaokit.core.errors import UsageError
from yaokit.core.store import content_key
from yaokit.models.card import PACKAGES
from yaokit.models.cross import SIMILARITY, Job
from yaokit.models.labels import make
from yaokit.models.targets import Targets
from yaokit.nn.checkpoint import load_arrays, save_arrays
from yaokit.nn.pretrained import shipped

FOLDER = "folds"  # below the cache folder
LIMIT_MB = 1024  # of all outcomes; those that were not asked for the longest go first
_LAYERS = ("core", "chem", "nn", "models")  # whose code makes outcomes


class FoldCache:
    """The outcomes of fits to one table: a folder for each member and repeat.

    A member's key is its own, so that it is found again beside other members. It only saves time: if
    the files cannot be used a warning says so. Members of other packages are not kept, since nothing
    tells when their code changes.
    """

    def __init__(
        self,
        folder: Path,
        smiles: Sequence[str],
        y: Targets,
        folds: Sequence[Folds],
        settings: Mapping[str, Mapping[str, Any]],
        seed: int,
    ) -> None:
        """`y`: on the scales the members learn on; `settings`: of members by label."""
        self._root, self._folds, self._settings = folder / FOLDER, folds, settings
        arrays = [array.tobytes() for array in (y.values, y.bounds, y.weights)]
        self._about = [code(), seed, y.kinds, _digest("\n".join(smiles).encode(), *arrays)]
        self._folders: dict[tuple[str, int], Path | None] = {}

    def read(self, job: Job) -> dict[str, np.ndarray] | None:
        """The arrays of an outcome; None if it is not kept."""
        folder = self._folder(job)
        if folder is None or not (folder / job.file).is_file():
            return None
        with self._not_needed():
            try:
                found = load_arrays(folder / job.file)
            except UsageError:  # damaged, or removed by another run
                (folder / job.file).unlink(missing_ok=True)
                return None
            os.utime(folder)
            return found
        return None

    def write(self, job: Job, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep the arrays of an outcome."""
        if folder := self._folder(job):
            with self._not_needed():
                folder.mkdir(parents=True, exist_ok=True)
                own = folder / f"{os.getpid()}.{job.file}"  # other runs may write the same
                save_arrays(own, arrays)
                own.replace(folder / job.file)

    def trim(self) -> None:
        """Remove what goes beyond the limit."""
        with self._not_needed():
            self._root.mkdir(parents=True, exist_ok=True)
            total = 0
            for folder in sorted(self._root.iterdir(), key=_used, reverse=True):
                total += sum(file.stat().st_size for file in folder.iterdir())
                if total > LIMIT_MB * 2**20:
                    shutil.rmtree(folder, ignore_errors=True)

    def _folder(self, job: Job) -> Path | None:
        known = (job.model, job.repeat)
        if known not in self._folders:
            numbers = _digest(self._folds[job.repeat].numbers.tobytes())
            about = [*self._about, *known, numbers, self._settings.get(job.model)]
            self._folders[known] = self._root / content_key(about) if _is_ours(job.model) else None
        return self._folders[known]

    @contextmanager
    def _not_needed(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            warnings.warn(f"folds are not cached in {self._root}: {error}", stacklevel=4)


@cache
def code() -> str:
    """Names the code that makes outcomes, the packages it calls and the encoders it may read."""
    home = Path(yaokit.__file__).parent
    every = (file for layer in _LAYERS for file in sorted((home / layer).rglob("*")))
    files = [file for file in every if file.suffix in (".py", ".csv", ".toml", ".smi")]
    digest = _digest(*(file.read_bytes() for file in files))
    return content_key([yaokit.__version__, digest, {name: version(name) for name in PACKAGES}, shipped()])


def _is_ours(label: str) -> bool:
    return label == SIMILARITY or type(make(label)).__module__.startswith("yaokit.")


def _used(folder: Path) -> float:
    return folder.stat().st_mtime


def _digest(*parts: bytes) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "big") + part)
    return found.hexdigest()

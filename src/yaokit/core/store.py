"""Files and folders that are whole or absent, and names made from content."""

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from yaokit.core.errors import UsageError

_UMASK = os.umask(0o077)  # once, here: it can only be read by changing it, for all threads
os.umask(_UMASK)


def content_key(value: Any) -> str:
    """16 hex digits that name a JSON-able value."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`; synced and renamed to it at the end, removed on error.

    Who may read a new file may read it, also where its writer (safetensors) keeps it to the owner.
    """
    part = path.with_name(path.name + ".part")
    try:
        yield part
        _open_to_others(part)
        _sync(part)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """The text as UTF-8, whole or not at all."""
    with writing(path) as part:
        part.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Indented JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """What `write_json` wrote."""
    return json.loads(path.read_text(encoding="utf-8"))


def publish(part: Path, final: Path) -> None:
    """Rename a finished folder to its name, its files synced first; a link keeps what it leads to.

    A folder in which the process stands stays, and what is in it is replaced: its shell stands there too.
    """
    for file in sorted(part.rglob("*")):
        if file.is_file():
            _sync(file)
    final = final.resolve()
    if final.is_dir() and final.samefile("."):
        for old in final.iterdir():
            shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
        for new in part.iterdir():
            new.replace(final / new.name)
        part.rmdir()
    else:
        if final.exists():
            shutil.rmtree(final)
        part.replace(final)
    _sync(final.parent)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """The folder for this process alone; UsageError if another run works in it."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UsageError(
            f"{folder} is in use by another yaokit run; wait for it or choose another folder with -o"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _open_to_others(path: Path) -> None:
    """The rights that a new file gets, beside those it has."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if (wider := mode | (0o666 & ~_UMASK)) != mode:
        path.chmod(wider)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

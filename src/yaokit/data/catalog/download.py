"""Files from the web: whole or not at all, continued where they stopped, checked."""

import http.client
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from yaokit.core.errors import UsageError
from yaokit.core.progress import SILENT, Progress
from yaokit.core.store import file_hash, write_json
from yaokit.data.catalog.web import Again, BadAnswer, Patience, open_url, patiently

MAX_BYTES = 4 * 2**30
_CHUNK = 1 << 18
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


@dataclass(frozen=True)
class Wanted:
    """A file on the web: its address, its SHA-256 if known, and how large it may be at most."""

    url: str
    sha256: str | None = None
    max_bytes: int = MAX_BYTES
    body: bytes | None = None  # sent by POST if given


def download(
    wanted: Wanted, path: Path, *, patience: Patience | None = None, progress: Progress = SILENT
) -> Path:
    """The file at `path`, which the caller names: nothing the server says decides where it is written.

    What has come lies in `path`.part and is continued if the server still has the same file.
    A file that is there already is kept. Trouble that may pass is tried again; UsageError for an
    address that does not exist, no network, a wrong checksum, a web page instead of data, or more
    than `max_bytes`; Interrupted if the server keeps failing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(path.name + ".lock")
    with FileLock(lock):
        try:
            if not path.exists():
                part = _Part(path, wanted)
                patience = patience or Patience()
                patiently(lambda: part.receive(patience.timeout_s, progress), wanted.url, patience)
                part.finish()
        finally:
            with suppress(OSError):  # another one waits for it, on systems where that holds it
                lock.unlink()
    return path


class _Part:
    """A file on its way: `path`.part, and `path`.part.json with what it is a part of."""

    def __init__(self, path: Path, wanted: Wanted) -> None:
        self.path, self.wanted = path, wanted
        self.part = path.with_name(path.name + ".part")
        self.about = path.with_name(path.name + ".part.json")
        self.most = 0  # bytes that were ever there

    def receive(self, timeout_s: float, progress: Progress) -> None:
        """Ask for what is missing and append it; Again if the answer ends early."""
        have, tag = self._so_far()
        headers = {"Range": f"bytes={have}-", "If-Range": tag} if have else {}
        with self._ask(headers, timeout_s) as answer:
            start, total = _extent(answer)
            if start not in (0, have):
                raise Again(f"the server continued at byte {start:,}, not {have:,}")
            self._allow(total or 0)
            self._remember(answer, start)
            self._append(answer, start, total, progress)

    def _ask(self, headers: dict[str, str], timeout_s: float) -> Any:
        try:
            return open_url(self.wanted.url, headers=headers, body=self.wanted.body, timeout_s=timeout_s)
        except BadAnswer as error:
            if error.code == 416 and headers:  # nothing after what is there: the file is another one by now
                self.drop()
                raise Again("the file has changed on the server") from None
            raise

    def finish(self) -> None:
        """Check the whole and give it its name."""
        with open(self.part, "rb") as file:
            begin = file.read(512).lstrip().lower()
        if begin.startswith((b"<!doctype html", b"<html")):
            self.drop()
            raise UsageError(
                f"{self.wanted.url}: a web page came instead of data; does a log-in stand before it?"
            )
        found = file_hash(self.part)
        if self.wanted.sha256 and found != self.wanted.sha256:
            self.drop()
            raise UsageError(
                f"{self.wanted.url}: the checksum is {found}, not {self.wanted.sha256}: "
                "the file was changed or damaged, and is not kept"
            )
        self.about.unlink(missing_ok=True)
        self.part.replace(self.path)

    def drop(self) -> None:
        self.part.unlink(missing_ok=True)
        self.about.unlink(missing_ok=True)

    def _so_far(self) -> tuple[int, str]:
        """How many bytes are there, and the tag by which the server knows the file; 0 without a tag."""
        try:
            about = json.loads(self.about.read_text(encoding="utf-8"))
            if about["url"] == self.wanted.url and about["tag"]:
                return self.part.stat().st_size, about["tag"]
        except (OSError, ValueError, KeyError):  # nothing of use
            pass
        return 0, ""

    def _remember(self, answer: Any, start: int) -> None:
        if not start:
            tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
            self.part.write_bytes(b"")
            write_json(self.about, {"url": self.wanted.url, "tag": "" if tag.startswith("W/") else tag})

    def _append(self, answer: Any, start: int, total: int | None, progress: Progress) -> None:
        done = start
        try:
            with open(self.part, "ab") as file:
                for chunk in progress.track(_chunks(answer), self.path.name, total and total - start, len):
                    done += len(chunk)
                    self._allow(done)
                    file.write(chunk)
            if total is not None and done < total:
                raise Again(f"the answer ended after {done:,} of {total:,} bytes")
        except Again as trouble:
            trouble.moved = done > self.most
            self.most = max(self.most, done)
            raise

    def _allow(self, size: int) -> None:
        if size > self.wanted.max_bytes:
            self.drop()
            raise UsageError(
                f"{self.wanted.url}: larger than the limit of {self.wanted.max_bytes:,} bytes; not downloaded"
            )


def _extent(answer: Any) -> tuple[int, int | None]:
    """Where the answer starts in the file, and how long the file is if that is told."""
    if answer.status == 206 and (found := _RANGE.match(answer.headers.get("Content-Range", ""))):
        return int(found[1]), None if found[2] == "*" else int(found[2])
    length = answer.headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() else None


def _chunks(answer: Any) -> Any:
    while True:
        try:
            chunk = answer.read(_CHUNK)
        except http.client.IncompleteRead as error:
            yield error.partial
            raise Again("the answer ended early") from None
        except (TimeoutError, OSError) as error:
            raise Again(f"{type(error).__name__}: {error}") from None
        if not chunk:
            return
        yield chunk

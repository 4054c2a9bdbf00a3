"""Data sets brought into the cache: from a data folder, a file on the web, or a service page by page."""

import csv
import io
import shutil
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from yaokit.core.cache import cache_folder
from yaokit.core.errors import UsageError
from yaokit.core.lazy import resolve
from yaokit.core.progress import SILENT, Progress
from yaokit.core.store import file_hash, read_json, write_json, writing
from yaokit.data.catalog.catalog import Entry, find, in_folder
from yaokit.data.catalog.download import Wanted, download
from yaokit.data.catalog.web import Offline, Patience

SERVICES = {
    "chembl": "yaokit.data.catalog.chembl:fetch_target",
    "pubchem": "yaokit.data.catalog.pubchem:fetch_assay",
}
MAX_MEMBER_BYTES = 2**30


def fetch(
    name: str,
    *,
    data_dir: Path | None = None,
    again: bool = False,
    patience: Patience | None = None,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Bring a set into the cache (or find it there) and say what is known of it.

    The answer holds name, path, bytes, sha256, origin, and `checked`: "known" if the checksum is
    the catalog's, "recorded" if it was the first time and nobody knows better, "as recorded" if
    it is what came before. `again` replaces what is there. UsageError without a network.
    """
    entry = find(name)
    path = entry.cached
    if path.is_file() and not again:
        return _told(entry, path)
    origin = in_folder(entry, data_dir)
    if origin is not None:
        path = cache_folder() / "data" / str(entry.file)
        path.parent.mkdir(parents=True, exist_ok=True)
        with writing(path) as part:
            shutil.copyfile(origin, part)
        return _record(entry, path, str(origin), "known")
    try:
        with _set_aside(path), _set_aside(_archive(entry) if again else None):
            url = _from_the_web(entry, path, patience or Patience(), progress)
    except Offline as error:
        raise UsageError(f"{error} {_without_network(entry)}") from None
    return _record(entry, path, url, "recorded")


def _from_the_web(entry: Entry, path: Path, patience: Patience, progress: Progress) -> str:
    family = entry.family
    service = SERVICES.get(entry.name.split("/")[0])
    if service:
        return resolve(service)(entry, path, patience=patience, progress=progress)
    if not (entry.address and family.host):
        raise UsageError(
            f"{entry.name} is not on the web in this form; give a folder that holds {entry.file}: "
            "--data-dir DIR"
        )
    if family.archive:
        return _from_archive(entry, path, patience, progress)
    url = family.url(entry.address)
    download(Wanted(url), path, patience=patience, progress=progress)
    return url


@contextmanager
def _set_aside(path: Path | None) -> Iterator[None]:
    """What is at `path` out of the way; back again if the block fails."""
    aside = path and path.with_name(path.name + ".old")
    if not (path and aside and path.exists()):
        yield
        return
    path.replace(aside)
    try:
        yield
    except BaseException:
        aside.replace(path)
        raise
    aside.unlink()


def _archive(entry: Entry) -> Path | None:
    return entry.cached.parent / "archive.zip" if entry.family.archive else None


def _from_archive(entry: Entry, path: Path, patience: Patience, progress: Progress) -> str:
    """The set's members of a zip file as one table, with the column "split" that tells them apart."""
    url = entry.family.url(entry.family.archive or "")
    archive = path.parent / "archive.zip"
    download(Wanted(url), archive, patience=patience, progress=progress)
    try:
        with zipfile.ZipFile(archive) as opened, writing(path) as part:
            _write_members(entry, opened, part)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, UnicodeDecodeError) as error:
        archive.unlink()
        raise UsageError(f"{url}: not a zip file that can be read ({error}); it is not kept") from None
    return url


def _write_members(entry: Entry, archive: zipfile.ZipFile, path: Path) -> None:
    """No member is unpacked: the wanted ones are read by name, whatever else the archive holds."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for number, member in enumerate(entry.family.members):
            rows = _rows(archive, f"{entry.address}/{member}")
            header = next(rows, [])
            if not number:
                writer.writerow(["split", *header])
            writer.writerows([Path(member).stem, *row] for row in rows)


def _rows(archive: zipfile.ZipFile, ending: str) -> Iterator[list[str]]:
    found = [info for info in archive.infolist() if f"/{info.filename}".endswith(f"/{ending}")]
    if len(found) != 1:
        raise UsageError(f"{archive.filename} holds {len(found)} files {ending}, not one")
    if found[0].file_size > MAX_MEMBER_BYTES:
        raise UsageError(f"{ending} would unpack to {found[0].file_size:,} bytes; not read")
    with archive.open(found[0]) as member:
        yield from csv.reader(io.TextIOWrapper(member, encoding="utf-8", newline=""))


def _record(entry: Entry, path: Path, origin: str, checked: str) -> dict[str, Any]:
    known = {
        "name": entry.name,
        "origin": origin,
        "sha256": file_hash(path),
        "bytes": path.stat().st_size,
        "fetched": time.strftime("%Y-%m-%d"),
        "licence": entry.licence,
        "citation": entry.family.citation,
    }
    write_json(_about(path), known)
    return {**known, "path": str(path), "checked": checked}


def _told(entry: Entry, path: Path) -> dict[str, Any]:
    """What was recorded of a cached file, which must still be the same."""
    if not _about(path).exists():  # put there by hand
        return _record(entry, path, "put into the cache by hand", "recorded")
    known = read_json(_about(path))
    if (found := file_hash(path)) != known["sha256"]:
        raise UsageError(
            f"{path}: the checksum is {found}, not {known['sha256']} as recorded: changed or damaged; "
            f"`yaokit data fetch {entry.name} --again` replaces it"
        )
    return {**known, "path": str(path), "checked": "as recorded"}


def _about(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _without_network(entry: Entry) -> str:
    if entry.family.archive:
        url, place = entry.family.url(entry.family.archive), entry.cached.parent / "archive.zip"
    elif entry.address:
        url, place = entry.family.url(entry.address), entry.cached
    else:
        return f"Fetch it where there is one and copy {entry.cached} from there to the same place here"
    folder = ", or give a folder that holds " + f"{entry.file}: --data-dir DIR" if entry.file else ""
    return f"Without one: fetch {url} elsewhere and put it at {place}{folder}"

"""What is known of the data sets, embedded and catalogued, for people and machines."""

from pathlib import Path
from typing import Any

from yaokit.core.store import file_hash, read_json
from yaokit.data.catalog.builtin import FETCHED, PREFIX, Builtin, builtin, builtins, source_files
from yaokit.data.catalog.catalog import Entry, catalog, find, folder_file, is_as_known, located


def sets(data_dir: Path | None = None) -> list[dict[str, Any]]:
    """Every set: name, title, task, rows, and where it is.

    That is "embedded", "folder" (a data folder; "other version" if the checksum is wrong), "cache",
    "web", or "--data-dir" for sets that only a data folder can give.
    """
    embedded = [
        {"name": PREFIX + e.name, "title": e.title, "task": e.task, "rows": e.rows, "where": "embedded"}
        for e in builtins().values()
    ]
    others = [
        {"name": e.name, "title": e.title, "task": e.task, "rows": e.rows, "where": _where(e, data_dir)}
        for e in catalog().values()
    ]
    return [*embedded, *others]


def described(name: str, data_dir: Path | None = None) -> dict[str, Any]:
    """One set in full: `file`, `bytes`, `sha256` of what is here, `folder_…` of what a data folder holds."""
    if name.startswith(PREFIX) or name in builtins():
        entry = builtin(PREFIX + name.removeprefix(PREFIX))
        assert isinstance(entry, Builtin)
        return _embedded(entry)
    return _catalogued(find(name.removeprefix(FETCHED)), data_dir)


def _embedded(entry: Builtin) -> dict[str, Any]:
    found = source_files(PREFIX + entry.name)
    return {
        "name": PREFIX + entry.name,
        "title": entry.title,
        "task": entry.task,
        "rows": entry.rows,
        "unit": entry.unit,
        "licence": entry.licence,
        "source": entry.source,
        "note": entry.note,
        "where": "embedded",
        "file": ", ".join(map(str, found)),
        "sha256": ", ".join(map(file_hash, found)),
    }


def _catalogued(entry: Entry, data_dir: Path | None) -> dict[str, Any]:
    file = located(entry, data_dir)
    record = file.with_name(f"{file.name}.json") if file else None
    told = read_json(record)["sha256"] if record and record.exists() else None
    return {
        "name": entry.name,
        "title": entry.title,
        "task": entry.task,
        "rows": entry.rows,
        "value": entry.value,
        "unit": entry.unit,
        "licence": entry.licence,
        "source": entry.family.title,
        "citation": entry.family.citation,
        "where": _where(entry, data_dir),
        "file": str(file) if file else None,
        "bytes": file.stat().st_size if file else None,
        "sha256": told or (file_hash(file) if file else None),
        "address": _address(entry),
        "folder_file": entry.file,
        "folder_bytes": entry.bytes,
        "folder_sha256": entry.sha256,
        "use": f"{FETCHED}{entry.name}" if file else f"yaokit data fetch {entry.name}",
    }


def _where(entry: Entry, data_dir: Path | None) -> str:
    if (file := folder_file(entry, data_dir)) is not None:
        return "folder" if is_as_known(entry, file) else "other version"
    if entry.cached.is_file():
        return "cache"
    return "web" if entry.family.host else "--data-dir"


def _address(entry: Entry) -> str | None:
    if not entry.family.host:
        return None
    return entry.family.url(entry.family.archive or entry.address or "")

"""Measured activities of a target from ChEMBL's web services, page by page."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.progress import Progress
from yaokit.core.store import writing
from yaokit.data.catalog.catalog import Entry
from yaokit.data.catalog.download import Wanted, download
from yaokit.data.catalog.web import Patience

PAGE = 1000  # the most that the service gives at once
MAX_PAGE_BYTES = 2**26
COLUMNS = (
    *("activity_id", "molecule_chembl_id", "canonical_smiles", "standard_type", "standard_relation"),
    *("standard_value", "standard_units", "pchembl_value", "data_validity_comment", "assay_chembl_id"),
    *("assay_type", "assay_description", "target_chembl_id", "target_pref_name", "target_organism"),
    *("document_chembl_id", "document_year"),
)


def fetch_target(entry: Entry, path: Path, *, patience: Patience, progress: Progress) -> str:
    """All activities "chembl/TARGET/TYPE" names as CSV with COLUMNS at `path`; the address asked.

    Pages that have come are kept in `path`.pages until all are there, so a stopped run continues.
    NothingUsable if there are none. Source: https://chembl.gitbook.io/chembl-interface-documentation
    """
    _, target, kind = entry.name.split("/")
    asked = {"target_chembl_id": target, "standard_type": kind, "order_by": "activity_id", "limit": PAGE}
    url = entry.family.url("activity.json") + "?" + urlencode(asked)
    folder = path.with_name(path.name + ".pages")
    first = _page(url, 0, folder, patience)
    total = int(first["page_meta"]["total_count"])
    if not total:
        shutil.rmtree(folder)
        raise NothingUsable(f"ChEMBL has no {kind} of {target}; is that the target's id and a type it has?")
    offsets = range(0, total, PAGE)
    for offset in progress.track(offsets, f"{target} {kind}, pages", len(offsets)):
        _page(url, offset, folder, patience)
    with writing(path) as part:
        _write(folder, list(offsets), total, part)
    shutil.rmtree(folder)
    return url


def _page(url: str, offset: int, folder: Path, patience: Patience) -> dict[str, Any]:
    file = folder / f"{offset:09}.json"
    download(Wanted(f"{url}&offset={offset}", max_bytes=MAX_PAGE_BYTES), file, patience=patience)
    try:
        page = json.loads(file.read_bytes())
        if int(page["page_meta"]["total_count"]) >= len(page["activities"]):
            return page
    except (ValueError, KeyError, TypeError):  # told below
        pass
    file.unlink()
    raise UsageError(f"{url}: the answer is not what ChEMBL's service gives; is the address right?")


def _write(folder: Path, offsets: list[int], total: int, path: Path) -> None:
    """The pages as one table; UsageError if they do not fit together (the database has changed)."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        seen: set[Any] = set()
        for offset in offsets:
            page = json.loads((folder / f"{offset:09}.json").read_bytes())
            rows = page["activities"]
            seen |= {row["activity_id"] for row in rows}
            writer.writerows(rows)
            if int(page["page_meta"]["total_count"]) != total:
                break
    if len(seen) != total:
        shutil.rmtree(folder)
        raise UsageError(
            f"ChEMBL told of {total:,} activities and gave {len(seen):,}: it changed meanwhile; fetch again"
        )

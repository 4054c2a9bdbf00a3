"""A PubChem bioassay through PUG REST, substances in portions."""

import csv
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.progress import Progress
from yaokit.core.store import writing
from yaokit.data.catalog.catalog import Entry
from yaokit.data.catalog.download import Wanted, download
from yaokit.data.catalog.web import Patience

PORTION = 5_000  # substances a request; the service allows 10,000
PAUSE_S = 0.25  # it allows five requests a second
_TAG, _SMILES = "PUBCHEM_RESULT_TAG", "PUBCHEM_EXT_DATASOURCE_SMILES"


def fetch_assay(entry: Entry, path: Path, *, patience: Patience, progress: Progress) -> str:
    """The table of the assay "pubchem/AID" as CSV at `path`, one row per result; the address asked.

    The rows that describe columns are left out; PUBCHEM_EXT_DATASOURCE_SMILES holds the structures.
    What has come is kept in `path`.pages until all is there. NothingUsable for an empty assay.
    Source: https://pubchem.ncbi.nlm.nih.gov/docs/pug-rest
    """
    number = entry.name.split("/")[1]
    url, folder = entry.family.url(f"assay/aid/{number}"), path.with_name(path.name + ".pages")
    listed = download(Wanted(f"{url}/sids/TXT", max_bytes=2**27), folder / "sids.txt", patience=patience)
    sids = listed.read_text(encoding="ascii", errors="replace").split()
    if not sids or not all(sid.isdigit() for sid in sids):
        shutil.rmtree(folder)
        raise NothingUsable(f"PubChem lists no substances for assay {number}")
    portions = [sids[i : i + PORTION] for i in range(0, len(sids), PORTION)]
    pages = []
    for i, portion in enumerate(progress.track(portions, f"assay {number}, portions", len(portions))):
        pages.append(folder / f"{i:06}.csv")
        if not pages[-1].exists():
            time.sleep(PAUSE_S)
            body = f"sid={','.join(portion)}".encode()
            download(Wanted(f"{url}/CSV", max_bytes=2**29, body=body), pages[-1], patience=patience)
    with writing(path) as part:
        _write(pages, url, part)
    shutil.rmtree(folder)
    return f"{url}/CSV"


def _write(pages: list[Path], url: str, path: Path) -> None:
    header: list[str] | None = None
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for page in pages:
            rows = _rows(page)
            found = next(rows, [])
            if header is None:
                header = found
                writer.writerow(header)
            if found != header or _TAG not in header or _SMILES not in header:
                page.unlink()
                raise UsageError(f"{url}: the answer is not what PubChem's service gives; fetch again")
            at = header.index(_TAG)
            writer.writerows(row for row in rows if len(row) > at and row[at].isdigit())


def _rows(page: Path) -> Iterator[list[str]]:
    with open(page, encoding="utf-8", errors="replace", newline="") as file:
        yield from csv.reader(file)

"""From measured tables to one table of standardized molecules; no row is lost on the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from yaokit.chem.standardize import Standardizer
from yaokit.core.errors import NothingUsable
from yaokit.core.guard import Pool
from yaokit.core.progress import SILENT, Progress
from yaokit.core.reasons import REASONS, Failure
from yaokit.core.table import MolTable
from yaokit.data.assemble import assembled
from yaokit.data.groups import Clean, grouped, with_unique_ids
from yaokit.data.measurements import Measurements, Row, ValueColumn, read_measurements
from yaokit.data.summary import origin, summary

__all__ = ["STANDARD", "Curated", "ValueColumn", "curate"]

STANDARD = Standardizer()
_BATCH = 256


@dataclass(frozen=True)
class Curated:
    """The curated table and its summary (n_in, n_kept, …, tasks, files, noise, conflicts, notes)."""

    table: MolTable
    summary: dict[str, Any]


def curate(
    files: Sequence[str | Path],
    *,
    smiles: str | None = None,
    id: str | None = None,
    values: Sequence[ValueColumn] = (),
    standardizer: Standardizer = STANDARD,
    workers: int = 2,
    progress: Progress = SILENT,
) -> Curated:
    """One row per molecule: standardized, values on the p-scale, replicates merged by median.

    Columns of the table: row, id, smiles; per value its task name (float64, null = not measured)
    and <task>_relation ("=", ">" or "<"); n (rows merged), spread (largest difference of exact
    replicates, null below two), repaired (what standardizing changed), source (file name),
    source_rows (list of line numbers in the file, from 1, a header is line 1), input_smiles; then
    the other columns of the first row of each molecule, "input_" before a name that is taken.
    UsageError for a missing file or column, NothingUsable if no row is left.
    """
    read = read_measurements(files, smiles=smiles, id=id, values=values)
    clean = _standardized([row for row in read.rows if row.failure is None], standardizer, workers, progress)
    groups, failed = grouped(read.rows, clean)
    groups, notes = with_unique_ids(groups)
    table = assembled(groups, failed, read, values)
    if not groups:
        raise NothingUsable(_nothing(table, read))
    told = summary(table, groups, clean, read, values)
    told["notes"] += notes
    return Curated(table, {**told, "standardizer": standardizer.settings(), **origin(files)})


class _Standardize:
    """What a guarded child does with one SMILES."""

    def __init__(self, standardizer: Standardizer) -> None:
        self.standardizer = standardizer

    def __call__(self, smiles: str) -> Clean | Failure:
        found = self.standardizer(smiles)
        return found if isinstance(found, Failure) else Clean(found.smiles, "; ".join(found.notes))


def _standardized(
    rows: Sequence[Row], standardizer: Standardizer, workers: int, progress: Progress
) -> dict[str, Clean | Failure]:
    """By input SMILES; each distinct one is standardized once."""
    distinct = list(dict.fromkeys(str(row.smiles) for row in rows))
    batches = [distinct[i : i + _BATCH] for i in range(0, len(distinct), _BATCH)]
    with Pool(_Standardize(standardizer), workers=min(workers, len(batches)) or 1) as pool:
        results = chain.from_iterable(pool.map(batches))
        tracked = progress.track(results, "standardizing", total=len(distinct))
        return dict(zip(distinct, tracked, strict=True))


def _nothing(table: MolTable, read: Measurements) -> str:
    names = ", ".join(info["name"] for info in read.files)
    worst = list(table.counts()["codes"].items())[:3]
    reasons = ", ".join(f"{code} {n:,} ({REASONS[code]})" for code, n in worst)
    return f"none of the {table.n_in:,} rows of {names} can be used: {reasons}"

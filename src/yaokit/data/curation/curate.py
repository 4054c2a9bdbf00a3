"""From measured tables to one table of standardized molecules; no row is lost on the way."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from os.path import realpath
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from yaokit import __version__
from yaokit.chem.standardize import Standardizer
from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.progress import SILENT, Progress
from yaokit.core.reasons import REASONS
from yaokit.core.store import content_key, locked, write_json, writing
from yaokit.core.table import REJECTS, MolTable
from yaokit.data.curation.assemble import Assembly, no_merged
from yaokit.data.curation.chunks import chunks
from yaokit.data.curation.classes import Classes, words_of
from yaokit.data.curation.clean import cleaned
from yaokit.data.curation.groups import grouped
from yaokit.data.curation.issues import Issue
from yaokit.data.curation.measurements import RESERVED, ValueColumn, check_values
from yaokit.data.curation.shards import ROWS, Shards, foreign_files
from yaokit.data.curation.sources import Source, all_columns, names, open_sources
from yaokit.data.curation.stamp import stamp
from yaokit.data.curation.summary import Tally, origin
from yaokit.data.export import companions, csv_writer, stem_of
from yaokit.data.read.columns import no_column
from yaokit.data.read.library import count_lines
from yaokit.data.read.records import AS_FOUND, Reading, shown

__all__ = ["ISSUES", "STANDARD", "Curated", "ValueColumn", "curate", "curate_to"]

STANDARD = Standardizer()
ISSUES = pa.schema([(name, pa.string()) for name in ("kind", "id", "other_id", "detail")])
_OTHER_KINDS = (".csv", ".tsv", ".txt", ".smi", ".xlsx", ".sdf", ".json", ".html")
_VERSION = 3  # raise it when the same input and settings give another table


@dataclass(frozen=True)
class Curated:
    """The curated table, its summary (n_in, n_kept, …, tasks, files, noise, issues, notes) and issues."""

    table: MolTable
    summary: dict[str, Any]
    issues: pa.Table


def curate(
    files: Sequence[str | Path],
    *,
    smiles: str | None = None,
    id: str | None = None,
    values: Sequence[ValueColumn] = (),
    keep: Collection[str] = (),
    standardizer: Standardizer = STANDARD,
    reading: Reading = AS_FOUND,
    notes: Sequence[str] = (),
    workers: int = 2,
    progress: Progress = SILENT,
) -> Curated:
    """One row per molecule: standardized, values on the p-scale, replicates merged by median.

    Columns of the table: row, id, smiles; per value its task name (float64, null = not measured;
    int8 for classes) and <task>_relation ("=", ">" or "<"); n (rows merged), spread (largest
    difference of exact replicates, null below two), repaired (what standardizing changed), source
    (file name), source_rows (list of line numbers in the file, from 1, a header is line 1),
    input_smiles; then the other columns of the first row of each molecule, "input_" before a name
    that is taken. Columns in `keep` are among these even if they are structures, ids or values
    too; `columns` of the summary says what each column is called now. `notes` go before its own.
    UsageError for a missing file or column, NothingUsable if no row is left.
    """
    sources = open_sources(files, smiles=smiles, id=id, reading=reading)
    with TemporaryDirectory(prefix="yaokit-curate-") as folder:
        work = _Work(Path(folder), sources, values, standardizer, workers, progress, keep, notes)
        data, rejects = [work.assembly.schema.empty_table()], [REJECTS.empty_table()]
        for kept, rejected in work.parts():
            data.append(kept)
            rejects.append(rejected)
        merged = pa.concat_tables([no_merged(), *work.assembly.merged()])
        issues, summary = work.told()
        table = MolTable(pa.concat_tables(data), pa.concat_tables(rejects), merged, summary["n_in"])
    return Curated(table, summary | origin(files), issues)


def curate_to(
    out: Path,
    files: Sequence[str | Path],
    *,
    smiles: str | None = None,
    id: str | None = None,
    values: Sequence[ValueColumn] = (),
    standardizer: Standardizer = STANDARD,
    reading: Reading = AS_FOUND,
    notes: Sequence[str] = (),
    workers: int = 2,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """`curate` straight to files, in flat memory; gives the summary.

    Writes OUT.parquet, OUT.rejects.csv, OUT.merged.csv, OUT.issues.csv and OUT.summary.json (`out`
    with or without .parquet). Works in the folder OUT.part; interrupted, the same call continues
    there and gives the same bytes. Memory: about 20 bytes a row beyond what a shard of rows needs.
    """
    if out.suffix.lower() in _OTHER_KINDS:
        raise UsageError(f"{out}: the table is written as Parquet; give a name that ends in .parquet")
    stem = stem_of(out)
    _spare(files, stem)
    stem.parent.mkdir(parents=True, exist_ok=True)
    sources = open_sources(files, smiles=smiles, id=id, reading=reading)
    with _work_folder(stem.with_name(f"{stem.name}.part")) as folder:
        work = _Work(folder, sources, values, standardizer, workers, progress, notes=notes)
        with ExitStack() as stack:
            paths = [stack.enter_context(writing(path)) for path in companions(stem)]
            table = stack.enter_context(pq.ParquetWriter(paths[0], work.assembly.schema))
            reject, merge, issue = (stack.enter_context(csv_writer(path)) for path in paths[1:])
            reject(REJECTS.empty_table())
            for kept, rejected in work.parts():
                table.write_table(kept)
                reject(rejected)
            merge(no_merged())
            for merged in work.assembly.merged():
                merge(merged)
            issues, summary = work.told()
            issue(issues)
            table.add_key_value_metadata(stamp(summary))
        summary |= origin(files)
        write_json(stem.with_name(f"{stem.name}.summary.json"), summary)
    return summary


def _spare(files: Sequence[str | Path], stem: Path) -> None:
    """UsageError if a file to be written is one of the inputs."""
    others = [stem.with_name(f"{stem.name}.{ending}") for ending in ("summary.json", "html")]
    written = {realpath(path) for path in (*companions(stem), *others)}
    for file in files:
        if realpath(file) in written:
            raise UsageError(
                f"{shown(file)} is an input and would be overwritten; choose another name with -o"
            )


@contextmanager
def _work_folder(folder: Path) -> Iterator[Path]:
    """OUT.part, for this run alone; kept if the run is interrupted, so that it can continue."""
    folder.mkdir(exist_ok=True)
    with locked(folder):
        try:
            yield folder
        except (UsageError, NothingUsable):
            if not foreign_files(folder):
                rmtree(folder, ignore_errors=True)
            raise
    rmtree(folder, ignore_errors=True)


class _Work:
    """Everything between the files and the parts of the curated table."""

    def __init__(
        self,
        folder: Path,
        sources: Sequence[Source],
        values: Sequence[ValueColumn],
        standardizer: Standardizer,
        workers: int,
        progress: Progress,
        keep: Collection[str] = (),
        notes: Sequence[str] = (),
    ) -> None:
        columns = all_columns(sources)
        check_values(values, columns, names(sources))
        if missing := next((column for column in keep if not _is_there(column, columns, values)), None):
            raise no_column(missing, columns, names(sources))
        self._sources, self._standardizer = sources, standardizer
        self._values, on_words = with_words(values, sources)
        self._asked_notes, self._notes = notes, on_words
        shards = Shards(folder, len(values), carried_columns(columns, sources, values, keep))
        done = shards.claim(self._key())
        total = _total(sources, progress)
        results = cleaned(chunks(sources, self._values, done), standardizer, _enough(workers, sources))
        n_rows = done
        for n in progress.track(shards.fill(results), "standardizing", total and total - done, _itself):
            n_rows += n
        if not n_rows:
            raise NothingUsable(f"{names(sources)}: a line of column names, but no rows")
        progress.say("  grouping") if n_rows > 10 * ROWS else None
        self._groups = grouped(shards, n_rows, self._values)
        self._tally = Tally(shards, sources, self._values)
        named = [source.name for source in sources]
        self.assembly = Assembly(shards, self._groups, self._values, named, keep)
        if not self._groups.n_kept:
            raise NothingUsable(self._nothing())

    def _key(self) -> str:
        """What the rows in the work folder depend on."""
        files = [[info["sha256"] for info in source.hashes()] for source in self._sources]
        about = [[source.name, source.reading, source.roles] for source in self._sources]
        settings = [self._values, self._standardizer.settings(), _VERSION, __version__]
        return content_key([files, *map(str, [about, *settings])])

    def parts(self) -> Iterator[tuple[pa.Table, pa.Table]]:
        """Kept and rejected rows, shard by shard."""
        conflicts = {conflict.row for conflict in self._groups.conflicts}
        self._named: dict[int, tuple[str, str]] = {}
        for rows, kept, rejected in self.assembly.parts():
            self._tally.add(rows, kept, rejected)
            self._named |= _named(kept, conflicts)
            yield kept, rejected

    def told(self) -> tuple[pa.Table, dict[str, Any]]:
        """The issues and the summary; after `parts` have been read."""
        issues = self._tally.issues(self._groups, self._named, self.assembly.ids)
        summary = self._tally.summary(self._sources, self._groups, issues, self.assembly.ids)
        summary["notes"][:0] = self._asked_notes
        summary["notes"] += self._notes + [_differs(*found) for found in self.assembly.differing.items()]
        about = {"columns": self._names(), "standardizer": self._standardizer.settings()}
        return _issue_table(issues), {**summary, **about}

    def _names(self) -> dict[str, str]:
        """What each input column is called in the table, without values that got a name of their own."""
        found = {value.column: value.task for value in self._values if value.task == value.column}
        for roles in (source.roles for source in self._sources):
            found |= {roles.smiles: "input_smiles"} | ({roles.id: "id"} if roles.id else {})
        return found | self.assembly.names

    def _nothing(self) -> str:
        for _ in self.parts():
            pass
        counts = self.told()[1]
        worst = list(counts["codes"].items())[:3]
        reasons = ", ".join(f"{code} {n:,} ({REASONS[code]})" for code, n in worst)
        return f"none of the {counts['n_in']:,} rows of {names(self._sources)} can be used: {reasons}"


def _is_there(column: str, columns: Collection[str], values: Sequence[ValueColumn]) -> bool:
    """Whether the curated table will have it: a column of the files, renamed or not, or one that is made."""
    made = {*RESERVED, *(name for value in values for name in (value.task, f"{value.task}_relation"))}
    return column in made or column in columns or column.removeprefix("input_") in columns


def _differs(column: str, n: int) -> str:
    have = "molecule has" if n == 1 else "molecules have"
    return f"{column}: {n:,} merged {have} rows that differ there; what stands in the first counts"


def _itself(n: int) -> int:
    return n


def _enough(workers: int, sources: Sequence[Source]) -> int:
    """No more processes than there is work for: starting one costs what a few hundred rows do."""
    is_small = len(sources) == 1 and len(sources[0].sample) < 200
    return 1 if is_small else workers


def _total(sources: Sequence[Source], progress: Progress) -> int | None:
    """How many rows there are at most; not counted if nobody looks."""
    return None if progress is SILENT else sum(count_lines(source.path) for source in sources)


def carried_columns(
    columns: Sequence[str],
    sources: Sequence[Source],
    values: Sequence[ValueColumn],
    keep: Collection[str] = (),
) -> list[str]:
    """The columns that go on: all but structures, ids and values under their own name; `keep` always."""
    special = {name for source in sources for name in (source.roles.smiles, source.roles.id)}
    special |= {value.column for value in values if value.task == value.column}
    return [column for column in columns if column not in special or column in keep]


def with_words(
    values: Sequence[ValueColumn], sources: Sequence[Source]
) -> tuple[list[ValueColumn], list[str]]:
    """The values with the words that are their classes, found in the files, and notes on them."""
    out, notes = [], []
    for value in values:
        if value.is_label:
            cells = (record.cells.get(value.column) for source in sources for record in source.reread())
            words, note = words_of(cells, value.column)
            value = replace(value, classes=Classes(words=words))
            notes += [note] if note else []
        out.append(value)
    return out, notes


def _named(kept: pa.Table, rows: set[int]) -> dict[int, tuple[str, str]]:
    """Id and SMILES of these rows, as far as they are in the table."""
    if not rows:
        return {}
    columns = (kept[name].to_pylist() for name in ("row", "id", "smiles"))
    return {row: (id, smiles) for row, id, smiles in zip(*columns, strict=True) if row in rows}


def _issue_table(issues: Sequence[Issue]) -> pa.Table:
    columns = [[getattr(issue, name) for issue in issues] for name in ISSUES.names]
    return pa.table([pa.array(column, pa.string()) for column in columns], schema=ISSUES)

"""`yaokit curate`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from yaokit.cli.options import Column, Columns, Count, Hidden, Inputs, Limit, Out, cores, too_many
from yaokit.cli.show import Result, listed
from yaokit.core.errors import UsageError
from yaokit.core.progress import Progress


def curate(
    files: Inputs,
    /,
    *,
    out: Out,
    smiles: Column | None = None,
    id: Column | None = None,
    value: Columns = (),
    unit: Annotated[Sequence[str], Parameter(metavar="UNIT")] = ("p",),
    unit_column: Column | None = None,
    relation: Column | None = None,
    dry_run: bool = False,
    max_rejects: Limit | None = None,
    workers: Count | None = None,
    progress: Annotated[Progress, Hidden],
) -> Result:
    """Make one clean table from raw measurement files; every row is kept, merged or rejected.

    Beside OUT.parquet: OUT.rejects.csv (which rows left, and why),
    OUT.merged.csv (replicates and the row they went into),
    OUT.issues.csv (conflicts, cliffs, stereoisomers, ids used twice) and
    OUT.summary.json (the counts). Stopped, the same command continues in OUT.part.

    For example:
      yaokit curate raw.csv -o clean.parquet --value IC50 --unit nM
      yaokit curate a.csv b.xlsx -o clean.parquet --value pIC50 --dry-run

    Parameters
    ----------
    files
        .csv .tsv .smi .txt .xlsx .parquet, also .gz; "builtin:NAME" for an embedded set
    out
        the table to write
    smiles
        the column of structures; guessed if not given
    id
        the column of names; guessed if not given
    value
        a column of measured values; several times for several
    unit
        of the values: p (already -log10 molar), M, mM, uM, nM, pM, % or none; one for all, or
        one per --value
    unit_column
        the column that names each row's unit
    relation
        the column with <, > or = for each value
    dry_run
        say what would happen and write nothing
    max_rejects
        exit with code 4 if more rows are rejected; the table is written all the same
    workers
        processes to use; as many as there are cores if not given
    """
    from yaokit.data.curate import curate_to
    from yaokit.data.preview import preview

    values = _values(value, unit, unit_column, relation)
    asked: dict[str, Any] = {"smiles": smiles, "id": id, "values": values}
    if dry_run:
        return _previewed(preview(files, **asked))
    summary = curate_to(out, files, **asked, workers=workers or cores(), progress=progress)
    return _written(summary, out, max_rejects)


def _values(
    columns: Sequence[str], units: Sequence[str], unit_column: str | None, relation: str | None
) -> list:
    from yaokit.data.curate import ValueColumn

    if len(units) not in (1, len(columns)):
        raise UsageError(f"{len(columns)} --value but {len(units)} --unit; give one for all or one for each")
    each = list(units) * len(columns) if len(units) == 1 else list(units)
    pairs = zip(columns, each, strict=True)
    return [ValueColumn(c, unit=u, unit_column=unit_column, relation=relation) for c, u in pairs]


def _written(summary: Mapping[str, Any], out: Path, max_rejects: int | None) -> Result:
    n = summary["n_rejected"]
    facts = [
        ("rows read", summary["n_in"]),
        ("kept", summary["n_kept"]),
        ("merged", summary["n_merged"]),
        ("rejected", f"{n:,} ({listed(summary['codes'])})" if n else "0"),
        ("table", out),
    ]
    return Result(summary, facts, summary["notes"], too_many(n, max_rejects))


def _previewed(found: Mapping[str, Any]) -> Result:
    files = [
        ("file", f"{f['name']}: structures in {f['smiles']!r}, names in {f['id'] or 'no column'!r}")
        for f in found["files"]
    ]
    values = [(f"value {v['name']}", f"from {v['column']!r}, {_unit(v)}") for v in found["values"]]
    rows = [(f"line {row['line']}", _row(row, found["values"])) for row in found["rows"]]
    guess = "no --value was given; the values above are a guess and would not be read"
    notes = [*found["notes"], *([guess] if found["values_are_guessed"] else [])]
    return Result(found, [*files, *values, *rows], [*notes, "nothing was written (--dry-run)"])


def _unit(value: Mapping[str, Any]) -> str:
    column = f" or as {value['unit_column']!r} says" if value["unit_column"] else ""
    return f"unit {value['unit']}{column}"


def _row(row: Mapping[str, Any], values: Sequence[Mapping[str, Any]]) -> str:
    if "code" in row:
        return f"{row['id']}  rejected, {row['code']}: {row['message']}"
    numbers = [f"{v['name']} {row[v['name']]}" for v in values if row[v["name"]] is not None]
    return "  ".join([str(row["id"]), row["smiles"], *numbers])

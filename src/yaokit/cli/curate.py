"""`yaokit curate`."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from yaokit.cli.options import Column, Columns, Count, Hidden, Inputs, Limit, Out, cores, too_many
from yaokit.cli.show import Result, listed
from yaokit.core.errors import UsageError
from yaokit.core.progress import Progress

_ROLES = ("date", "assay", "organism", "measurement_type", "vendor")


def curate(
    files: Inputs,
    /,
    *,
    out: Out,
    smiles: Column | None = None,
    id: Column | None = None,
    value: Columns = (),
    unit: Annotated[Sequence[str], Parameter(metavar="UNIT")] = (),
    unit_column: Column | None = None,
    relation: Column | None = None,
    task: Literal["regression", "classification"] = "regression",
    threshold: float | None = None,
    gray: float = 0.0,
    tautomer: bool = False,
    remove_isotopes: bool = False,
    remove_stereo: bool = False,
    lenient: bool = False,
    delimiter: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    dry_run: bool = False,
    max_rejects: Limit | None = None,
    workers: Count | None = None,
    progress: Annotated[Progress, Hidden],
) -> Result:
    """Make one clean table from raw measurement files; every row is kept, merged or rejected.

    Beside OUT.parquet: OUT.html (all of it on one page), OUT.rejects.csv (which
    rows left, and why), OUT.merged.csv (replicates and the row they went into),
    OUT.issues.csv (conflicts, cliffs, stereoisomers, ids used twice) and
    OUT.summary.json (the counts). Stopped, the same command continues in OUT.part.

    For example:
      yaokit curate raw.csv -o clean.parquet --value IC50 --unit nM
      yaokit curate a.csv b.sdf -o clean.parquet --value pIC50 --dry-run
      yaokit curate raw.csv -o clean.parquet --value pIC50 --task classification --threshold 6.5 --gray 0.5

    Parameters
    ----------
    files
        .csv .tsv .smi .txt .xlsx .sdf .mol .parquet, also .gz and .zst; "-" for standard input;
        "builtin:NAME" for an embedded set
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
        one per --value; p, or as a column of units says, if not given
    unit_column
        the column that names each row's unit; found by its header if not given
    relation
        the column with <, > or = for each value; found by its header if not given
    task
        regression keeps numbers; classification makes them 1 and 0
    threshold
        classification: values of at least this are 1; on the p-scale for concentrations. Without
        it the column holds two labels
    gray
        classification: values nearer than this to the threshold are rejected
    tautomer
        bring every molecule into one tautomer; ten times slower
    remove_isotopes
        drop isotope labels
    remove_stereo
        drop stereo marks
    lenient
        keep metal complexes, and the largest part of any mixture
    delimiter
        of text files, if it is misjudged: comma, tab, semicolon, bar, blank or a character
    encoding
        of text files, if it is misjudged: utf-8, cp1252, gb18030, …
    decimal
        the decimal mark, if it is misjudged: "." or ","
    dry_run
        say what would happen and write nothing
    max_rejects
        exit with code 4 if more rows are rejected; the table is written all the same
    workers
        processes to use; as many as there are cores if not given
    """
    from yaokit.chem.standardize import Standardizer
    from yaokit.data.curation.beside import completed
    from yaokit.data.read.records import Reading
    from yaokit.data.read.stdin import spooled

    values = _values(value, unit or ("p",), unit_column, relation, _classes(task, threshold, gray))
    read: dict[str, Any] = {"smiles": smiles, "id": id, "reading": Reading(delimiter, encoding, decimal)}
    asked: dict[str, Any] = {
        **read,
        "standardizer": Standardizer(
            isotopes=not remove_isotopes, stereo=not remove_stereo, tautomer=tautomer, strict=not lenient
        ),
    }
    with spooled(files) as given:
        asked["values"], notes = completed(given, values, unit_asked=bool(unit), **read)
        if dry_run:
            return _previewed(given, asked, notes)
        return _done(given, out, {**asked, "notes": notes}, max_rejects, workers or cores(), progress)


def _classes(task: str, threshold: float | None, gray: float) -> Any:
    from yaokit.data.curation.classes import Classes

    if task == "classification":
        return Classes(threshold, gray)
    if threshold is not None or gray:
        raise UsageError("--threshold and --gray make classes; add --task classification")
    return None


def _values(
    columns: Sequence[str],
    units: Sequence[str],
    unit_column: str | None,
    relation: str | None,
    classes: Any,
) -> list:
    from yaokit.data.curation.measurements import ValueColumn

    if len(units) not in (1, len(columns)):
        raise UsageError(f"{len(columns)} --value but {len(units)} --unit; give one for all or one for each")
    if classes is not None and not columns:
        raise UsageError("--task classification needs a --value to make classes of")
    each = list(units) * len(columns) if len(units) == 1 else list(units)
    pairs = zip(columns, each, strict=True)
    return [ValueColumn(c, None, u, unit_column, relation, classes) for c, u in pairs]


def _done(
    files: Sequence[str | Path],
    out: Path,
    asked: Mapping[str, Any],
    max_rejects: int | None,
    workers: int,
    progress: Progress,
) -> Result:
    from yaokit.data.curation.curate import curate_to
    from yaokit.data.export import stem_of
    from yaokit.report.datacard import write_datacard

    summary = curate_to(out, files, **asked, workers=workers, progress=progress)
    page = write_datacard(stem_of(out), summary)
    n = summary["n_rejected"]
    facts = [
        ("rows read", summary["n_in"]),
        ("kept", summary["n_kept"]),
        ("merged", summary["n_merged"]),
        ("rejected", f"{n:,} ({listed(summary['codes'])})" if n else "0"),
        *_of_tasks(summary["tasks"]),
        ("table", out),
        ("data card", page),
    ]
    return Result(summary, facts, summary["notes"], too_many(n, max_rejects))


def _of_tasks(tasks: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for task in tasks:
        if "classes" in task:
            yield task["name"], f"{task['classes']['1']:,} are 1, {task['classes']['0']:,} are 0"
        elif task["n"]:
            bounds = f", {task['n_censored']:,} of them bounds" if task["n_censored"] else ""
            span = f"from {task['min']:.4g} to {task['max']:.4g}"
            yield task["name"], f"{task['n']:,} values{bounds}, {span}{_noise(task['noise'])}"


def _noise(noise: Mapping[str, Any] | None) -> str:
    if noise is None:
        return ""
    best = "" if noise["best_r2"] is None else f", nor an R² above {noise['best_r2']:.2f}"
    floor = noise.get("floor_rmse", noise["rmse"])  # an older summary has none
    told = f"; replicates differ by {noise['rmse']:.2f} RMSE: expect no model below"
    return f"{told} an RMSE of {floor:.2f} on this table{best}"


def _previewed(files: Sequence[str | Path], asked: Mapping[str, Any], beside: Sequence[str]) -> Result:
    from yaokit.data.curation.preview import preview

    found = preview(files, **asked)
    facts = [fact for file in found["files"] for fact in _of_file(file)]
    facts += [(f"value {v['name']}", f"from {v['column']!r}, {_unit(v)}") for v in found["values"]]
    read = {v[key] for v in found["values"] for key in ("column", "unit_column", "relation")}
    carried = [column for column in found["carried"] if column not in read]
    facts += [("goes along", ", ".join(map(repr, carried)))] if carried else []
    facts += [(f"line {row['line']}", _row(row, found["values"])) for row in found["rows"]]
    guess = "no --value was given; the values above are a guess and would not be read"
    notes = [*beside, *found["notes"], *([guess] if found["values_are_guessed"] else [])]
    return Result(found, facts, [*notes, "nothing was written (--dry-run)"])


def _of_file(file: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "file", f"{file['name']}: structures in {file['smiles']!r}, names in {file['id'] or 'no column'!r}"
    if others := [f"{role.replace('_', ' ')} in {file[role]!r}" for role in _ROLES if file[role]]:
        yield "", ", ".join(others)


def _unit(value: Mapping[str, Any]) -> str:
    column = f" or as {value['unit_column']!r} says" if value["unit_column"] else ""
    return f"unit {value['unit']}{column}"


def _row(row: Mapping[str, Any], values: Sequence[Mapping[str, Any]]) -> str:
    if "code" in row:
        return f"{row['id']}  rejected, {row['code']}: {row['message']}"
    numbers = [f"{v['name']} {row[v['name']]}" for v in values if row[v["name"]] is not None]
    change = (
        f"{row['input_smiles']} → {row['smiles']} ({row['repaired']})" if row["repaired"] else row["smiles"]
    )
    return "  ".join([str(row["id"]), change, *numbers])

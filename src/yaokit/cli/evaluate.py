"""`yaokit evaluate`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from yaokit.cli.options import Column, Columns, Count, Dash, Hidden, Out, cores
from yaokit.cli.show import Result
from yaokit.core.progress import Progress


def evaluate(
    model: Annotated[Path, Parameter(name="MODEL")],
    table: Annotated[str, Parameter(name="TABLE"), Dash],
    /,
    *,
    out: Out,
    target: Columns = (),
    unit: Annotated[Sequence[str], Parameter(metavar="UNIT")] = (),
    smiles: Column | None = None,
    id: Column | None = None,
    workers: Count | None = None,
    progress: Annotated[Progress, Hidden],
) -> Result:
    """Test a model on molecules measured elsewhere, beside both baselines.

    The folder gets report.html, metrics.json (with 95 % bootstrap intervals,
    coverage, errors inside and outside the domain) and predictions.csv, a row
    for each row of the table. Molecules that the model learned from are told
    apart: the first numbers are without them.

    For example:
      yaokit evaluate model new-assay.csv -o test
      yaokit evaluate model new-assay.csv --target pIC50=Activity --unit uM -o test

    Parameters
    ----------
    model
        a folder as `yaokit train` writes it
    table
        measured molecules: .csv .tsv .smi .txt .xlsx .sdf .parquet, also .gz and .zst; - for
        standard input
    out
        the folder to write
    target
        a column of measured values, or TASK=COL; several times for several tasks. The columns
        that the model learned from if not given
    unit
        of the targets: p (already -log10 molar), M, mM, uM, nM, pM, % or none; one for all, or
        one per --target. The unit of the model's own data if not given
    smiles
        the column of structures; guessed if not given
    id
        the column of names; guessed if not given
    workers
        processes to use; as many as there are cores if not given
    """
    from yaokit.data.read.stdin import spooled
    from yaokit.models.card import made_elsewhere
    from yaokit.report.evaluated import write
    from yaokit.screen.evaluate import evaluate_file

    columns: dict[str, Any] = {"targets": target, "units": unit, "smiles": smiles, "id": id}
    with spooled([table]) as (path,):
        told = evaluate_file(model, path, out, **columns, workers=workers or cores(), progress=progress)
    page = write(out)
    facts = [fact for about in told["tasks"] for fact in _of_task(about)]
    notes = [*told["notes"], *made_elsewhere(model)]
    return Result({**told, "notes": notes}, [*_rows(told), *facts, ("report", page)], notes)


def _rows(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    from yaokit.data.leakage import told as leakage_told

    parts = [f"{told['n_kept']:,} measured molecules", f"{told['n_merged']:,} merged"]
    parts += [f"{told['n_rejected']:,} rejected", f"{told['n_failed']:,} not predicted"]
    return [("rows", f"{told['n_in']:,}: {', '.join(parts)}"), ("leakage", leakage_told(told["leakage"]))]


def _of_task(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Numbers on the molecules that the model did not learn from, then on all, and the verdict."""
    from yaokit.report.findings import summary
    from yaokit.report.measures import kind_of

    kind, new = kind_of(about), about.get("without_learned")
    every, learned = f"{about['n']:,} molecules with an exact value", about["n_learned"]
    if new:
        facts = [(about["task"], f"{new['n']:,} molecules with an exact value that it did not learn from")]
        facts += _numbers(new, kind, "  ")
        facts += [("  all", f"{every}, with the {learned:,} it learned from"), *_numbers(about, kind, "    ")]
    else:
        facts = [(about["task"], f"{every}{', all of which it learned from' if learned else ''}")]
        facts += _numbers(about, kind, "  ")
    return [*facts, ("  verdict", summary(about)[1])]


def _numbers(found: Mapping[str, Any], kind: str, indent: str) -> list[tuple[str, str]]:
    """The main number of each model with its interval, and coverage."""
    from yaokit.report.findings import number, share
    from yaokit.report.measures import primary

    main, facts = primary(kind), []
    for name, values in found["models"].items():
        value = values[main.key]
        ends = "" if value["low"] is None else f" ({number(value['low'], 3)} to {number(value['high'], 3)})"
        facts.append((f"{indent}{name}", f"{main.label} {number(value['mean'], main.digits)}{ends}"))
    return [*facts, (f"{indent}coverage", f"{share(found['interval']['coverage'], 1)}, 90 % asked for")]

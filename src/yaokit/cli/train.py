"""`yaokit train`."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from cyclopts import Parameter

from yaokit.cli.options import Column, Columns, Count, Hidden, Limit, Out, cores, too_many
from yaokit.cli.show import Result, listed
from yaokit.core.errors import UsageError
from yaokit.core.progress import Progress


def train(
    table: Annotated[str, Parameter(name="TABLE")],
    /,
    *,
    target: Columns,
    out: Out,
    smiles: Column | None = None,
    id: Column | None = None,
    unit: Annotated[Sequence[str], Parameter(metavar="UNIT")] = ("p",),
    minimize: Columns = (),
    model: Annotated[str, Parameter(metavar="A,B")] = "boosting,mlp",
    split: Annotated[str, Parameter(metavar="SPLIT")] = "scaffold",
    folds: Count = 5,
    repeats: Count | None = None,
    seed: Limit = 0,
    max_rejects: Limit | None = None,
    workers: Count | None = None,
    progress: Annotated[Progress, Hidden],
) -> Result:
    """Learn from a table of measurements: curate, cross-validate, stack, calibrate.

    The model folder holds card.json, metrics.json (every model beside its
    baselines), oof.parquet and rejects.csv. Stopped at any moment, the same
    command continues where it was.

    For example:
      yaokit train clean.parquet --target pIC50 -o model
      yaokit train raw.csv --target IC50 --unit nM --split random -o model

    Parameters
    ----------
    table
        a table as `yaokit curate` writes or reads it
    target
        the column to learn; several times for several tasks
    out
        the model folder to write
    smiles
        the column of structures; guessed if not given
    id
        the column of names; guessed if not given
    unit
        of the targets: p (already -log10 molar), M, mM, uM, nM, pM, % or none; one for all, or
        one per --target
    minimize
        a target of which less is better
    model
        members of the stack, joined by commas
    split
        how folds are made: scaffold, random, butina (clusters of similar molecules), time:COL
        (learn from earlier rows, judge on later ones) or column:COL (rows with one value stay
        together; words like train and test name one test set)
    folds
        3 or more; of a given test set, those its training rows are cut into
    repeats
        of the whole cross-validation, as far as they differ; 3 up to 2,000 molecules, else 1, if
        not given
    seed
        of the folds and the models
    max_rejects
        exit with code 4 if more rows are rejected; the model is written all the same
    workers
        processes to use; as many as there are cores if not given
    """
    from yaokit.chem.split import parse_split
    from yaokit.data.curation.curate import curate
    from yaokit.models.train import train_model
    from yaokit.models.trusted import Validation

    if folds < 3:
        raise UsageError(f"--folds {folds}: stacking without peeking needs 3 or more")
    parse_split(split)  # before the long work
    values = _values(table, target, unit)
    tasks = _tasks(values, minimize)
    n = workers or cores()
    curated = curate([table], smiles=smiles, id=id, values=values, workers=n, progress=progress)
    validation = Validation(split, folds, repeats, seed)
    settings: dict[str, Any] = {"models": model.split(","), "validation": validation, "minimize": tasks}
    metrics = train_model(curated, out, **settings, workers=n, progress=progress)
    facts = [*_facts(curated.summary, metrics), ("model", out)]
    return Result(
        metrics, facts, curated.summary["notes"], too_many(curated.summary["n_rejected"], max_rejects)
    )


def _values(table: str, targets: Sequence[str], units: Sequence[str]) -> list:
    """The targets with their units, and their relations where the table has `<target>_relation`."""
    from yaokit.data.curation.curate import ValueColumn
    from yaokit.data.read.files import read_records

    if len(units) not in (1, len(targets)):
        raise UsageError(f"{len(targets)} --target but {len(units)} --unit; give one for all or one for each")
    columns = read_records(table).columns
    each = zip(targets, list(units) * (len(targets) if len(units) == 1 else 1), strict=True)
    relations = {t: f"{t}_relation" if f"{t}_relation" in columns else None for t in targets}
    return [ValueColumn(t, unit=u, relation=relations[t]) for t, u in each]


def _tasks(values: Sequence[Any], minimize: Sequence[str]) -> list[str]:
    """The task names of the columns in --minimize."""
    named = {value.column: value.task for value in values}
    if unknown := [column for column in minimize if column not in named]:
        raise UsageError(f"--minimize {unknown[0]} is no --target; there are: {', '.join(named)}")
    return [named[column] for column in minimize]


def _facts(summary: Mapping[str, Any], metrics: Mapping[str, Any]) -> list[tuple[str, str]]:
    from yaokit.data.leakage import told

    rejected = f"{summary['n_rejected']:,} rejected" + (
        f" ({listed(summary['codes'])})" if summary["codes"] else ""
    )
    rows = f"{summary['n_in']:,}: {summary['n_kept']:,} kept, {summary['n_merged']:,} merged, {rejected}"
    tasks = [fact for about in metrics["tasks"] for fact in _of_task(about)]
    return [("rows", rows), *tasks, ("leakage", told(metrics["leakage"]))]


def _of_task(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    facts = [(about["task"], f"{about['n']:,} values, {_how(about)}")]
    for name, found in about["models"].items():
        rmse, r2 = found["rmse"], found["r2"]
        spread = "" if rmse["std"] is None else f" ± {_number(rmse['std'])}"
        facts.append((f"  {name}", f"RMSE {_number(rmse['mean'])}{spread}, R² {_number(r2['mean'])}"))
    worse = [name for name, test in about["comparison"].items() if not test["better"]]
    verdict = (
        f"not better than {' or '.join(worse)} beyond the noise" if worse else "better than both baselines"
    )
    return [*facts, ("  verdict", f"the stack is {verdict}")]


def _how(about: Mapping[str, Any]) -> str:
    """How the numbers were made, in words."""
    if about["folds"] == 1:
        return f"{about['split']} split, one test set"
    repeats = f" x {about['repeats']}" if about["repeats"] > 1 else ""
    return f"{about['split']} split, {about['folds']} folds{repeats}"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"

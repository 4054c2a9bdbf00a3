"""`yaokit train`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from yaokit.cli.options import Column, Columns, Count, Hidden, Limit, Out, cores, too_many
from yaokit.cli.show import Result, listed
from yaokit.core.errors import UsageError
from yaokit.core.progress import Progress

_SHOWN = {"regression": ("rmse", "r2"), "classification": ("auroc", "auprc")}


def train(
    table: Annotated[str, Parameter(name="TABLE")],
    /,
    *,
    target: Columns,
    out: Out,
    smiles: Column | None = None,
    id: Column | None = None,
    unit: Annotated[Sequence[str], Parameter(metavar="UNIT")] = (),
    unit_column: Column | None = None,
    relation: Column | None = None,
    minimize: Columns = (),
    task: Literal["regression", "classification"] | None = None,
    threshold: float | None = None,
    gray: float = 0.0,
    weight: Column | None = None,
    balanced: bool = False,
    model: Annotated[str, Parameter(metavar="A,B")] = "auto",
    features: Literal["fp", "full"] | None = None,
    from_: Annotated[str | None, Parameter(name="--from", metavar="NAME|DIR")] = None,
    scale: Literal["auto", "linear", "log", "rank"] = "auto",
    tune: Limit = 0,
    learning_curve: bool = False,
    time_limit: Annotated[float | None, Parameter(metavar="MIN")] = None,
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto",
    split: Annotated[str, Parameter(metavar="SPLIT")] = "scaffold",
    folds: Count = 5,
    repeats: Count | None = None,
    seed: Limit = 0,
    max_rejects: Limit | None = None,
    workers: Count | None = None,
    progress: Annotated[Progress, Hidden],
) -> Result:
    """Learn from a table of measurements: curate, cross-validate, stack, calibrate.

    The model folder holds report.html, card.json, metrics.json (every model
    beside its baselines), oof.parquet and rejects.csv. Stopped at any moment,
    the same command continues where it was.

    For example:
      yaokit train clean.parquet --target pIC50 -o model
      yaokit train raw.csv --target IC50 --unit nM --split random -o model
      yaokit train tox.csv --target Tox --task classification --features full -o tox

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
        one per --target; p, or as a column of units says, if not given
    unit_column
        the column that names each row's unit; found by its header if not given
    relation
        the column with <, > or = for each value; found by its header if not given
    minimize
        a target of which less is better
    task
        regression or classification; a column of 1 and 0, active and inactive, … is taken for
        classes if not given
    threshold
        classification: values of at least this are 1; on the p-scale for concentrations
    gray
        classification: values nearer than this to the threshold are left out
    weight
        the column that says how much a row counts in fits and stacking; in intervals and metrics
        all count the same
    balanced
        let both classes count the same
    model
        members of the stack, joined by commas ("yaokit models list" has them), each with :fp or
        :full if it is not to read its default; "auto" takes what suits the number of molecules
    features
        fp (fingerprints, fast) or full (more fingerprints and 217 descriptors, 8 ms a molecule) for
        all members that can read them
    from_
        a pre-trained encoder: a shipped one ("yaokit models list"), default, or a folder that "yaokit
        pretrain" wrote. Members with :embedded or :rich read what it says of a molecule; gnn starts
        from a graph encoder, transformer from a masked one; auto adds svm:embedded
    scale
        on which numbers are learned; auto tries log and rank where values are skewed
    tune
        trials of other settings for each member, chosen by folds of the training rows
    learning_curve
        also measure the first member with 20, 40, … % of the molecules: would more help?
    time_limit
        minutes that --model auto may use, about, for the members alone: without the baselines,
        --tune and --learning-curve
    device
        where networks are trained; auto takes a GPU if there is one
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
    from yaokit.data.curation.stamp import stamped
    from yaokit.models.learnable import check_balanced
    from yaokit.models.train import Learning, check_learning, train_model
    from yaokit.models.validation import Validation
    from yaokit.report.choices import untuned
    from yaokit.report.train import write

    if folds < 3:
        raise UsageError(f"--folds {folds}: stacking without peeking needs 3 or more")
    parse_split(split)  # before the long work
    classes = _classes_of(table, target, task, threshold, gray)
    values, notes = _values(table, target, unit, unit_column, relation, classes, smiles, id)
    if balanced:
        check_balanced(any(value.classes is not None for value in values))
    learning = Learning(
        models=model.split(","),
        features=features,
        encoder=from_,
        validation=Validation(split, folds, repeats, seed),
        minimize=_tasks(values, minimize),
        weight=weight,
        balanced=balanced,
        scale=scale,
        tune=tune,
        curve=learning_curve,
        time_limit_min=time_limit,
        device=None if device == "auto" else device,
    )
    check_learning(learning)
    n = workers or cores()
    asked: dict[str, Any] = {"smiles": smiles, "id": id, "values": values, "keep": learning.columns}
    before = stamped(table)
    if before:
        asked["standardizer"] = before.standardizer
        notes += before.told()
    curated = curate([table], **asked, notes=notes, workers=n, progress=progress)
    if before:
        curated = replace(curated, summary=before.passed_on(curated.summary))
    metrics = train_model(curated, out, learning, workers=n, progress=progress)
    facts = [*_facts(curated.summary, metrics), ("model", out), ("report", write(out))]
    notes = [*curated.summary["notes"], *untuned(metrics["tasks"][0])]
    return Result(metrics, facts, notes, too_many(curated.summary["n_rejected"], max_rejects))


def _classes_of(
    table: str, targets: Sequence[str], task: str | None, threshold: float | None, gray: float
) -> list:
    """For each target how it becomes classes, or None."""
    from yaokit.data.curation.classes import Classes, are_labels
    from yaokit.data.read.files import read_records

    if task == "classification":
        return [Classes(threshold, gray)] * len(targets)
    if threshold is not None or gray:
        raise UsageError("--threshold and --gray make classes; add --task classification")
    if task == "regression":
        return [None] * len(targets)
    return [Classes() if are_labels(r.cells.get(t) for r in read_records(table)) else None for t in targets]


def _values(
    table: str,
    targets: Sequence[str],
    units: Sequence[str],
    unit_column: str | None,
    relation: str | None,
    classes: Sequence[Any],
    smiles: str | None,
    id: str | None,
) -> tuple[list, list[str]]:
    """The targets with their units and relations, and what was found of these without being named."""
    from yaokit.data.curation.beside import completed
    from yaokit.data.curation.curate import ValueColumn

    each = units or ("p",)
    if len(each) not in (1, len(targets)):
        raise UsageError(f"{len(targets)} --target but {len(each)} --unit; give one for all or one for each")
    each = list(each) * (len(targets) if len(each) == 1 else 1)
    values = [
        ValueColumn(t, unit=u, unit_column=unit_column, relation=relation, classes=c)
        for t, u, c in zip(targets, each, classes, strict=True)
    ]
    return completed([table], values, unit_asked=bool(units), smiles=smiles, id=id)


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
    from yaokit.models.metrics import METRICS

    facts = [(about["task"], f"{_values_told(about)}, {_how(about)}")]
    for name, found in about["models"].items():
        shown = [f"{METRICS[key].label} {_with_spread(found[key])}" for key in _SHOWN[about["kind"]]]
        facts.append((f"  {name}", ", ".join(shown)))
    facts += _of_stack(about)
    return [*facts, ("  verdict", _verdict(about))]


def _values_told(about: Mapping[str, Any]) -> str:
    """How many values there are, and how many judge where not all do."""
    judged = about["n_judged"]
    return f"{about['n']:,} values" + (f", {judged:,} of them judge" if judged < about["n"] else "")


def _verdict(about: Mapping[str, Any]) -> str:
    from yaokit.report.findings import summary

    return summary(about)[1]


def _of_stack(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The members' weights and their scale, where there was something to choose."""
    from yaokit.report.choices import SCALES, WEIGHED

    facts, weights = [], about["weights"]
    if len(weights) > 1:
        shares = ", ".join(f"{name} {share:.2f}" for name, share in weights.items())
        facts.append(("  weights", f"{shares}; {WEIGHED[about['way']]}"))
    if about["scale"] != "linear" or about["scale_on_judged"]:
        also = ", chosen on rows that also judge" if about["scale_on_judged"] else ""
        facts.append(("  scale", SCALES[about["scale"]] + also))
    return facts


def _how(about: Mapping[str, Any]) -> str:
    """How the numbers were made, in words."""
    if about["folds"] == 1:
        return f"{about['split']} split, one test set"
    repeats = f" x {about['repeats']}" if about["repeats"] > 1 else ""
    return f"{about['split']} split, {about['folds']} folds{repeats}"


def _with_spread(found: Mapping[str, float | None]) -> str:
    spread = found["std"]
    return _number(found["mean"]) + ("" if spread is None else f" ± {_number(spread)}")


def _number(value: float | None) -> str:
    """The value with three decimals; a very small or large one with three significant digits."""
    if value is None:
        return "unknown"
    is_ordinary = value == 0 or 0.01 <= abs(value) < 1e4
    return f"{value:.3f}" if is_ordinary else f"{value:.3g}"

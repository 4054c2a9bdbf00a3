"""A trained model on measured molecules of another file: what `yaokit evaluate` does."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from yaokit import __version__
from yaokit.core.digits import finite, significant
from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.progress import SILENT, Progress
from yaokit.core.store import locked, publish, read_json, write_json
from yaokit.core.types import SETS
from yaokit.data.curation.beside import completed
from yaokit.data.curation.classes import Classes, are_labels
from yaokit.data.curation.curate import Curated, ValueColumn, curate
from yaokit.data.export import write_csv
from yaokit.data.leakage import Leakage, leakage
from yaokit.data.read.files import read_records
from yaokit.models import load
from yaokit.models.external import Checked, baselines, judge
from yaokit.models.featurize import featurize_smiles
from yaokit.models.targets import CLASSIFICATION
from yaokit.models.trusted import BASELINES, Trusted
from yaokit.screen.carried import free_names
from yaokit.screen.predict import predict_file

SEED = 0  # of the bootstrap
SAME, AKIN = "same molecule", "same but stereo or tautomer"


@dataclass(frozen=True)
class _Test:
    """The measured molecules of the file with their predictions, all in the same order."""

    model: Trusted
    curated: Curated
    found: pa.Table  # predictions of every row of the file
    rows: np.ndarray  # (n,) of each measured molecule its row of `found`
    beside: Mapping[str, np.ndarray]  # (n, tasks) of each baseline
    similarity: np.ndarray  # (n, tasks) to the nearest molecule that each task was learned from
    shared: Leakage

    def column(self, name: str) -> np.ndarray:
        """(n,) of a column of `found`."""
        return self.found[name].to_numpy(zero_copy_only=False)[self.rows]


def evaluate_file(
    model: Path,
    file: str | Path,
    out: Path,
    *,
    targets: Sequence[str] = (),
    units: Sequence[str] = (),
    smiles: str | None = None,
    id: str | None = None,
    workers: int = 2,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Write predictions.csv (a row for each of the file's) and metrics.json into `out`; its content.

    `targets` are columns of measured values, or TASK=COLUMN; without them those that the model
    learned from, in the units it learned them in. UsageError for a folder that is no trained model,
    a file or column that is missing; NothingUsable if no row has both a molecule and a value.
    """
    out = out.resolve()  # ".", for one, has no name to put ".part" behind
    if out.exists() and not _can_hold_evaluation(out):
        raise UsageError(f"{out} exists and holds no evaluation; choose another folder with -o")
    predictor = load(model)
    if not isinstance(predictor, Trusted):
        raise UsageError(f"{model} is a single member; evaluate the trained folder around it")
    values = value_columns(model, predictor, file, targets, units)
    values, notes = completed([file], values, smiles=smiles, id=id)
    part = out.with_name(f"{out.name}.part")
    part.mkdir(parents=True, exist_ok=True)
    with locked(part):
        curated = _curated(file, values, notes, predictor, smiles, id, workers, progress)
        found = _predicted(model, file, part / "predictions.parquet", smiles, workers, progress)
        progress.say("  fitting the baselines")
        test = _checked(predictor, curated, found, workers)
        metrics = finite(_metrics(test, Path(file).name, [value.task for value in values]))
        write_csv(_beside(test, [value.task for value in values]), part / "predictions.csv")
        write_json(part / "metrics.json", metrics)
    (part / ".lock").unlink(missing_ok=True)
    publish(part, out)
    return metrics


def _can_hold_evaluation(out: Path) -> bool:
    """An older evaluation, or an empty folder; a model has metrics.json too."""
    files = ("metrics.json", "predictions.csv")
    return out.is_dir() and (all((out / name).is_file() for name in files) or not any(out.iterdir()))


def value_columns(
    model: Path, predictor: Trusted, file: str | Path, targets: Sequence[str], units: Sequence[str]
) -> list[ValueColumn]:
    """Where the file has the values of each task, and in which unit; UsageError if nowhere."""
    learned = _learned(model / "curation.json")
    known = {task: learned.get(task, {}) for task in predictor.tasks}
    columns = read_records(file).columns
    pairs = _pairs(known, columns, targets)
    if units and len(units) not in (1, len(pairs)):
        raise UsageError(f"{len(pairs)} columns but {len(units)} --unit; give one for all or one for each")
    told = [*units] * (len(pairs) if len(units) == 1 else 1)
    kinds = dict(zip(predictor.tasks, predictor.kinds, strict=True))
    return [
        _value(task, column, known[task], kinds[task], file, columns, told[i] if told else None)
        for i, (task, column) in enumerate(pairs)
    ]


def _learned(path: Path) -> dict[str, Mapping[str, Any]]:
    """What curation.json tells of each task; nothing if there is no such file."""
    if not path.exists():
        return {}
    try:
        return {task["name"]: dict(task) for task in read_json(path)["tasks"]}
    except (ValueError, LookupError, TypeError):
        raise UsageError(f"{path} is damaged: copy the folder again or train the model again") from None


def _pairs(
    known: Mapping[str, Mapping[str, Any]], columns: Sequence[str], targets: Sequence[str]
) -> list[tuple[str, str]]:
    """Task and column."""
    of_column = {about.get("column", task): task for task, about in known.items()} | {t: t for t in known}
    if not targets:
        found = {of_column[column]: column for column in reversed(columns) if column in of_column}
        if not found:
            raise UsageError(
                f"no column {' or '.join(map(repr, of_column))} with measured values; there are: "
                f"{', '.join(columns)}. Name one with --target TASK=COLUMN"
            )
        return [(task, found[task]) for task in known if task in found]
    pairs = []
    for target in targets:
        name, column = _named(target, of_column, columns)
        task = of_column.get(name or target) or (next(iter(known)) if len(known) == 1 and not name else None)
        if task is None:
            raise UsageError(f"the model has no task {name or target!r}; it has: {', '.join(known)}")
        pairs.append((task, column if name else target))
    return pairs


def _named(target: str, tasks: Collection[str], columns: Sequence[str]) -> tuple[str, str]:
    """Task ("" if none is said) and column of TASK=COLUMN; both names may hold "="."""
    if target in columns:
        return "", target
    cuts = [(target[:i], target[i + 1 :]) for i, letter in enumerate(target) if letter == "="]
    fits = [(name, column) for name, column in cuts if name in tasks and column in columns]
    return (fits or cuts[-1:] or [("", target)])[0]


def _value(
    task: str,
    column: str,
    about: Mapping[str, Any],
    kind: str,
    file: str | Path,
    columns: Sequence[str],
    unit: str | None,
) -> ValueColumn:
    """How the column is read: in the unit asked for, else as the model's own data were."""
    is_original = column == about.get("column")
    given = str(about.get("input_unit") or "none") if is_original else str(about.get("unit") or "none")
    own = "none" if given == "class" else given
    unit_column = own.removeprefix("column ") if own.startswith("column ") else None
    classes = None
    if kind == CLASSIFICATION:
        cut = about.get("threshold")
        labels = cut is None or are_labels(record.cells.get(column) for record in read_records(file))
        classes = Classes() if labels else Classes(cut, about.get("gray") or 0.0)
    relation = f"{column}_relation" if f"{column}_relation" in columns else None
    return ValueColumn(
        column,
        task,
        unit or (str(about.get("unit_where_empty") or "p") if unit_column else own),
        unit_column if unit is None and unit_column in columns else None,
        relation,
        classes,
    )


def _curated(
    file: str | Path,
    values: Sequence[ValueColumn],
    notes: Sequence[str],
    model: Trusted,
    smiles: str | None,
    id: str | None,
    workers: int,
    progress: Progress,
) -> Curated:
    settings: dict[str, Any] = {"smiles": smiles, "id": id, "values": values, "notes": notes}
    settings |= {"standardizer": model.standardizer, "workers": workers, "progress": progress}
    return curate([file], **settings)


def _predicted(
    model: Path, file: str | Path, part: Path, smiles: str | None, workers: int, progress: Progress
) -> pa.Table:
    """The prediction of every row, with all digits: numbers are judged as they are."""
    exact: dict[str, Any] = {"digits": None, "typed": False}
    predict_file(model, file, part, smiles=smiles, **exact, workers=workers, progress=progress)
    found = pq.read_table(part)
    part.unlink()
    return found


def _checked(model: Trusted, curated: Curated, found: pa.Table, workers: int) -> _Test:
    if len(found) != curated.table.n_in:
        raise UsageError(
            f"{curated.table.n_in} rows at first, then {len(found)}: the file has changed; again"
        )
    rows = curated.table.column("row").astype(np.int64)
    texts = curated.table.smiles
    X = featurize_smiles("fp", texts, workers=workers)
    shared = leakage(model.smiles, texts)
    return _Test(model, curated, found, rows, baselines(model, X), model.similarity(X), shared)


def _metrics(test: _Test, name: str, tasks: Sequence[str]) -> dict[str, Any]:
    about = [_of_task(test, task, name) for task in tasks]
    if not any(task["n"] for task in about):
        raise NothingUsable(f"{name}: no row has both a prediction and an exact value of {', '.join(tasks)}")
    counts = test.curated.summary
    return {
        "yaokit": __version__,
        "file": name,
        "files": counts["files"],
        "n_in": counts["n_in"],
        "n_kept": counts["n_kept"],
        "n_merged": counts["n_merged"],
        "n_rejected": counts["n_rejected"],
        "codes": counts["codes"],
        "notes": counts["notes"],
        "id": next((r.get("id") for r in counts["roles"].values()), None),
        "n_failed": test.found["status"].to_pylist().count("failed"),
        "tasks": about,
        "leakage": test.shared.summary(),
    }


def _of_task(test: _Test, task: str, name: str) -> dict[str, Any]:
    """The entry of metrics.json."""
    checked, rows = _rows(test, task)
    model = test.model
    maximize, learned = task not in model.minimize, model.metrics()["tasks"][model.tasks.index(task)]
    new = ~test.shared.same_connectivity[rows]
    about = {
        "task": task,
        "kind": checked.kind,
        "n": len(checked),
        "n_judged": len(checked),
        "minimize": not maximize,
        "n_bounds": int(_bounded(test.curated, task).sum()),
        "split": "external",
        "folds": 1,
        "repeats": 1,
        "seed": SEED,
        "how": f"external test set {name}, no split, seed {SEED} of the bootstrap",
        "n_learned": int((~new).sum()),
        "promised": (learned.get("models") or {}).get("stack"),
        "noise": learned.get("noise"),
    }
    bins, found = learned.get("domain") or {}, _judged(checked, maximize)
    if not new.all():  # whoever learned from a molecule is not compared by it
        n = int(new.sum())
        fresh = {"n": n, "n_judged": n, **_judged(checked.take(new), maximize)} if n else {}
        found["comparison"] = fresh.get("comparison", {})
        if fresh:
            about["without_learned"] = fresh
    return about | found | {"domain": {**bins, **found["domain"]}}


def _judged(checked: Checked, maximize: bool) -> dict[str, Any]:
    """All that is told of some molecules."""
    found = judge(checked, maximize=maximize, seed=SEED)
    return {**found, "domain": found.pop("in_domain")}


def _rows(test: _Test, task: str) -> tuple[Checked, np.ndarray]:
    """What is judged of a task, and which of the measured molecules those are."""
    j, table = test.model.tasks.index(task), test.curated.table
    y = table.column(task).astype(np.float64)
    mean = test.column(f"{task}_pred").astype(np.float64)
    rows = np.flatnonzero(~np.isnan(y) & ~_bounded(test.curated, task) & ~np.isnan(mean))
    kind, inside = test.model.kinds[j], f"{task}_in_domain" if len(test.model.tasks) > 1 else "in_domain"
    predicted = {label: test.beside[label][rows, j] for label in BASELINES} | {"stack": mean[rows]}
    checked = Checked(
        kind,
        y[rows],
        predicted,
        test.column(f"{task}_low").astype(np.float64)[rows],
        test.column(f"{task}_high").astype(np.float64)[rows],
        _sets(test, task)[rows],
        np.array([value is True for value in test.column(inside)[rows].tolist()], bool),
        test.similarity[rows, j],
    )
    return checked, rows


def _sets(test: _Test, task: str) -> np.ndarray:
    if f"{task}_set" not in test.found.column_names:
        return np.full(len(test.rows), -1, np.int8)
    texts = test.column(f"{task}_set").tolist()
    return np.array([SETS.index(text) if text in SETS else -1 for text in texts], np.int8)


def _bounded(curated: Curated, task: str) -> np.ndarray:
    """(n,) bool: the value is a bound (< or >)."""
    return np.isin(curated.table.column(f"{task}_relation").astype(str), [">", "<", ">=", "<="])


def _beside(test: _Test, tasks: Sequence[str]) -> pa.Table:
    """The table of predictions with the measured values, the baselines, and what was judged."""
    found, n, table = test.found, len(test.found), test.curated.table
    columns: dict[str, pa.Array] = {}
    for task in tasks:
        j = test.model.tasks.index(task)
        columns[f"{task}_measured"] = _placed(table.column(task).astype(np.float64), test.rows, n)
        judged = np.zeros(len(test.rows), bool)
        judged[_rows(test, task)[1]] = True
        columns[f"{task}_judged"] = pa.array(_flags(judged, test.rows, n))
        for label in BASELINES:
            columns[f"{task}_{label}"] = _shortened(_placed(test.beside[label][:, j], test.rows, n))
    seen = np.where(test.shared.same_molecule, SAME, np.where(test.shared.same_connectivity, AKIN, ""))
    columns["in_training"] = _placed(seen.astype(object), test.rows, n)
    reasons = found["reason"].to_pylist()
    for row, kept in zip(table.merged["row"].to_pylist(), table.merged["kept_id"].to_pylist(), strict=True):
        reasons[row] = reasons[row] or f"MERGED: a replicate of {kept}"
    for task in tasks:
        for row in test.rows[_bounded(test.curated, task)].tolist():
            reasons[row] = reasons[row] or f"BOUND: {task} is a bound, nothing is judged by it"
    for reject in table.rejects.select(["row", "code", "message"]).to_pylist():
        reasons[reject["row"]] = reasons[reject["row"]] or f"{reject['code']}: {reject['message']}"
    tail = {"status": found["status"], "reason": pa.array(reasons, pa.string())}
    given = found.drop_columns(["status", "reason"])
    names = free_names(given.column_names, [*columns, *tail])
    return pa.table({names[old]: _shortened(given[old]) for old in names} | columns | tail)


def _shortened(column: pa.Array) -> pa.Array:
    """The column with its numbers as `yaokit predict` writes them."""
    if not pa.types.is_floating(column.type):
        return column
    return pa.array([v if v is None else significant(v) for v in column.to_pylist()], pa.float64())


def _flags(values: np.ndarray, at: np.ndarray, n: int) -> np.ndarray:
    """(n,) bool: the values at their rows, else false."""
    out = np.zeros(n, bool)
    out[at] = values
    return out


def _placed(values: np.ndarray, at: np.ndarray, n: int) -> pa.Array:
    """The values at their rows, null elsewhere."""
    out: list[Any] = [None] * n
    for i, value in zip(at.tolist(), values.tolist(), strict=True):
        out[i] = None if isinstance(value, float) and np.isnan(value) else value
    return pa.array(out, pa.float64() if values.dtype.kind == "f" else pa.string())

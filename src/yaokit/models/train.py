"""From a measured table to a model folder: what `yaokit train` does."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from yaokit.chem.standardize import Standardizer
from yaokit.core.digits import finite
from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.progress import SILENT, Progress
from yaokit.core.store import locked, publish, write_json, writing
from yaokit.core.table import MolTable
from yaokit.data.curation.curate import Curated
from yaokit.data.export import write_csv
from yaokit.models.auto import AUTO, choose, with_features
from yaokit.models.encoders import start_settings, with_encoder
from yaokit.models.labels import check, make
from yaokit.models.targets import CLASSIFICATION, REGRESSION
from yaokit.models.trusted import Trusted
from yaokit.models.validation import Validation


@dataclass(frozen=True)
class Learning:
    """How to learn: which members, reading what, judged how, with what weights and time."""

    models: Sequence[str] = (AUTO,)  # labels (models/labels.py), or "auto" alone
    features: str | None = None  # "fp" or "full" for members that do not say; None: their own default
    validation: Validation = field(default_factory=Validation)
    minimize: Sequence[str] = ()
    weight: str | None = None  # a column
    balanced: bool = False  # both classes count the same
    scale: str = "auto"
    tune: int = 0  # trials for each member
    curve: bool = False  # also with fewer molecules
    time_limit_min: float | None = None
    device: str | None = None  # of the networks: "auto", "cpu", "cuda" or "mps"
    encoder: str | None = None  # a pre-trained one, shipped or a folder, to read and to start from

    @property
    def columns(self) -> list[str]:
        """The columns of the input that it names, but for targets."""
        return [name for name in (self.weight, self.validation.column) if name is not None]


def train_model(
    curated: Curated,
    out: Path,
    learning: Learning | None = None,
    *,
    workers: int = 2,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Cross-validate, fit on all rows and write the model folder `out`; gives its metrics.

    Beside the model the folder holds oof.parquet, curation.json and rejects.csv. Interrupted, the
    same call continues in `out`.part. UsageError if `out` exists and is not a model folder; a link
    to a folder is followed.
    """
    _check_values(curated.summary)
    out = out.resolve()  # ".", for one, has no name to put ".part" behind
    if out.exists() and not _can_hold_model(out):
        raise UsageError(f"{out} exists and is not a model folder; choose another one")
    part = out.with_name(out.name + ".part")
    part.mkdir(parents=True, exist_ok=True)
    with locked(part), _nothing_left(part):
        cache = part / "folds"
        settings: dict[str, Any] = {"cache": cache, "workers": workers, "progress": progress}
        model = fit_trusted(curated.table, curated.summary, learning or Learning(), **settings)
        shutil.rmtree(part / "members", ignore_errors=True)  # of an earlier try with others
        model.save(part)
        write_oof(model, part / "oof.parquet")
        write_json(part / "curation.json", finite(curated.summary))
        write_csv(curated.table.rejects, part / "rejects.csv")
        _keep_logs(cache, part / "logs")
        shutil.rmtree(cache)
    (part / ".lock").unlink(missing_ok=True)
    publish(part, out)
    return model.metrics()


def _check_values(summary: Mapping[str, Any]) -> None:
    """NothingUsable if many values do not fit their unit: those that do fit by chance.

    Many: a tenth of what is read as -log10 molar, which --unit is if not given; of anything else half, for
    a concentration of zero may be someone's way to say that nothing was found.
    """
    n, n_in = summary["codes"].get("VALUE_RANGE", 0), summary["n_in"]
    units = list(dict.fromkeys(str(task["input_unit"]) for task in summary["tasks"]))
    if n * (10 if units == ["p"] else 2) > n_in:
        told = " or ".join(units)
        raise NothingUsable(
            f"{n:,} of {n_in:,} rows have a value that the unit {told} does not allow, and others may fit it "
            "by chance; say with --unit in which unit the column is (none: as it stands, not a concentration)"
        )


def _can_hold_model(out: Path) -> bool:
    """An older model, or an empty folder."""
    return out.is_dir() and ((out / "card.json").exists() or not any(out.iterdir()))


@contextmanager
def _nothing_left(part: Path) -> Iterator[None]:
    """Removes the folder if it is refused before anything worth keeping stands in it."""
    try:
        yield
    except (UsageError, NothingUsable):
        if not any(path.is_file() and path.name != ".lock" for path in part.rglob("*")):
            shutil.rmtree(part)
        raise


def fit_trusted(
    table: MolTable,
    summary: Mapping[str, Any],
    learning: Learning,
    *,
    cache: Path,
    workers: int,
    progress: Progress,
) -> Trusted:
    """A fitted stack on all tasks of a curated table; finished folds in `cache` are not done again."""
    tasks = [task["name"] for task in summary["tasks"]]
    members = members_of(learning, len(table), workers, len(tasks))
    model = Trusted(
        members,
        validation=learning.validation,
        standardizer=Standardizer.from_settings(summary["standardizer"]),
        minimize=learning.minimize,
        kinds={t["name"]: CLASSIFICATION if t["unit"] == "class" else REGRESSION for t in summary["tasks"]},
        columns=summary.get("columns"),  # a table curated by an older version tells none
        weight=learning.weight,
        balanced=learning.balanced,
        scale=learning.scale,
        limits={t["name"]: (0.0, 100.0) for t in summary["tasks"] if _is_percentage(t)},
        settings=_settings(members, learning),
        tune=learning.tune,
        curve=learning.curve,
        workers=workers,
        cache=cache,
        progress=progress,
    )
    model.provenance = {key: summary.get(key) for key in ("files", "source", "licence")}
    model.provenance["noise"] = {task["name"]: task.get("noise") for task in summary["tasks"]}
    return model.fit(table, tasks)


def check_learning(learning: Learning) -> None:
    """UsageError at once for what would fail after the table is read."""
    _settings(members_of(learning, 1_000, 1), learning)


def members_of(learning: Learning, n: int, workers: int, tasks: int = 1) -> list[str]:
    """The labels of the members for n molecules and so many tasks; "auto" is replaced by what fits."""
    if AUTO not in learning.models:
        if learning.time_limit_min is not None:
            raise UsageError("a time limit chooses members; give it with --model auto")
        check(learning.models)
        return with_encoder(with_features(learning.models, learning.features), learning.encoder)
    if len(learning.models) > 1:
        raise UsageError(f'"auto" stands alone, not beside {", ".join(set(learning.models) - {AUTO})}')
    plan: dict[str, Any] = {"tasks": tasks, "workers": workers, "time_limit_min": learning.time_limit_min}
    labels = choose(n, learning.validation.fits(n), features=learning.features, **plan)
    return with_encoder(labels, learning.encoder, add=True)


def _settings(labels: Sequence[str], learning: Learning) -> dict[str, dict[str, Any]]:
    """Label → settings, of the members that are told any; UsageError if nothing can be tuned."""
    device, start = _on_device(labels, learning.device), start_settings(labels, learning.encoder)
    told = {label: device.get(label, {}) | start.get(label, {}) for label in labels}
    own = {label: settings for label, settings in told.items() if settings}
    if learning.tune:
        from yaokit.models.tune import tunable

        tunable(labels, own)
    return own


def _on_device(labels: Sequence[str], device: str | None) -> dict[str, dict[str, Any]]:
    """The device as a setting of the members that have one; UsageError if it is not there."""
    if device is None:
        return {}
    from yaokit.nn.devices import check_device

    check_device(device)
    return {label: {"device": device} for label in labels if "device" in make(label).settings}


def _keep_logs(cache: Path, logs: Path) -> None:
    """TensorBoard's files of the networks that learned from all rows."""
    for found in sorted(cache.glob("work/*/network-*/logs")):
        shutil.copytree(found, logs / found.parent.parent.name / found.parent.name, dirs_exist_ok=True)


def _is_percentage(task: Mapping[str, Any]) -> bool:
    """Whether its values are percentages that stayed within 0 and 100."""
    return task["unit"] == "%" and task["min"] >= 0 and task["max"] <= 100


def write_oof(model: Trusted, path: Path) -> None:
    """The out-of-fold predictions as parquet."""
    with writing(path) as part:
        pq.write_table(model.oof(), part)

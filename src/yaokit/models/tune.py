"""Settings of a member chosen out of fold: Bayesian search that drops bad trials early and resumes."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from yaokit import __version__
from yaokit.chem.folds import Folds
from yaokit.core.errors import UsageError
from yaokit.core.progress import SILENT, Progress
from yaokit.core.seed import derived
from yaokit.core.store import content_key
from yaokit.models.labels import make
from yaokit.models.targets import CLASSIFICATION, Targets

if TYPE_CHECKING:
    import optuna

FILE = "tuning.sqlite"
_STARTING = 8  # trials by chance, before the search learns from what it has seen
_SURE = 1e-6  # probabilities this close to 0 and 1 are taken to be there


class Span(NamedTuple):
    """Numbers from low to high; `log`: as many below as above the geometric mean."""

    low: float
    high: float
    log: bool = False

    def ask(self, trial: "optuna.Trial", name: str) -> Any:
        if isinstance(self.low, int):
            return trial.suggest_int(name, self.low, int(self.high), log=self.log)
        return trial.suggest_float(name, self.low, self.high, log=self.log)

    def holds(self, value: Any) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high


class Choice(NamedTuple):
    """One of a few values."""

    options: tuple

    def ask(self, trial: "optuna.Trial", name: str) -> Any:
        # by its place: storage knows only numbers and text
        return self.options[trial.suggest_categorical(name, range(len(self.options)))]

    def holds(self, value: Any) -> bool:
        return value in self.options


Space = dict[str, Span | Choice]
_NETWORK: Space = {
    "lr": Span(3e-4, 1e-2, log=True),
    "dropout": Span(0.0, 0.5),
    "weight_decay": Span(1e-4, 1e-1, log=True),
    "epochs": Span(8, 80, log=True),
}
_SEQUENCE: Space = {**_NETWORK, "depth": Span(1, 4)}
SPACES: dict[str, Space] = {  # of a member's settings; a member that is not here has none to tune
    "nearest": {"k": Span(1, 30, log=True)},
    "forest": {
        "max_features": Span(0.03, 0.6, log=True),
        "min_rows": Span(1, 10, log=True),
        "extra": Choice((False, True)),
    },
    "boosting": {
        "rounds": Span(100, 1200, log=True),
        "leaves": Span(3, 63, log=True),
        "learning_rate": Span(0.01, 0.15, log=True),
        "min_rows": Span(2, 40, log=True),
        "feature_share": Span(0.05, 0.6, log=True),
        "l2": Span(0.1, 30.0, log=True),
        "smooth": Span(0.0, 20.0),
    },
    "svm": {"cost": Span(0.3, 100.0, log=True), "tube": Span(0.02, 0.6, log=True)},
    "mlp": {
        **_NETWORK,
        "hidden": Choice(((128, 64), (256, 128), (512, 256), (256,), (64, 32))),
    },
    "cnn": {**_SEQUENCE, "width": Choice((64, 96, 160)), "kernel": Choice((3, 5, 7))},
    "rnn": {**_SEQUENCE, "width": Choice((32, 64, 128)), "cell": Choice(("gru", "lstm"))},
    "transformer": {**_SEQUENCE, "width": Choice((32, 64, 128))},
    "gnn": {
        **_NETWORK,
        "depth": Span(2, 6),
        "hidden": Choice((64, 128, 256)),
        "encoder": Choice(("directed", "gine", "attentive")),
        "pooling": Choice(("mean", "sum", "attention")),
        "head": Choice(("mlp", "linear")),
    },
}


_GIVEN = ("encoder", "pooling", "depth", "hidden", "width")  # by a pre-trained network


def space_of(label: str, base: Mapping[str, Any]) -> Space:
    """What there is to tune of a member with settings `base`: not what a pre-trained network gives it."""
    space = SPACES.get(label.partition(":")[0], {})
    given = _GIVEN if base.get("pretrained") is not None else ()
    return {name: values for name, values in space.items() if name not in given}


def tunable(labels: Sequence[str], settings: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The members with settings to tune; UsageError if there are none. `settings`: label → its own."""
    found = [label for label in labels if space_of(label, settings.get(label, {}))]
    if not found:
        raise UsageError(
            f"none of {', '.join(labels)} has settings to tune; leave out --tune, or add one that has: "
            f"{', '.join(sorted(SPACES))}"
        )
    return found


def tune(
    label: str,
    X: Any,
    y: Targets,
    folds: Folds,
    n_trials: int,
    *,
    settings: Mapping[str, Any] | None = None,
    work: Path | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """The settings of the member with the least out-of-fold loss; empty if it has none to tune.

    Every trial starts from `settings` and changes those of SPACES, which alone are returned: put them
    over `settings`. The first trial is what the member does untuned, so the answer is never worse on
    these folds; it is flattered by them, so judge it on rows that are not in `X`. A trial whose loss
    on the folds so far is above the median of others' ends there. With `work`, a folder, the same
    call goes on where an earlier one ended, and finds what it would have found undisturbed.
    `n_trials` counts earlier trials too. Akiba 2019, doi:10.1145/3292500.3330701.
    """
    base = dict(settings or {})
    if not space_of(label, base):
        return {}
    if n_trials < 1:
        raise UsageError(f"cannot tune {label} with {n_trials} trials; give 1 or more")
    import optuna

    with _quiet():
        study = _study(label, y, folds, work, seed, base)
        for n in progress.track(range(_n_done(study), n_trials), f"tuning {label}", n_trials):
            study.sampler = optuna.samplers.TPESampler(
                seed=derived(seed, "tune", n), n_startup_trials=_STARTING
            )
            study.optimize(lambda trial: _loss(trial, label, X, y, folds, seed, base), n_trials=1)
        return dict(study.best_trial.user_attrs["settings"])


def _study(
    label: str, y: Targets, folds: Folds, work: Path | None, seed: int, base: dict[str, Any]
) -> "optuna.Study":
    """The search of this label on these rows, with what earlier calls found."""
    import optuna

    storage = None
    if work is not None:
        work.mkdir(parents=True, exist_ok=True)
        storage = f"sqlite:///{(work / FILE).resolve()}"
    digest = hashlib.sha256(folds.numbers.tobytes())
    for array in (y.values, y.bounds, y.weights):
        digest.update(array.tobytes())
    about = [__version__, label, base, repr(SPACES), seed, y.kinds, folds.judged]
    name = content_key([*about, digest.hexdigest()])
    pruner = optuna.pruners.MedianPruner(n_startup_trials=4)
    study = optuna.create_study(storage=storage, study_name=name, pruner=pruner, load_if_exists=True)
    if not _n_done(study) and not _n(study, "WAITING") and (start := _untuned(label, base)):
        study.enqueue_trial(start)
    return study


def _untuned(label: str, base: dict[str, Any]) -> dict[str, Any]:
    """What the search calls the member's settings before it; empty if one of them lies outside the space."""
    member, start = make(label, settings=base), {}
    for name, space in space_of(label, base).items():
        value = getattr(member, name)
        if not space.holds(value):
            return {}
        start[name] = space.options.index(value) if isinstance(space, Choice) else value
    return start


def _n_done(study: "optuna.Study") -> int:
    """How many trials came to an answer; one that was interrupted did not."""
    return _n(study, "COMPLETE", "PRUNED")


def _n(study: "optuna.Study", *states: str) -> int:
    return sum(trial.state.name in states for trial in study.trials)


def _loss(
    trial: "optuna.Trial", label: str, X: Any, y: Targets, folds: Folds, seed: int, base: dict[str, Any]
) -> float:
    """The mean over folds; TrialPruned where that is not worth finding out."""
    import optuna

    settings = {}
    if _n_done(trial.study) or _untuned(label, base):
        settings = {name: space.ask(trial, name) for name, space in space_of(label, base).items()}
    trial.set_user_attr("settings", settings)
    losses = []
    for fold in folds.predicted:
        judged, unseen = folds.rows(fold), folds.rows(*folds.left_out(fold))
        member = make(label, derived(seed, "tune", fold), base | settings)
        member.fit_features(X[~unseen], y.take(~unseen))
        losses.append(_fold_loss(member.predict_features(X[judged])[0], y.take(judged), y.take(~unseen)))
        trial.report(float(np.nanmean(losses)), fold)
        if trial.should_prune():
            raise optuna.TrialPruned
    return float(np.nanmean(losses))


def _fold_loss(mean: np.ndarray, y: Targets, learned: Targets) -> float:
    """The mean over tasks of RMSE in standard deviations, or log loss; NaN without exact values."""
    losses = []
    for task, kind in enumerate(y.kinds):
        at = y.exact[:, task] & (y.weights[:, task] > 0)
        if not at.any():
            continue
        found, wanted, weights = mean[at, task], y.values[at, task], y.weights[at, task]
        if kind == CLASSIFICATION:
            found = np.clip(found, _SURE, 1 - _SURE)
            surprise = -np.log(np.where(wanted > 0, found, 1 - found))
            losses.append(np.average(surprise, weights=weights))
        else:
            scale = np.nanstd(learned.measured[:, task]) or 1.0
            losses.append(np.sqrt(np.average((found - wanted) ** 2, weights=weights)) / scale)
    return float(np.mean(losses)) if losses else float("nan")


@contextmanager
def _quiet() -> Iterator[None]:
    """Optuna without its line for each trial."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)

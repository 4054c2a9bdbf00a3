"""The model people use: a stack with intervals, a domain and its nearest measured molecules."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rdkit import Chem
from scipy.sparse import csr_array

from yaokit import __version__
from yaokit.chem.folds import Folds
from yaokit.chem.similarity import nearest
from yaokit.chem.split import make_folds, parse_split
from yaokit.chem.standardize import Standardizer
from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.lazy import choices, pick
from yaokit.core.progress import Progress, Silent
from yaokit.core.reasons import Failure
from yaokit.core.seed import derived
from yaokit.core.store import content_key, read_json, write_json, writing
from yaokit.core.table import MolTable
from yaokit.core.types import Prediction
from yaokit.data.leakage import fold_leakage
from yaokit.models import MODELS
from yaokit.models.base import FingerprintModel, read_card
from yaokit.models.card import make_card
from yaokit.models.conformal import Conformal
from yaokit.models.cross import SIMILARITY, cross_validate, outer
from yaokit.models.domain import Domain
from yaokit.models.evaluate import Evaluation, Evidence, Trust, evaluate_task
from yaokit.nn.checkpoint import load_arrays, save_arrays

MIN_ROWS = 25
MIN_FIT = 5
BASELINES = ("nearest", "forest")


@dataclass(frozen=True)
class Validation:
    """How a model is judged: k folds of a split (chem/split.py), repeated with other seeds."""

    split: str = "scaffold"
    folds: int = 5
    repeats: int | None = None  # None: 3 up to 2,000 rows, else 1
    seed: int = 0

    def rounds(self, n: int) -> int:
        return self.repeats or (3 if n <= 2_000 else 1)

    def split_rows(self, table: MolTable) -> list[Folds]:
        """The folds of each repeat; a repeat that would judge the same groups again is left out."""
        _, column = parse_split(self.split)
        columns = {n: table.column(n) if n == column else np.empty(0) for n in table.data.column_names}
        seeds = [derived(self.seed, "split", r) for r in range(self.rounds(len(table)))]
        made = [make_folds(self.split, table.smiles, self.folds, seed, columns) for seed in seeds]
        return list({folds.partition: folds for folds in reversed(made)}.values())[::-1]


@dataclass(frozen=True)
class Neighbors:
    """The k nearest measured molecules of n queries, best first."""

    ids: list[list[str]]  # n lists of k
    similarity: np.ndarray  # (n, k) Tanimoto
    values: np.ndarray  # (n, k, tasks), NaN = not measured


class Trusted:
    """Fits members, stacks them out of fold, and says how far each prediction can be trusted."""

    name = "trusted"

    def __init__(
        self,
        members: Sequence[str] = ("boosting", "mlp"),
        *,
        validation: Validation | None = None,
        standardizer: Standardizer | None = None,
        minimize: Sequence[str] = (),
        workers: int = 1,
        cache: Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.members = tuple(members)
        self.validation = validation or Validation()
        self.standardizer = standardizer or Standardizer()
        self.minimize = tuple(minimize)
        self.workers, self.cache, self.progress = workers, cache, progress or Silent()
        self.tasks: tuple[str, ...] = ()
        self.evaluations: list[Evaluation] = []  # empty once loaded: metrics.json has the numbers
        self._metrics: dict[str, Any] | None = None
        self.provenance: dict[str, Any] = {}

    def fit(self, train: MolTable, tasks: Sequence[str], valid: MolTable | None = None) -> Self:
        """Cross-validate, then learn from all rows; `valid` is not needed and ignored.

        The table holds standardized molecules (data.curate). Censored values (`<task>_relation`
        other than "=" or "~") are not learned from. NothingUsable with fewer than 25 values, equal
        ones, or all in a fold or two.
        """
        _check_members(self.members)
        self.tasks = tuple(tasks)
        y, self.n_censored = _targets(train, tasks)
        used = np.flatnonzero(~np.isnan(y).all(axis=1))
        y = y[used]
        _check(y, tasks)
        table = train.take(used)
        mols = [Chem.MolFromSmiles(s) for s in table.smiles]
        self._X, self._y, self._ids, self._smiles = self._features(mols), y, table.ids, table.smiles
        self.evaluations = self._judge(table)
        self._trust = [evaluation.trust for evaluation in self.evaluations]
        self._models = {}
        for name in self.members:
            model = pick(MODELS, name, "model")(seed=derived(self.validation.seed, name, "all"))
            model.tasks = self.tasks
            model.fit_features(self._X, y)
            self._models[name] = model
        return self

    def _judge(self, table: MolTable) -> list[Evaluation]:
        plan = self.validation
        folds = self._folds = plan.split_rows(table)
        _check_folds(self._y, self.tasks, folds, plan)
        with TemporaryDirectory() as scratch:
            cache = (self.cache or Path(scratch)) / self._content(folds)
            outcomes = cross_validate(
                self._X,
                self._y,
                folds,
                self.members,
                BASELINES,
                seed=plan.seed,
                workers=self.workers,
                cache=cache,
                progress=self.progress,
            )
        near = [outer(outcomes, SIMILARITY, r, f, f.judged).mean[:, 0] for r, f in enumerate(folds)]
        self._leakage = fold_leakage(folds, self._smiles, near).summary()
        evidence = Evidence(outcomes, self._y, folds, self.members, BASELINES)
        return [
            evaluate_task(evidence, j, maximize=task not in self.minimize)
            for j, task in enumerate(self.tasks)
        ]

    def _content(self, folds: Sequence[Folds]) -> str:
        """Names what cross-validation depends on, so that its outcomes never serve another one."""
        digest = hashlib.sha256("\n".join(self._smiles).encode())
        for array in (self._y, *(fold.numbers for fold in folds)):
            digest.update(array.tobytes())
        return content_key([__version__, self.validation.seed, digest.hexdigest()])

    def predict(self, table: MolTable) -> Prediction:
        """A row per molecule, standardized first; NaN where that fails."""
        done = [self.standardizer(smiles) for smiles in table.smiles]
        good = [i for i, result in enumerate(done) if not isinstance(result, Failure)]
        known = self.predict_mols([done[i].mol for i in good])  # type: ignore[union-attr]
        return _spread_out(known, good, len(done))

    def predict_mols(self, mols: Sequence[Chem.Mol]) -> Prediction:
        """The same for molecules that `standardizer` made."""
        return self.predict_features(self._features(mols))

    def predict_features(self, X: csr_array) -> Prediction:
        """The same for rows of fingerprints."""
        if X.shape[0] == 0:
            return Prediction.bare(self.tasks, np.zeros((0, len(self.tasks))))
        outputs = [self._models[name].predict_features(X) for name in self.members]
        similarity = nearest(X, self._X)[0][:, 0].astype(np.float64)
        judged = [
            trust.judge(
                np.stack([mean[:, j] for mean, _ in outputs], axis=1),
                np.stack([spread[:, j] for _, spread in outputs], axis=1),
                similarity,
            )
            for j, trust in enumerate(self._trust)
        ]
        mean, std, low, high, inside = (np.stack(column, axis=1) for column in zip(*judged, strict=True))
        return Prediction(self.tasks, mean, std, low, high, inside, similarity)

    def neighbors(self, mols: Sequence[Chem.Mol], k: int = 3) -> Neighbors:
        """The nearest molecules the model learned from, with their measured values."""
        similarity, index = nearest(self._features(mols), self._X, k)
        ids = [[self._ids[i] for i in row] for row in index]
        return Neighbors(ids, similarity.astype(np.float64), self._y[index])

    @staticmethod
    def _features(mols: Sequence[Chem.Mol]) -> csr_array:
        return FingerprintModel.features(mols)

    @property
    def n_rows(self) -> int:
        """How many molecules it learned from."""
        return len(self._ids)

    def metrics(self) -> dict[str, Any]:
        """The content of metrics.json."""
        if self._metrics is not None:
            return self._metrics
        plan = self.validation
        tasks = []
        for j, (task, evaluation) in enumerate(zip(self.tasks, self.evaluations, strict=True)):
            about = {
                "task": task,
                "n": int((~np.isnan(self._y[:, j])).sum()),
                "n_censored_unused": self.n_censored[j],
                "split": plan.split,
                "folds": len(self._folds[0].judged),
                "repeats": len(self._folds),
                "seed": plan.seed,
                "noise": self.provenance.get("noise", {}).get(task),
            }
            tasks.append(about | evaluation.metrics)
        per_fold = [
            {"task": task, **row}
            for task, evaluation in zip(self.tasks, self.evaluations, strict=True)
            for row in evaluation.per_fold
        ]
        return {"tasks": tasks, "leakage": self._leakage, "per_fold": per_fold}

    def oof(self) -> pa.Table:
        """Every model's prediction of every molecule by models that did not see its fold."""
        tables = []
        for task, evaluation in zip(self.tasks, self.evaluations, strict=True):
            ids = pa.array([self._ids[i] for i in evaluation.oof["row"].to_pylist()])
            named = evaluation.oof.add_column(3, "id", ids)
            tables.append(named.add_column(4, "task", pa.array([task] * len(ids))))
        return pa.concat_tables(tables)

    def save(self, folder: Path) -> None:
        """card.json, metrics.json, members/, trust and training molecules with their values."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, model in self._models.items():
            model.save(folder / "members" / name)
        trust = {f"{j}.alphas": t.conformal.alphas for j, t in enumerate(self._trust)}
        X = self._X
        arrays = {"data": X.data, "indices": X.indices, "indptr": X.indptr, "y": self._y}
        save_arrays(folder / "trust.safetensors", trust | arrays)
        training = pa.table({"id": self._ids, "smiles": self._smiles})
        with writing(folder / "training.parquet") as part:
            pq.write_table(training, part)
        write_json(folder / "metrics.json", finite(self.metrics()))
        write_json(folder / "card.json", finite(make_card(self)))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What `save` wrote; of the evaluation only the metrics."""
        card = read_card(folder)
        plan = Validation(**card["validation"])
        model = cls(
            card["members"],
            validation=plan,
            standardizer=Standardizer.from_settings(card["standardizer"]),
            minimize=[t["name"] for t in card["tasks"] if t["goal"] == "minimize"],
        )
        model.tasks = tuple(t["name"] for t in card["tasks"])
        arrays = load_arrays(folder / "trust.safetensors")
        model._y = arrays["y"]
        parts = (arrays["data"], arrays["indices"], arrays["indptr"])
        model._X = csr_array(parts, shape=(len(model._y), card["features"]["size"]))
        training = pq.read_table(folder / "training.parquet")
        model._ids, model._smiles = training["id"].to_pylist(), training["smiles"].to_pylist()
        model._models = {n: pick(MODELS, n, "model").load(folder / "members" / n) for n in model.members}
        model._trust = [
            Trust(
                np.array(task["weights"]),
                Conformal(arrays[f"{j}.alphas"], task["floor"]),
                Domain.from_settings(task["domain"]),
                *task["guess"],
            )
            for j, task in enumerate(card["tasks"])
        ]
        model.provenance = card["data"]
        model._metrics = read_json(folder / "metrics.json")
        return model


def finite(value: Any) -> Any:
    """JSON with NaN and infinity as null."""
    if isinstance(value, Mapping):
        return {k: finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def _targets(table: MolTable, tasks: Sequence[str]) -> tuple[np.ndarray, list[int]]:
    """(n, tasks) values, censored ones as NaN, and how many those were."""
    columns, censored = [], []
    for task in tasks:
        if task not in table.data.column_names:
            raise UsageError(f"no column {task!r} to learn; there are: {', '.join(table.data.column_names)}")
        values = table.column(task)
        if values.dtype == object:
            raise UsageError(f"the column {task!r} holds text, not numbers")
        values = np.where(np.isfinite(values), values, np.nan)
        relation = f"{task}_relation"
        bound = np.zeros(len(values), bool)
        if relation in table.data.column_names:
            bound = ~np.isin(table.column(relation).astype(str), ["=", "~", "", "None"]) & ~np.isnan(values)
        columns.append(np.where(bound, np.nan, values))
        censored.append(int(bound.sum()))
    return np.stack(columns, axis=1), censored


def _check(y: np.ndarray, tasks: Sequence[str]) -> None:
    for j, task in enumerate(tasks):
        known = y[~np.isnan(y[:, j]), j]
        if len(known) < MIN_ROWS:
            raise NothingUsable(
                f"{len(known)} molecules have an exact value of {task!r}; a model needs at least {MIN_ROWS}"
            )
        if len(levels := np.unique(known)) == 2:
            raise UsageError(
                f"{task!r} holds only {levels[0]:g} and {levels[1]:g}: class labels, which this version "
                "does not model; give measured numbers"
            )
        if known.std() == 0:
            raise NothingUsable(f"every value of {task!r} is {known[0]:g}: there is nothing to learn")


def _check_members(names: Sequence[str]) -> None:
    known = choices(MODELS, "model")
    single = sorted(name for name in known if name != Trusted.name)
    unknown = [name for name in names if name not in single]
    if unknown or not names or len(set(names)) < len(names):
        what = f"no model to stack is called {unknown[0]!r}" if unknown else f"cannot stack {list(names)}"
        raise UsageError(f"{what}; choose one or more different ones of: {', '.join(single)}")


def _check_folds(y: np.ndarray, tasks: Sequence[str], folds: Sequence[Folds], plan: Validation) -> None:
    """Each fit, and what weights and intervals are measured on, must hold values; so must some fold."""
    for fold in folds:
        for j, task in enumerate(tasks):
            counts = np.bincount(fold.numbers[~np.isnan(y[:, j])], minlength=fold.k)
            if not counts[list(fold.judged)].any():
                raise NothingUsable(f"no row that the {plan.split} split judges has a value of {task!r}")
            if min(_values_left(fold, counts)) < MIN_FIT:
                raise NothingUsable(
                    f"the values of {task!r} lie in too few of the {plan.folds} {plan.split} folds to judge "
                    'a model; choose split = "random", fewer folds or give more measured molecules'
                )


def _values_left(folds: Folds, counts: np.ndarray) -> Iterator[int]:
    """How many values each fit and each calibration can use; `counts` has those of each fold."""
    total = int(counts.sum())
    for fold in folds.judged:
        yield int(counts[list(folds.calibrating(fold))].sum())
        for other in folds.calibrating(fold):
            yield total - int(counts[list(folds.left_out(fold, other))].sum())


def _spread_out(known: Prediction, at: list[int], n: int) -> Prediction:
    def wide(values: np.ndarray, empty: Any) -> np.ndarray:
        out = np.full((n, *values.shape[1:]), empty, values.dtype)
        out[at] = values
        return out

    return Prediction(
        known.tasks,
        wide(known.mean, np.nan),
        wide(known.std, np.nan),
        wide(known.low, np.nan),
        wide(known.high, np.nan),
        wide(known.in_domain, False),
        wide(known.nearest_similarity, np.nan),
    )

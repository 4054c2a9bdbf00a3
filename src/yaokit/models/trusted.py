"""The model people use: a stack with intervals, a domain and its nearest measured molecules."""

import hashlib
from collections.abc import Mapping, Sequence
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
from yaokit.chem.standardize import Standardizer
from yaokit.core.cache import cache_folder
from yaokit.core.digits import finite
from yaokit.core.errors import UsageError
from yaokit.core.lazy import pick
from yaokit.core.progress import Progress, Silent
from yaokit.core.reasons import Failure
from yaokit.core.seed import derived
from yaokit.core.store import content_key, write_json, writing
from yaokit.core.table import MolTable
from yaokit.core.types import Prediction
from yaokit.data.leakage import fold_leakage
from yaokit.models import MODELS
from yaokit.models.autoscale import choose_scales
from yaokit.models.base import Member, read_card
from yaokit.models.card import make_card
from yaokit.models.cross import SIMILARITY, cross_validate, outer
from yaokit.models.curve import learning_curve
from yaokit.models.embedded import FOLDER, load_encoders, save_encoders
from yaokit.models.evaluate import TRUSTS, Evaluation, Evidence, evaluate_task
from yaokit.models.featurize import Rows, featurize, featurize_smiles
from yaokit.models.foldcache import FoldCache
from yaokit.models.labels import check, features_of, folder_name, kinds_read, make
from yaokit.models.learnable import check_folds, check_targets, read_targets
from yaokit.models.nearness import learned_from, similarities
from yaokit.models.scales import LINEAR, NO_LIMITS, Scale, on_scales, scales_for
from yaokit.models.targets import CLASSIFICATION, Targets
from yaokit.models.validation import Validation
from yaokit.models.whole import check_whole, file_hashes, metrics_of
from yaokit.nn.checkpoint import load_arrays, save_arrays

BASELINES = ("nearest", "forest")


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
        kinds: Mapping[str, str] | None = None,
        columns: Mapping[str, str] | None = None,
        weight: str | None = None,
        balanced: bool = False,
        scale: str = "linear",
        limits: Mapping[str, tuple[float, float]] | None = None,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        tune: int = 0,
        curve: bool = False,
        workers: int = 1,
        cache: Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        """`members`: labels (models/labels.py). `kinds`: task → regression or classification, told
        by its values if not given. `columns`: what the columns of `weight` and of the split are called
        in the table to fit, where that differs. `weight`: a column that says how much a row counts;
        `balanced`: both classes count the same. `scale`: on which numbers are learned (models/scales.py), or
        "auto". `limits`: task → what its values can be. `settings`: label → settings of the member;
        `tune`: trials to find better ones on the training rows, for each member; `curve`: also
        measure the first member with fewer molecules.
        """
        self.members = tuple(members)
        self.validation = validation or Validation()
        self.standardizer = standardizer or Standardizer()
        self.minimize = tuple(minimize)
        self.asked_kinds, self.weight, self.balanced = dict(kinds or {}), weight, balanced
        self.columns = dict(columns or {})
        self.scale, self.limits, self.settings = scale, dict(limits or {}), dict(settings or {})
        self.tune, self.curve = tune, curve
        self.tuned: list[str] = []  # members; those that have nothing to tune are not among them
        self.kinds: tuple[str, ...] = ()
        self.workers, self.cache, self.progress = workers, cache, progress or Silent()
        self.tasks: tuple[str, ...] = ()
        self.evaluations: list[Evaluation] = []  # empty once loaded: metrics.json has the numbers
        self._metrics: dict[str, Any] | None = None
        self.provenance: dict[str, Any] = {}

    def fit(self, train: MolTable, tasks: Sequence[str], valid: MolTable | None = None) -> Self:
        """Cross-validate, then learn from all rows; `valid` is not needed and ignored.

        The table holds standardized molecules (data.curate). Of censored values (`<task>_relation`
        other than "=" or "~") members learn what they can; nothing is judged by them. NothingUsable
        with fewer than 25 values, equal ones, one class, or all in a fold or two.
        """
        check(self.members)
        self.tasks = tuple(tasks)
        counted: dict[str, Any] = {"balanced": self.balanced, "columns": self.columns}
        y = read_targets(train, tasks, self.asked_kinds, self.weight, **counted)
        used = np.flatnonzero(y.known.any(axis=1))
        y = y.take(used)
        check_targets(y, tasks)
        table = train.take(used)
        self.kinds, self._y, self._ids, self._smiles = y.kinds, y, table.ids, table.smiles
        self._rows = {
            kind: featurize_smiles(kind, table.smiles, workers=self.workers, cache=cache_folder())
            for kind in kinds_read(self.members)
        }
        plan = self.validation
        self._folds = plan.split_rows(table, self.columns)
        check_folds(y, tasks, self._folds, plan.split, plan.folds)
        free = self._free_rows()
        self._scales = choose_scales(self.scale, self._rows["fp"][free], y.take(free), plan.seed)
        learned = on_scales(y, self._scales)
        if self.tune:
            self.settings |= self._tuned(learned, free)
        self.evaluations = self._judge(learned)
        self._trust = [evaluation.trust for evaluation in self.evaluations]
        self._curves = self._learning_curves(learned) if self.curve else [None] * len(self.tasks)
        self._models = {}
        for label in self.members:
            model = make(label, derived(self.validation.seed, label, "all"), self.settings.get(label))
            model.tasks, model.kinds = self.tasks, self.kinds
            work = self.cache / "work" / folder_name(label) if self.cache else None
            model.fit_features(self._rows[model.features], learned, work)
            self._models[label] = model
        return self

    def _free_rows(self) -> np.ndarray:
        """(n,) bool: the rows that judge nothing, for choices before the fits; all if every row judges."""
        folds = self._folds[0]
        free = ~folds.rows(*folds.judged)
        return free if free.any() else ~free

    def _chose_scale(self, task: int) -> bool:
        """Whether the task's scale was chosen among several, by errors of the free rows."""
        if self.scale != "auto" or self.kinds[task] == CLASSIFICATION:
            return False
        return len(scales_for(self._y.values[self._free_rows() & self._y.exact[:, task], task])) > 1

    def _tuned(self, learned: Targets, free: np.ndarray) -> dict[str, dict[str, Any]]:
        """Settings of each member, the best of `tune` trials on the free rows."""
        from yaokit.models.tune import tunable, tune

        numbers = np.unique(self._folds[0].numbers[free], return_inverse=True)[1]
        folds = Folds.cross(numbers if numbers.any() else np.arange(len(numbers)) % 5)
        seed, out = self.validation.seed, {}
        self.tuned = tunable(self.members, self.settings)
        for label in self.tuned:
            X, y = self._rows[features_of(label)][free], learned.take(free)
            work = self.cache / "tuning" / folder_name(label) if self.cache else None
            own, tell = dict(self.settings.get(label, {})), self.progress
            found = tune(label, X, y, folds, self.tune, settings=own, work=work, seed=seed, progress=tell)
            if found:
                out[label] = own | found
        return out

    def _learning_curves(self, learned: Targets) -> list[dict[str, Any]]:
        """Of each task, how good the first member is with a part of the molecules."""
        label, folds = self.members[0], self._folds[0]
        X = self._rows[features_of(label)]
        own: dict[str, Any] = {"seed": self.validation.seed, "settings": self.settings.get(label)}
        return [
            learning_curve(label, X, self._y.task(j), folds, learned=learned.task(j), raw=trust.raw, **own)
            for j, trust in enumerate(self._trust)
        ]

    def _judge(self, learned: Targets) -> list[Evaluation]:
        plan, folds = self.validation, self._folds
        kept = None
        if self.cache:
            about = (self._smiles, learned, folds, self.settings, plan.seed)
            kept = FoldCache(cache_folder(), *about)
        with TemporaryDirectory() as scratch:
            cache = (self.cache or Path(scratch)) / self._content(folds)
            outcomes = cross_validate(
                self._rows,
                learned,
                folds,
                self.members,
                BASELINES,
                settings=self.settings,
                seed=plan.seed,
                workers=self.workers,
                cache=cache,
                kept=kept,
                progress=self.progress,
            )
        near = [outer(outcomes, SIMILARITY, r, f, f.judged).spread[:, 0] for r, f in enumerate(folds)]
        self._leakage = fold_leakage(folds, self._smiles, near).summary()
        limits = [self.limits.get(task, NO_LIMITS) for task in self.tasks]
        evidence = Evidence(outcomes, self._y, folds, self.members, BASELINES, self._scales, limits)
        return [
            evaluate_task(evidence, j, maximize=task not in self.minimize)
            for j, task in enumerate(self.tasks)
        ]

    def _content(self, folds: Sequence[Folds]) -> str:
        """Names what cross-validation depends on, so that its outcomes never serve another one."""
        digest = hashlib.sha256("\n".join(self._smiles).encode())
        y = self._y
        for array in (y.values, y.bounds, y.weights, *(fold.numbers for fold in folds)):
            digest.update(array.tobytes())
        about = [__version__, self.validation.seed, y.kinds, [s.name for s in self._scales], self.settings]
        return content_key([*about, digest.hexdigest()])

    def predict(self, table: MolTable) -> Prediction:
        """A row per molecule, standardized first; NaN where that fails."""
        done = [self.standardizer(smiles) for smiles in table.smiles]
        good = [i for i, result in enumerate(done) if not isinstance(result, Failure)]
        known = self.predict_mols([done[i].mol for i in good])  # type: ignore[union-attr]
        return known.spread_out(good, len(done))

    def predict_mols(self, mols: Sequence[Chem.Mol]) -> Prediction:
        """The same for molecules that `standardizer` made."""
        return self.predict_rows({kind: featurize(kind, mols) for kind in self.reads})

    @property
    def reads(self) -> list[str]:
        """The kinds of features that the fitted members and the domain need."""
        return list(dict.fromkeys(["fp", *(model.features for model in self._models.values())]))

    def predict_rows(self, rows: Rows) -> Prediction:
        """The same for rows of every kind of features that the members read, and "fp"."""
        n = rows["fp"].shape[0]
        if n == 0:
            return Prediction.bare(self.tasks, np.zeros((0, len(self.tasks))), classes=self.class_tasks)
        outputs = [model.predict_features(rows[model.features]) for model in self._models.values()]
        to_any, of_task = self._similarities(rows["fp"])
        judged = [
            trust.judge(
                np.stack([mean[:, j] for mean, _ in outputs], axis=1),
                np.stack([spread[:, j] for _, spread in outputs], axis=1),
                of_task[:, j],
            )
            for j, trust in enumerate(self._trust)
        ]
        mean, std, low, high, inside, sets = (
            np.stack(column, axis=1) for column in zip(*judged, strict=True)
        )
        return Prediction(self.tasks, mean, std, low, high, inside, to_any, sets, self.class_tasks)

    def similarity(self, X: Any) -> np.ndarray:
        """(n, tasks) Tanimoto of rows of "fp" to the nearest molecule that each task was learned from.

        By this the domain is told; a molecule of which only a bound is known does not count.
        """
        return self._similarities(X)[1]

    def _similarities(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """(n,) to the nearest molecule of any task, and `similarity`."""
        return similarities(X, self._rows["fp"], learned_from(self._y))

    def neighbors(self, mols: Sequence[Chem.Mol], k: int = 3, task: str | None = None) -> Neighbors:
        """The nearest molecules the model learned from, with their measured values.

        Of a task the nearest with a measured value that counts; UsageError lists the tasks.
        """
        own = np.arange(len(self._ids))
        if task is not None:
            if task not in self.tasks:
                raise UsageError(f"the model has no task {task!r}; it has: {', '.join(self.tasks)}")
            own = np.flatnonzero(learned_from(self._y)[:, self.tasks.index(task)])
        similarity, index = nearest(featurize("fp", mols), self._rows["fp"][own], k)
        ids = [[self._ids[i] for i in row] for row in own[index]]
        return Neighbors(ids, similarity.astype(np.float64), self._y.measured[own[index]])

    @property
    def class_tasks(self) -> tuple[str, ...]:
        """The tasks whose number is a probability."""
        return tuple(t for t, kind in zip(self.tasks, self.kinds, strict=True) if kind == CLASSIFICATION)

    def learning(self) -> dict[str, Any]:
        """What it was told of learning, for the card."""
        return {
            "kinds": self.asked_kinds,
            "weight": self.weight,
            "balanced": self.balanced,
            "scale": self.scale,
            "settings": self.settings,
            "tune": self.tune,
        }

    @property
    def training(self) -> tuple[Any, Targets]:
        """What it learned from: rows of "fp" and targets in the tasks' own units."""
        return self._rows["fp"], self._y

    @property
    def smiles(self) -> list[str]:
        """The molecules that it learned from, standardized."""
        return list(self._smiles)

    @property
    def scales(self) -> list[Scale]:
        """Of each task: on which numbers the members learned."""
        return [getattr(trust, "scale", LINEAR) for trust in self._trust]

    def raw(self, z: np.ndarray) -> np.ndarray:
        """(n, tasks) numbers of a member in the tasks' own units, cut to what values can be."""
        return np.stack([trust.raw(z[:, j]) for j, trust in enumerate(self._trust)], axis=1)

    @property
    def n_rows(self) -> int:
        """How many molecules it learned from."""
        return len(self._ids)

    def metrics(self) -> dict[str, Any]:
        """The content of metrics.json."""
        if self._metrics is not None:
            return self._metrics
        plan, all_judge = self.validation, bool(self._free_rows().all())
        tasks = []
        for j, (task, evaluation) in enumerate(zip(self.tasks, self.evaluations, strict=True)):
            about = {
                "task": task,
                "kind": self.kinds[j],
                "n": int(self._y.exact[:, j].sum()),
                "n_judged": len(np.unique(evaluation.oof["row"].to_numpy())),
                "n_censored": int((self._y.known & ~self._y.exact)[:, j].sum()),
                "minimize": task in self.minimize,
                "split": plan.split,
                "folds": len(self._folds[0].judged),
                "repeats": len(self._folds),
                "seed": plan.seed,
                "tuned": self.tuned,
                "tuned_on_judged": bool(self.tuned) and all_judge,
                "scale": self._scales[j].name,
                "scale_on_judged": all_judge and self._chose_scale(j),
                "learning_curve": self._curves[j],
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
        return pa.concat_tables(tables, promote_options="default")

    def save(self, folder: Path) -> None:
        """card.json, metrics.json, members/, trust and training molecules with their values."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, model in self._models.items():
            model.save(folder / "members" / folder_name(name))
        save_encoders(self.reads, folder)
        trust = {f"{j}.{k}": array for j, t in enumerate(self._trust) for k, array in t.arrays().items()}
        X, y = self._rows["fp"], self._y
        arrays = {"data": X.data, "indices": X.indices, "indptr": X.indptr}
        arrays |= {"values": y.values, "bounds": y.bounds, "weights": y.weights}
        save_arrays(folder / "trust.safetensors", trust | arrays)
        training = pa.table({"id": self._ids, "smiles": self._smiles})
        with writing(folder / "training.parquet") as part:
            pq.write_table(training, part)
        write_json(folder / "metrics.json", finite(self.metrics()))
        members = [f"members/{folder_name(label)}" for label in self._models]
        files = (FOLDER, "trust.safetensors", "training.parquet", "metrics.json")
        hashes = file_hashes(folder, [*members, *files])
        write_json(folder / "card.json", finite(make_card(self) | {"files": hashes}))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What `save` wrote; of the evaluation only the metrics."""
        card = read_card(folder)
        check_whole(folder, card)
        tasks = card["tasks"]
        model = cls(
            card["members"],
            validation=Validation(**card["validation"]),
            standardizer=Standardizer.from_settings(card["standardizer"]),
            minimize=[task["name"] for task in tasks if task["goal"] == "minimize"],
            **card["learning"],
        )
        model.tasks, model.kinds = (tuple(task[key] for task in tasks) for key in ("name", "kind"))
        arrays = load_arrays(folder / "trust.safetensors")
        model._y = Targets(arrays["values"], arrays["bounds"], arrays["weights"], model.kinds)
        parts = (arrays["data"], arrays["indices"], arrays["indptr"])
        model._rows = {"fp": csr_array(parts, shape=(len(model._y), card["features"]["size"]))}
        training = pq.read_table(folder / "training.parquet")
        model._ids, model._smiles = training["id"].to_pylist(), training["smiles"].to_pylist()
        model._models = {label: _load_member(folder, label) for label in model.members}
        own = load_encoders(model.reads, folder)
        for member in model._models.values():
            member.features = own.get(member.features, member.features)
        model._trust = [
            pick(TRUSTS, task["kind"], "kind of task").from_settings(
                task, {k.partition(".")[2]: v for k, v in arrays.items() if k.startswith(f"{j}.")}
            )
            for j, task in enumerate(tasks)
        ]
        if any(trust.weights.shape != (len(model.members),) for trust in model._trust):
            raise UsageError(f"{folder / 'card.json'} is damaged (weights): train the model again")
        model.provenance = card["data"]
        model._metrics = metrics_of(folder, model.tasks)
        return model


def _load_member(folder: Path, label: str) -> Member:
    name = label.partition(":")[0]
    return pick(MODELS, name, "model").load(folder / "members" / folder_name(label))

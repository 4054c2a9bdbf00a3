"""Members fitted out of fold and on all rows, each fit kept until its member's code changes.

A label is NAME or NAME:FEATURES. A network that reads a pre-trained one is NAME@NETWORK, which starts
from its weights, or NAME~NETWORK, which has its sizes only.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from yaokit.bench.codehash import WEIGHTS, code_hash, files
from yaokit.chem.folds import Folds
from yaokit.core.errors import YaokitError
from yaokit.core.guard import Pool
from yaokit.core.lazy import choices, pick
from yaokit.core.reasons import Failure
from yaokit.core.seed import derived
from yaokit.core.store import content_key
from yaokit.models import MODELS
from yaokit.models.base import EMBEDDED
from yaokit.models.featurize import FEATURIZERS, FROM_FULL, featurize_smiles
from yaokit.models.scales import Scale
from yaokit.models.targets import REGRESSION, Targets
from yaokit.nn.checkpoint import load_arrays, save_arrays
from yaokit.nn.pretrained import ENCODERS, open_pretrained, shipped

_DEFAULT = "default"  # what reads embeddings of a network that it does not name
_VERSION = 1  # to be raised when _Work fits otherwise


@dataclass(frozen=True)
class Place:
    """Where fits are kept and how many may run."""

    fits: Path
    features: Path  # a cache that all benchmarks share
    workers: int = 1


class Fit(NamedTuple):
    """One fit: a member on a scale learns from all rows, or from all folds but one."""

    label: str
    scale: str = "linear"
    fold: int | None = None


@dataclass(frozen=True)
class Learning:
    """What members learn from in one task and seed, and what they say."""

    name: str  # of the task, in file names
    smiles: Sequence[str]
    y: Targets
    folds: Folds
    seed: int
    place: Place

    def out_of_fold(
        self, labels: Sequence[str], scales: Sequence[str] = ("linear",)
    ) -> dict[Fit, np.ndarray]:
        """(n, tasks) on its scale of each member and scale, by models that did not see the row's fold."""
        plan = [
            Fit(label, scale, fold) for label in labels for scale in scales for fold in range(self.folds.k)
        ]
        done = self._outcomes(plan, None)
        out = {}
        for label in labels:
            for scale in scales:
                mean = np.full(self.y.values.shape, np.nan)
                for fold in range(self.folds.k):
                    mean[self.folds.rows(fold)] = done[Fit(label, scale, fold)]
                out[Fit(label, scale)] = mean
        return out

    def asked(self, labels: Sequence[str], scale: str, smiles: Sequence[str]) -> dict[str, np.ndarray]:
        """(m, tasks) on the scale of each member, of molecules it never saw, having learned from all rows."""
        done = self._outcomes([Fit(label, scale) for label in labels], smiles)
        return {label: done[Fit(label, scale)] for label in labels}

    def seconds(self, label: str) -> float:
        """CPU seconds of all kept fits of a member to these rows with this seed."""
        kept = self._folder(label).glob(f"{self.name}-{self.seed}-*")
        return sum(float(load_arrays(path)["seconds"][0]) for path in kept)

    def scaled(self, scale: str, task: int = 0) -> Scale:
        """The scale of a task's known values."""
        return Scale.fit(scale, self.y.values[self.y.known[:, task], task])

    def _outcomes(self, plan: Sequence[Fit], smiles: Sequence[str] | None) -> dict[Fit, np.ndarray]:
        todo = [fit for fit in plan if not self._path(fit, smiles).exists()]
        for kind in sorted({kind_of(fit.label) for fit in todo}):
            self._run([fit for fit in todo if kind_of(fit.label) == kind], kind, smiles)
        return {fit: load_arrays(self._path(fit, smiles))["mean"] for fit in plan}

    def _run(self, plan: Iterable[Fit], kind: str, smiles: Sequence[str] | None) -> None:
        """Members that read one kind of features; the others' need not be in memory."""
        plan = list(plan)
        asked = None if smiles is None else self._rows(kind, smiles)
        ys = {scale: self._on(scale) for scale in {fit.scale for fit in plan}}
        work = _Work(self._rows(kind, self.smiles), asked, ys, self.folds, self.seed)
        with Pool(work, workers=self.place.workers, cpu_limit_s=None, memory_limit_mb=None) as pool:
            for fit, (found,) in zip(plan, pool.map([fit] for fit in plan), strict=True):
                if isinstance(found, Failure):
                    raise YaokitError(f"{fit.label} failed on {self.name}: {found.message}")
                path = self._path(fit, smiles)
                path.parent.mkdir(parents=True, exist_ok=True)
                save_arrays(path, found)

    def _rows(self, kind: str, smiles: Sequence[str]) -> Any:
        return featurize_smiles(kind, smiles, workers=self.place.workers, cache=self.place.features)

    def _on(self, scale: str) -> Targets:
        values = self.y.values.copy()
        for j, kind in enumerate(self.y.kinds):
            if kind == REGRESSION:
                values[:, j] = self.scaled(scale, j).forward(values[:, j])
        return Targets(values, self.y.bounds, self.y.weights, self.y.kinds)

    def _folder(self, label: str) -> Path:
        name = label.replace(":", "_").replace("/", "_")
        return self.place.fits / f"{name}-{code_of(label)}"

    def _path(self, fit: Fit, asked: Sequence[str] | None) -> Path:
        """A name that tells what was learned from, so that a fit never serves other data."""
        content = [_VERSION, self._content(fit.scale), fit.fold]
        content += [self.folds.numbers.tolist()] if asked is None else [list(asked)]
        name = f"{self.name}-{self.seed}-{fit.scale}-{content_key(content)}"
        return self._folder(fit.label) / f"{name}.safetensors"

    def _content(self, scale: str) -> str:
        """Names molecules and what is known of them, on a scale."""
        if scale not in self._contents:
            y = self._on(scale)
            digest = hashlib.sha256("\n".join(self.smiles).encode())
            for array in (y.values, y.bounds, y.weights):
                digest.update(array.tobytes())
            self._contents[scale] = digest.hexdigest()
        return self._contents[scale]

    @cached_property
    def _contents(self) -> dict[str, str]:
        return {}


@dataclass(frozen=True)
class _Work:
    """The work of a child process: one Fit to its predictions."""

    X: Any
    asked: Any
    y: dict[str, Targets]
    folds: Folds
    seed: int

    def __call__(self, fit: Fit) -> dict[str, np.ndarray]:
        import time

        start = time.process_time()
        y = self.y[fit.scale]
        learned = np.ones(len(y), bool) if fit.fold is None else ~self.folds.rows(fit.fold)
        out = self.asked if fit.fold is None else self.X[~learned]
        model = member(fit.label, derived(self.seed, fit.label, "all" if fit.fold is None else fit.fold))
        model.fit_features(self.X[learned], y.take(learned))
        mean, _ = model.predict_features(out)
        return {"mean": mean, "seconds": np.array([time.process_time() - start])}


class Label(NamedTuple):
    """The parts of a label."""

    name: str
    how: str  # "@", "~" or ""
    network: str
    features: str

    @classmethod
    def of(cls, label: str) -> "Label":
        head, _, features = label.partition(":")
        how = next((sign for sign in "@~" if sign in head), "")
        name, _, network = head.partition(how) if how else (head, "", "")
        return cls(name, how, network, features)

    @property
    def read(self) -> str | None:
        """The pre-trained network that is needed, if one is."""
        kind, _, network = self.features.partition("@")
        return self.network or network or (_DEFAULT if kind in EMBEDDED else None)


def member(label: str, seed: int) -> Any:
    """The unfitted model that a label names."""
    parts = Label.of(label)
    kind = pick(MODELS, parts.name, "model")
    settings: dict[str, Any] = {}
    if parts.how == "@":
        settings["pretrained"] = parts.network
    elif parts.how == "~":
        sizes = open_pretrained(parts.network, ENCODERS).settings
        settings = {name: sizes[name] for name in kind.settings if name in sizes and name != "dropout"}
    return kind(seed=seed, features=parts.features or None, **settings)


def kind_of(label: str) -> str:
    """The kind of features a label's model reads."""
    parts = Label.of(label)
    return pick(MODELS, parts.name, "model")(features=parts.features or None).features


@cache
def code_of(label: str) -> str:
    """Names the code of the model that a label names, and what of others it starts from."""
    code, network = code_hash(*files_of(label)), Label.of(label).read
    return content_key([code, open_pretrained(network, ENCODERS).key]) if network else code


def files_of(label: str) -> list[str]:
    """The files of the package in which that code begins, and the card of a network shipped in it."""
    parts, kind = Label.of(label), kind_of(label).partition("@")[0]
    code = [*files(choices(MODELS, "model")[parts.name]), *files(choices(FEATURIZERS, "features")[kind])]
    if kind in FROM_FULL:
        code += [*files(FROM_FULL[kind]), "chem/features.py"]
    if kind in EMBEDDED:
        from yaokit.models.embedded import EMBED, opened

        code += files(EMBED[opened(parts.read or _DEFAULT).kind])
    encoders = [name for name, card in shipped().items() if card["kind"] in ENCODERS]
    read = [name for name in encoders if parts.read in (name, _DEFAULT)]
    return [*code, *(f"{WEIGHTS}/{name}/card.json" for name in read[:1])]

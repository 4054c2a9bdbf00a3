"""What a predictor is, and what the members of a stack share."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from yaokit import __version__
from yaokit.chem.parse import parse
from yaokit.core.errors import UsageError
from yaokit.core.reasons import Failure
from yaokit.core.store import read_json, write_json
from yaokit.core.table import MolTable
from yaokit.core.types import Prediction
from yaokit.models.featurize import featurize
from yaokit.models.targets import CLASSIFICATION, REGRESSION, Targets

FORMAT = 3  # of model folders
LARGE = 2_000  # molecules from which models grow larger
EMBEDDED = ("embedded", "rich")  # kinds of features from a pre-trained network: alone, and after "full"


class Predictor(Protocol):
    """Molecules → Prediction. Fitting needs the task columns in the table, NaN = unknown."""

    tasks: tuple[str, ...]

    def fit(self, train: MolTable, tasks: Sequence[str], valid: MolTable | None = None) -> Self: ...

    def predict(self, table: MolTable) -> Prediction: ...

    def save(self, folder: Path) -> None: ...

    @classmethod
    def load(cls, folder: Path) -> Self: ...


class Member(ABC):
    """One model of a stack: rows of one kind of features in, a column of numbers per task out.

    A subclass writes `fit_features`, `predict_features`, `_write` and `_read`. A task whose values
    are all 0 or 1 is a class task when fitted from a table; its number is the probability of 1.
    """

    name: ClassVar[str]
    feature_kinds: ClassVar[tuple[str, ...]] = (
        "fp",
        "full",
        *EMBEDDED,
    )  # what it can read, its default first
    settings: ClassVar[tuple[str, ...]] = ()  # attributes that the constructor takes and the card keeps
    sees_stereo: ClassVar[bool] = True  # every kind of features has chirality switched on
    tasks: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    def __init__(self, seed: int = 0, features: str | None = None, **settings: Any) -> None:
        self.seed = seed
        self.features = features or self.feature_kinds[0]
        if self.reads not in self.feature_kinds or (self.features != self.reads not in EMBEDDED):
            raise UsageError(
                f"{self.name} cannot read features {self.features!r}; "
                f"it reads: {', '.join(self.feature_kinds)}"
            )
        for name, value in settings.items():
            if name not in self.settings:
                known = ", ".join(self.settings) or "none"
                raise UsageError(f"{self.name} has no setting {name!r}; it has: {known}")
            setattr(self, name, tuple(value) if isinstance(value, list) else value)

    @property
    def reads(self) -> str:
        """The kind of its features, without the network that some kinds name: KIND@NETWORK."""
        return self.features.partition("@")[0]

    def fit(self, train: MolTable, tasks: Sequence[str], valid: MolTable | None = None) -> Self:
        """Learn the task columns of `train`; `valid` is not needed and ignored."""
        mols = [parse(smiles) for smiles in train.smiles]
        if bad := [i for i, mol in enumerate(mols) if isinstance(mol, Failure)]:
            raise UsageError(
                f"row {bad[0]} has no molecule ({train.smiles[bad[0]]!r}): curate the table first"
            )
        values = np.stack([train.column(task) for task in tasks], axis=1)
        self.tasks = tuple(tasks)
        self.kinds = tuple(kind_of(values[:, j]) for j in range(len(tasks)))
        self.fit_features(featurize(self.features, mols), Targets.of(values, self.kinds))  # type: ignore[arg-type]
        return self

    def predict(self, table: MolTable) -> Prediction:
        """A row per molecule; NaN where the SMILES does not parse."""
        mols = [parse(smiles) for smiles in table.smiles]
        good = [i for i, mol in enumerate(mols) if not isinstance(mol, Failure)]
        mean = np.full((len(mols), len(self.tasks)), np.nan)
        spread = mean.copy()
        if good:
            X = featurize(self.features, [mols[i] for i in good])  # type: ignore[misc]
            mean[good], spread[good] = self.predict_features(X)
        classes = [t for t, kind in zip(self.tasks, self.kinds, strict=True) if kind == CLASSIFICATION]
        return Prediction.bare(self.tasks, mean, spread, classes)

    @abstractmethod
    def fit_features(self, X: Any, y: Targets, work: Path | None = None) -> None:
        """Learn from the rows of one kind of features.

        `work` is a folder for what an interrupted fit needs to go on, and for its logs.
        """

    @abstractmethod
    def predict_features(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """Mean and spread among the model's own parts, both (n, tasks) float64."""

    @abstractmethod
    def _write(self, folder: Path) -> dict[str, Any]:
        """Write arrays into the folder; what is returned goes into card.json."""

    @abstractmethod
    def _read(self, folder: Path, card: dict[str, Any]) -> None:
        """Undo `_write`."""

    def save(self, folder: Path) -> None:
        """card.json and the model's arrays."""
        folder.mkdir(parents=True, exist_ok=True)
        card = {"format": FORMAT, "model": self.name, "yaokit": __version__}
        card |= {"tasks": list(self.tasks), "kinds": list(self.kinds), "features": self.features}
        card |= {"seed": self.seed, "settings": {name: getattr(self, name) for name in self.settings}}
        write_json(folder / "card.json", card | self._write(folder))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What `save` wrote."""
        card = read_card(folder)
        model = cls(card["seed"], card["features"], **card["settings"])
        model.tasks, model.kinds = tuple(card["tasks"]), tuple(card["kinds"])
        model._read(folder, card)
        return model


def kind_of(values: np.ndarray) -> str:
    """CLASSIFICATION if the known values are 0 and 1 only, else REGRESSION."""
    known = values[~np.isnan(values)]
    return CLASSIFICATION if len(known) and np.isin(known, (0.0, 1.0)).all() else REGRESSION


def read_card(folder: Path) -> dict[str, Any]:
    """A model folder's card; UsageError if it is none, damaged or of another format."""
    path = folder / "card.json"
    if not path.is_file():
        raise UsageError(f"{folder} is not a model folder: it has no card.json")
    try:
        card = read_json(path)
        version = card["format"]
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{path} is damaged: train the model again") from None
    if "weights_sha256" in card:
        raise UsageError(
            f"{folder} is a pre-trained network, not a model: give an encoder to `yaokit train --from`, "
            "a prior to `yaokit generate`"
        )
    if version != FORMAT:
        newer = isinstance(version, int) and version > FORMAT
        raise UsageError(
            f"{folder} was written in model format {version} by yaokit {card.get('yaokit')}; "
            f"this is yaokit {__version__} with format {FORMAT}: "
            f"{'update yaokit' if newer else 'train the model again'}"
        )
    return card

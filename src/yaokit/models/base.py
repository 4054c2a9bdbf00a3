"""What a predictor is, and what the fingerprint models share."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from rdkit import Chem
from scipy.sparse import csr_array

from yaokit import __version__
from yaokit.chem.fingerprints import morgan_row, stack
from yaokit.chem.parse import parse
from yaokit.core.errors import UsageError
from yaokit.core.reasons import Failure
from yaokit.core.store import read_json, write_json
from yaokit.core.table import MolTable
from yaokit.core.types import Prediction

FORMAT = 2  # of model folders
LARGE = 2_000  # molecules from which models grow larger


class Predictor(Protocol):
    """Molecules → Prediction. Fitting needs the task columns in the table, NaN = unknown."""

    tasks: tuple[str, ...]

    def fit(self, train: MolTable, tasks: Sequence[str], valid: MolTable | None = None) -> Self: ...

    def predict(self, table: MolTable) -> Prediction: ...

    def save(self, folder: Path) -> None: ...

    @classmethod
    def load(cls, folder: Path) -> Self: ...


class FingerprintModel(ABC):
    """Morgan counts in, one column of numbers per task out.

    A subclass writes `fit_features`, `predict_features`, `_write` and `_read`.
    """

    name: ClassVar[str]
    sees_stereo: ClassVar[bool] = True  # the fingerprint has chirality switched on
    tasks: tuple[str, ...] = ()

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def fit(self, train: MolTable, tasks: Sequence[str], valid: MolTable | None = None) -> Self:
        """Learn the task columns of `train`; `valid` is not needed and ignored."""
        mols = [Chem.MolFromSmiles(smiles) for smiles in train.smiles]
        self.tasks = tuple(tasks)
        self.fit_features(self.features(mols), np.stack([train.column(t) for t in tasks], axis=1))
        return self

    def predict(self, table: MolTable) -> Prediction:
        """A row per molecule; NaN where the SMILES does not parse."""
        mols = [parse(smiles) for smiles in table.smiles]
        good = [i for i, mol in enumerate(mols) if not isinstance(mol, Failure)]
        mean = np.full((len(mols), len(self.tasks)), np.nan)
        spread = mean.copy()
        if good:
            mean[good], spread[good] = self.predict_features(self.features([mols[i] for i in good]))
        return Prediction.bare(self.tasks, mean, spread)

    @staticmethod
    def features(mols: Sequence[Chem.Mol]) -> csr_array:
        """(n, 2048) float32 Morgan counts."""
        return stack([morgan_row(mol) for mol in mols])

    @abstractmethod
    def fit_features(self, X: csr_array, y: np.ndarray) -> None:
        """Learn from (n, features) and (n, tasks) with NaN for unknown."""

    @abstractmethod
    def predict_features(self, X: csr_array) -> tuple[np.ndarray, np.ndarray]:
        """Mean and spread among the model's own members, both (n, tasks) float64."""

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
        card |= {"tasks": list(self.tasks), "seed": self.seed, **self._write(folder)}
        write_json(folder / "card.json", card)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What `save` wrote."""
        card = read_card(folder)
        model = cls(seed=card["seed"])
        model.tasks = tuple(card["tasks"])
        model._read(folder, card)
        return model


def read_card(folder: Path) -> dict[str, Any]:
    """A model folder's card; UsageError if it is none or from a newer format."""
    path = folder / "card.json"
    if not path.is_file():
        raise UsageError(f"{folder} is not a model folder: it has no card.json")
    try:
        card = read_json(path)
        version = card["format"]
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{path} is damaged: train the model again") from None
    if version != FORMAT:
        raise UsageError(
            f"{folder} was written in model format {version} by yaokit {card.get('yaokit')}; "
            f"this is yaokit {__version__} with format {FORMAT}: train the model again"
        )
    return card

"""What an objective can measure, one class each.

A term's fields are its settings. `PerMolecule` terms run inside the limits of core.guard;
`PerBatch` terms see all molecules of a batch at once and share its predictions.
"""

from abc import abstractmethod
from collections.abc import Sequence
from functools import cache, cached_property
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from rdkit import Chem
from scipy.sparse import csr_array

from yaokit import models
from yaokit.chem import filters
from yaokit.chem.descriptors import PROPERTIES
from yaokit.chem.fingerprints import morgan_counts
from yaokit.chem.parse import parse
from yaokit.chem.similarity import nearest
from yaokit.core.errors import UsageError
from yaokit.core.reasons import Failure
from yaokit.core.table import MolTable
from yaokit.core.types import Prediction


def _readable(smiles: str) -> str:
    found = parse(smiles)
    if isinstance(found, Failure):
        raise ValueError(f"{smiles!r} is no molecule: {found.message}")
    return smiles


Smiles = Annotated[str, AfterValidator(_readable)]


class Batch:
    """Molecules that all parse, and what several terms need to know of them."""

    def __init__(self, smiles: Sequence[str]) -> None:
        self.smiles = list(smiles)
        self._predictions: dict[str, Prediction] = {}

    def __len__(self) -> int:
        return len(self.smiles)

    def prediction(self, folder: str) -> Prediction:
        """What the model in `folder` says of the batch; computed once."""
        if folder not in self._predictions:
            self._predictions[folder] = _model(folder).predict(MolTable.of(self.smiles))
        return self._predictions[folder]

    @cached_property
    def fingerprints(self) -> csr_array:
        """(n, 2048) Morgan counts."""
        return morgan_counts(self.smiles)


class _Term(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def is_fraction(self) -> bool:
        """Whether the values are 0–1, higher better, so that no desirability is needed."""
        return False


class PerMolecule(_Term):
    """A term that looks at one molecule at a time."""

    @abstractmethod
    def of(self, mol: Chem.Mol) -> float:
        """The value; NaN = cannot be computed."""


class PerBatch(_Term):
    """A term that is cheaper for many molecules at once."""

    @abstractmethod
    def of(self, batch: Batch) -> np.ndarray:
        """(n,) float64; NaN = cannot be computed."""


class Property(PerMolecule):
    """One of `chem.descriptors.PROPERTIES`; the objective fills in which."""

    name: str

    @property
    def is_fraction(self) -> bool:
        return self.name in ("qed", "fsp3")

    def of(self, mol: Chem.Mol) -> float:
        return float(PROPERTIES[self.name].of(mol))


class Alerts(PerMolecule):
    """Number of structural alerts."""

    catalogs: tuple[str, ...] = filters.DEFAULT_CATALOGS

    @model_validator(mode="after")
    def _known(self) -> "Alerts":
        unknown = sorted(set(self.catalogs) - set(filters.catalog_names()))
        if unknown or not self.catalogs:
            raise ValueError(f"catalogs {unknown}: choose from {', '.join(filters.catalog_names())}")
        return self

    def of(self, mol: Chem.Mol) -> float:
        return float(len(filters.alerts(mol, self.catalogs)))


class Model(PerBatch):
    """A trained model's prediction of a task, or an end of its 90 % interval."""

    folder: str
    task: str
    quantity: Literal["low", "mean", "high"] = "mean"

    def of(self, batch: Batch) -> np.ndarray:
        found = batch.prediction(self.folder)
        j = _task(found, self.task, self.folder)
        values = getattr(found, self.quantity)[:, j].astype(float)
        if np.isnan(values[~np.isnan(found.mean[:, j])]).any():
            raise UsageError(f"the model in {self.folder} gives no intervals: use quantity = 'mean'")
        return values


class Domain(PerBatch):
    """1 inside the model's applicability domain for the task, `floor` outside."""

    folder: str
    task: str
    floor: float = Field(default=0.0, ge=0, le=1)

    @property
    def is_fraction(self) -> bool:
        return True

    def of(self, batch: Batch) -> np.ndarray:
        found = batch.prediction(self.folder)
        j = _task(found, self.task, self.folder)
        values = np.where(found.in_domain[:, j], 1.0, self.floor)
        return np.where(np.isnan(found.mean[:, j]), np.nan, values)


class Similarity(PerBatch):
    """Tanimoto similarity to the most similar of some molecules."""

    smiles: tuple[Smiles, ...] = Field(min_length=1)

    @property
    def is_fraction(self) -> bool:
        return True

    def of(self, batch: Batch) -> np.ndarray:
        return nearest(batch.fingerprints, _reference(self.smiles))[0][:, 0].astype(float)


class Novelty(PerBatch):
    """1 − similarity to the nearest measured molecule: a model's training set or a list."""

    folder: str | None = None
    smiles: tuple[Smiles, ...] | None = Field(default=None, min_length=1)

    @property
    def is_fraction(self) -> bool:
        return True

    @model_validator(mode="after")
    def _one_source(self) -> "Novelty":
        if (self.folder is None) == (self.smiles is None):
            raise ValueError("give either folder (of a model) or smiles (a list)")
        return self

    def of(self, batch: Batch) -> np.ndarray:
        if self.folder is not None:
            return 1.0 - batch.prediction(self.folder).nearest_similarity
        return 1.0 - nearest(batch.fingerprints, _reference(self.smiles or ()))[0][:, 0].astype(float)


def _task(found: Prediction, task: str, folder: str) -> int:
    if task not in found.tasks:
        raise UsageError(f"the model in {folder} has no task {task!r}; it has: {', '.join(found.tasks)}")
    return found.tasks.index(task)


@cache
def _model(folder: str) -> models.Predictor:
    return models.load(folder)


@cache
def _reference(smiles: tuple[str, ...]) -> csr_array:
    return morgan_counts(smiles)

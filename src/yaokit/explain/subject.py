"""What is explained: a stack, or a single model, with the molecules it learned from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
from rdkit import Chem

from yaokit.chem.parse import parse
from yaokit.chem.standardize import Standardizer
from yaokit.core.errors import UsageError
from yaokit.core.reasons import Failure
from yaokit.core.types import Prediction
from yaokit.models import load
from yaokit.models.base import Member, Predictor, read_card
from yaokit.models.featurize import featurize
from yaokit.models.targets import CLASSIFICATION
from yaokit.models.trusted import Neighbors, Trusted
from yaokit.models.whole import check_whole


@dataclass(frozen=True)
class Training:
    """The molecules a model learned from."""

    ids: Sequence[str]
    smiles: Sequence[str]
    values: np.ndarray  # (n, tasks) float64, NaN = not measured exactly


@dataclass(frozen=True)
class Subject:
    """A model and its parts; a single model is a stack of one."""

    model: Predictor
    members: dict[str, Member]  # by label
    weights: np.ndarray  # (members, tasks) float64, sum 1 for each task
    training: Training | None  # None: the model does not keep it
    standardizer: Standardizer | None = None  # None: molecules are taken as they stand

    @property
    def tasks(self) -> tuple[str, ...]:
        return self.model.tasks

    @property
    def stack(self) -> Trusted | None:
        """The stack, if it is one."""
        return self.model if isinstance(self.model, Trusted) else None

    def is_class(self, task: int) -> bool:
        """Whether the task's numbers are probabilities."""
        kinds = cast(Trusted | Member, self.model).kinds
        return kinds[task] == CLASSIFICATION

    def column(self, task: str | None) -> int:
        """The task's number; the first if none is named. UsageError lists the tasks."""
        if task is None:
            return 0
        if task not in self.tasks:
            raise UsageError(f"the model has no task {task!r}; it has: {', '.join(self.tasks)}")
        return self.tasks.index(task)

    def read(self, smiles: str) -> Chem.Mol | Failure:
        """The molecule as the model is to see it."""
        if self.standardizer is None:
            return parse(smiles)
        found = self.standardizer(smiles)
        return found if isinstance(found, Failure) else found.mol

    def predict(self, mols: Sequence[Chem.Mol]) -> Prediction:
        """A row per molecule; of a single model without interval and domain."""
        if self.stack is not None:
            return self.stack.predict_mols(mols)
        (member,) = self.members.values()
        if not mols:
            return Prediction.bare(self.tasks, np.zeros((0, len(self.tasks))))
        return Prediction.bare(self.tasks, *member.predict_features(featurize(member.features, mols)))

    def neighbors(self, mols: Sequence[Chem.Mol], k: int, task: int) -> Neighbors | None:
        """The nearest molecules that a task was learned from; None if the model does not keep them."""
        return None if self.stack is None else self.stack.neighbors(mols, k, self.tasks[task])


def subject(folder: Path) -> Subject:
    """What a model folder holds; UsageError says what is wrong with it.

    A member in a trained folder sees the molecules that the folder's standardizer makes, as in the stack.
    """
    found = subject_of(load(folder))
    home = folder.resolve().parent.parent
    if found.stack or folder.resolve().parent.name != "members" or not (home / "card.json").is_file():
        return found
    card = read_card(home)
    check_whole(home, card, f"members/{folder.resolve().name}/")
    if not isinstance(settings := card.get("standardizer"), dict):
        raise UsageError(f"{home / 'card.json'} is damaged: copy the folder again or train the model again")
    return replace(found, standardizer=Standardizer.from_settings(settings))


def subject_of(model: Predictor) -> Subject:
    """The same of a fitted model."""
    if isinstance(model, Trusted):
        weights = np.stack([trust.weights for trust in model._trust], axis=1)
        training = Training(model._ids, model._smiles, model._y.measured)
        return Subject(model, dict(model._models), weights, training, model.standardizer)
    member = cast(Member, model)
    return Subject(model, {member.name: member}, np.ones((1, len(model.tasks))), None)

"""What a prediction has beyond the mean and no atom carries, such as what the molecule lacks."""

from collections.abc import Sequence

import numpy as np
from rdkit import Chem

from yaokit.core.lazy import resolve
from yaokit.explain.attribution import METHODS, method_of, used_in
from yaokit.explain.importance import FEATURES
from yaokit.explain.subject import Subject
from yaokit.models.featurize import featurize

SHARED = METHODS["gnn"][1]  # this method leaves no rest: it is shared equally among the atoms


def rest(subject: Subject, mols: Sequence[Chem.Mol], values: Sequence[np.ndarray], task: int) -> np.ndarray:
    """(n,) float64: what is to be added to the sum of the atoms' `values`, on their scale.

    Sum and rest are the prediction less the mean that the model starts from. Of trees the rest holds
    fingerprint bits that the molecule lacks and descriptors as far as no single atom moves them. NaN where
    values need not add up: found by masking, or of several members, whose scales differ.
    """
    used = used_in(subject, task).values()
    if len(used) != 1 or not mols:
        return np.full(len(mols), np.nan)
    (model,) = used
    if model.name in FEATURES:
        added = resolve(FEATURES[model.name])(model, featurize(model.features, mols), task)
        return added.sum(axis=1) - [its.sum() for its in values]
    return np.full(len(mols), 0.0 if method_of(model) == SHARED else np.nan)

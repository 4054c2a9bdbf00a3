"""Atom contributions of trees: what each fingerprint bit adds, shared among its atoms."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rdkit import Chem
from scipy.sparse import csr_array

from yaokit.chem.environments import environments
from yaokit.chem.fingerprints import SIZE
from yaokit.explain.masking import HALF, masked, member
from yaokit.models.base import Member
from yaokit.models.featurize import featurize

if TYPE_CHECKING:
    from yaokit.models.boosting import Boosting
    from yaokit.models.forest import Forest

_BLOCK = 256


def boosting(model: "Boosting", mols: Sequence[Chem.Mol], task: int) -> list[np.ndarray]:
    """(atoms,) float64 of each molecule: exact SHAP values of the bits, carried to the atoms.

    Lundberg 2020, doi:10.1038/s42256-019-0138-9. Values of bits that a molecule lacks are no
    atom's. On the scale of the boosters: log odds for a class.
    """
    return _on_atoms(model, mols, task, shap)


def forest(model: "Forest", mols: Sequence[Chem.Mol], task: int) -> list[np.ndarray]:
    """The same with what each split on a tree's path adds (Palczewska 2013, doi:10.1109/IRI.2013.6642443)."""
    return _on_atoms(model, mols, task, paths)


def shap(model: "Boosting", X: csr_array, task: int) -> np.ndarray:
    """(n, features) float64: what each feature adds to the mean of a task's boosters."""
    bags = model.bags
    boosters = model._boosters[task * bags : (task + 1) * bags]
    parts = [booster.contributions(X) for booster in boosters]
    return np.mean(parts, axis=0)[:, :-1]  # the last column is the mean of the training values


def paths(model: "Forest", X: csr_array, task: int) -> np.ndarray:
    """(n, features) float64: what the splits on each feature add to the mean of a task's trees."""
    trees = model._tasks[task]
    return np.concatenate([_walked(trees, X[i : i + _BLOCK]) for i in range(0, X.shape[0], _BLOCK)])


def _walked(trees: dict[str, np.ndarray], X: csr_array) -> np.ndarray:
    dense = X.toarray()
    out = np.zeros(dense.shape)
    node = np.tile(trees["offsets"], (len(dense), 1))
    rows = np.broadcast_to(np.arange(len(dense))[:, None], node.shape)
    while (inner := trees["left"][node] >= 0).any():
        at, where = node[inner], rows[inner]
        feature = trees["feature"][at]
        goes_left = dense[where, feature] <= trees["threshold"][at]
        child = np.where(goes_left, trees["left"][at], trees["right"][at])
        np.add.at(out, (where, feature), trees["value"][child] - trees["value"][at])
        node[inner] = child
    return out / len(trees["offsets"])


def _on_atoms(
    model: Member, mols: Sequence[Chem.Mol], task: int, of: Callable[[Any, Any, int], np.ndarray]
) -> list[np.ndarray]:
    """Values of bits on their atoms; those of other features by hiding atoms."""
    if model.reads == "embedded":
        return member(model, mols, task)
    added = of(model, featurize(model.features, mols), task)
    if model.features == "fp":
        return [shared(mol, values) for mol, values in zip(mols, added, strict=True)]
    return [
        shared(mol, values[:HALF], HALF) + _rest(model, mol, task)
        for mol, values in zip(mols, added, strict=True)
    ]


def shared(mol: Chem.Mol, values: np.ndarray, size: int = SIZE) -> np.ndarray:
    """(atoms,) float64: each bit's value in equal parts to its environments, and to their atoms."""
    found = environments(mol, size)
    count = Counter(environment.bit for environment in found)
    out = np.zeros(mol.GetNumAtoms())
    for environment in found:
        atoms = list(environment.atoms)
        out[atoms] += values[environment.bit] / count[environment.bit] / len(atoms)
    return out


def _rest(model: Member, mol: Chem.Mol, task: int) -> np.ndarray:
    """(atoms,) float64: what the prediction loses when all but the Morgan counts miss an atom."""
    rows = masked(model.features, mol).toarray()
    rows[1:, :HALF] = rows[:1, :HALF]
    predicted = model.predict_features(csr_array(rows))[0][:, task]
    return predicted[0] - predicted[1:]

"""What each atom adds to a prediction, by the method that fits the model."""

from collections.abc import Sequence

import numpy as np
from rdkit import Chem

from yaokit.core.lazy import resolve
from yaokit.explain.subject import Subject
from yaokit.models.base import Member

METHODS = {  # model → function(model, mols, task) -> (atoms,) float64 of each molecule; what that is called
    "boosting": ("yaokit.explain.trees:boosting", "tree SHAP"),
    "forest": ("yaokit.explain.trees:forest", "tree paths"),
    "cnn": ("yaokit.explain.networks:tokens", "occlusion"),
    "rnn": ("yaokit.explain.networks:tokens", "occlusion"),
    "transformer": ("yaokit.explain.networks:tokens", "occlusion"),
    "gnn": ("yaokit.explain.networks:graphs", "occlusion"),
}
ANY = ("yaokit.explain.masking:member", "masking")  # of every other model
SMALL = 60  # atoms up to which what a gnn's descriptors add is found atom by atom; beyond, it takes minutes
_SAMPLE = 8  # training molecules on which members are compared


def attribute(subject: Subject, mols: Sequence[Chem.Mol], task: int) -> list[np.ndarray]:
    """(atoms,) float64 of each molecule; > 0 raises the prediction.

    A stack's are the sum of its members', by the stack's weights. Members differ in what they
    measure (log odds or probability, a sum or a loss), so each is first brought to the same mean
    size on a sample of training molecules.
    """
    used = used_in(subject, task)
    if len(used) == 1:
        (model,) = used.values()
        return of_member(model, mols, task)
    sizes = _sizes(subject, used, task)
    level = sum(sizes[label] * w for label, w in _weighted(subject, task) if label in used)
    out = [np.zeros(mol.GetNumAtoms()) for mol in mols]
    for label, w in _weighted(subject, task):
        if label in used and sizes[label] > 0:
            for total, values in zip(out, of_member(used[label], mols, task), strict=True):
                total += w * level / sizes[label] * values
    return out


def of_member(model: Member, mols: Sequence[Chem.Mol], task: int) -> list[np.ndarray]:
    """The same of one model, as its method measures them."""
    return resolve(METHODS.get(model.name, ANY)[0])(model, mols, task) if mols else []


def method_of(model: Member) -> str:
    """What the method that explains a model is called."""
    return METHODS.get(model.name, ANY)[1]


def undescribed(subject: Subject, mols: Sequence[Chem.Mol], task: int) -> int:
    """Of how many molecules what descriptors add is shared equally by all atoms (see SMALL)."""
    used = used_in(subject, task).values()
    is_described = any(model.name == "gnn" and model.features == "described" for model in used)
    return sum(mol.GetNumAtoms() > SMALL for mol in mols) if is_described else 0


def used_in(subject: Subject, task: int) -> dict[str, Member]:
    """The members that count in a task."""
    return {label: subject.members[label] for label, w in _weighted(subject, task) if w > 0}


def _weighted(subject: Subject, task: int) -> list[tuple[str, float]]:
    return list(zip(subject.members, subject.weights[:, task].tolist(), strict=True))


def _sizes(subject: Subject, members: dict[str, Member], task: int) -> dict[str, float]:
    """Of each member, the mean size of an atom's value."""
    assert subject.training is not None  # a stack keeps it
    n = len(subject.training.smiles)
    at = np.unique(np.linspace(0, n - 1, min(n, _SAMPLE)).astype(int))
    mols = [Chem.MolFromSmiles(subject.training.smiles[i]) for i in at]
    return {
        label: float(np.mean(np.abs(np.concatenate(of_member(model, mols, task)))))
        for label, model in members.items()
    }

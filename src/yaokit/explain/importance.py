"""What matters to a model over many molecules: features of trees, and chemical groups of any model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from rdkit import Chem

from yaokit.chem.environments import Environment, drawn, environments
from yaokit.chem.features import feature_names
from yaokit.chem.groups import group_atoms
from yaokit.core.lazy import resolve
from yaokit.explain.masking import HALF
from yaokit.explain.subject import Subject
from yaokit.models.base import Member
from yaokit.models.featurize import featurize

FEATURES = {  # model → function(model, X, task) -> (n, features) what each feature adds
    "boosting": "yaokit.explain.trees:shap",
    "forest": "yaokit.explain.trees:paths",
}
TOP = 30  # features of each member
MIN_GROUP = 3  # molecules with a group


@dataclass(frozen=True)
class Importance:
    """One feature or group; `effect` is signed, `share` is of all that its member attributes."""

    kind: str  # "bit", "descriptor" or "group"
    name: str
    member: str  # label; "" = the whole model
    importance: float  # mean size of what it adds to a prediction
    share: float  # NaN for a group
    effect: float  # mean of what it adds where it is present
    n: int  # molecules that have it
    example: str  # SMILES of one of them, or ""
    atoms: tuple[int, ...]  # of the example, that it stands on
    fragment: str  # of the example, as SMILES


def feature_importance(subject: Subject, mols: Sequence[Chem.Mol], task: int) -> list[Importance]:
    """The features that members built of trees use most, largest first; bits with an example."""
    out = []
    for label, model in subject.members.items():
        if model.name in FEATURES and mols:
            out += _of_trees(label, model, mols, task)
    return out


def group_importance(mols: Sequence[Chem.Mol], values: Sequence[np.ndarray]) -> list[Importance]:
    """What each chemical group adds on average, from the values of its atoms; largest first."""
    total: dict[str, list[float]] = {}
    example: dict[str, tuple[Chem.Mol, tuple[int, ...]]] = {}
    for mol, atoms in zip(mols, values, strict=True):
        for name, matches in group_atoms(mol).items():
            total.setdefault(name, []).append(float(np.mean([atoms[list(m)].sum() for m in matches])))
            example.setdefault(name, (mol, matches[0]))
    out = []
    for name, effects in total.items():
        if len(effects) >= MIN_GROUP:
            mol, match = example[name]
            fragment = Chem.MolFragmentToSmiles(mol, list(match))
            importance, effect = float(np.mean(np.abs(effects))), float(np.mean(effects))
            smiles, atoms = _with_order(mol, match)
            out.append(
                Importance(
                    "group", name, "", importance, float("nan"), effect, len(effects), smiles, atoms, fragment
                )
            )
    return sorted(out, key=lambda i: (-i.importance, i.name))


def _of_trees(label: str, model: Member, mols: Sequence[Chem.Mol], task: int) -> Iterator[Importance]:
    X = featurize(model.features, mols)
    added = resolve(FEATURES[model.name])(model, X, task)
    size = np.abs(added).mean(axis=0)
    present = cast(np.ndarray, (X != 0).toarray())
    names, n_bits = names_of(model.reads, X.shape[1])
    for j in np.argsort(-size, kind="stable")[:TOP].tolist():
        if size[j] == 0:
            return
        n = int(present[:, j].sum())
        effect = float(added[present[:, j], j].mean()) if n else 0.0
        share = float(size[j] / size.sum())
        kind, shown = (
            ("bit", _example(mols, present[:, j], j, n_bits)) if j < n_bits else ("descriptor", _NONE)
        )
        yield Importance(kind, names[j], label, float(size[j]), share, effect, n, *shown)


def names_of(kind: str, size: int) -> tuple[list[str], int]:
    """A name for each column, and how many of them are bits of Morgan's fingerprint."""
    if kind == "fp":
        return feature_names(kind), size
    known = [] if kind == "embedded" else feature_names("full")
    return [*known, *(f"embedding_{i}" for i in range(size - len(known)))], min(HALF, len(known))


_NONE = ("", (), "")


def _example(
    mols: Sequence[Chem.Mol], present: np.ndarray, bit: int, size: int
) -> tuple[str, tuple[int, ...], str]:
    """The first molecule that sets a bit, with the atoms that set it."""
    for i in np.flatnonzero(present).tolist():
        found: Environment | None = next((e for e in environments(mols[i], size) if e.bit == bit), None)
        if found:
            smiles, atoms = _with_order(mols[i], sorted(found.atoms))
            return smiles, atoms, drawn(*_in_its_part(mols[i], found))
    return _NONE


def _in_its_part(mol: Chem.Mol, environment: Environment) -> tuple[Chem.Mol, Environment]:
    """The environment in the part of a salt or mixture that it stands in, the only kind that can be drawn."""
    places: list[tuple[int, ...]] = []
    parts = Chem.GetMolFrags(mol, asMols=True, sanitizeFrags=False, fragsMolAtomMapping=places)
    part, atoms = next(both for both in zip(parts, places, strict=True) if environment.center in both[1])
    new = {old: i for i, old in enumerate(atoms)}
    inside = frozenset(new[i] for i in environment.atoms)
    return part, environment._replace(center=new[environment.center], atoms=inside)


def _with_order(mol: Chem.Mol, atoms: Sequence[int]) -> tuple[str, tuple[int, ...]]:
    """The canonical SMILES, and the atoms as it counts them."""
    smiles = Chem.MolToSmiles(mol)
    order = [int(i) for i in mol.GetProp("_smilesAtomOutputOrder").strip("[],").split(",")]
    place = {old: new for new, old in enumerate(order)}
    return smiles, tuple(place[i] for i in atoms)

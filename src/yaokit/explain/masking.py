"""Atom contributions by masking: how the prediction moves when an atom's surroundings are hidden."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from rdkit import Chem
from scipy.sparse import csr_array

from yaokit.chem.environments import environments
from yaokit.chem.features import full_row, full_size
from yaokit.chem.fingerprints import SIZE, Row, stack
from yaokit.chem.parse import quiet_rdkit
from yaokit.models.base import Member
from yaokit.models.embedded import DEFAULT, joined
from yaokit.models.featurize import featurize
from yaokit.models.trusted import Trusted

HALF = 1024  # Morgan counts in "full"


def atom_contributions(model: Trusted, smiles: Sequence[str], task: str) -> list[np.ndarray]:
    """One (atoms,) float64 array per SMILES, in its atom order; > 0 raises the prediction.

    An atom's value is the prediction minus that without the atom, in the task's unit. ValueError:
    a SMILES does not parse.
    """
    column = model.tasks.index(task)
    out = []
    for text in smiles:
        mol = Chem.MolFromSmiles(text)
        if mol is None:
            raise ValueError(f"not a SMILES: {text!r}")
        rows = {kind: masked(kind, mol) for kind in model.reads}
        predicted = model.predict_rows(rows).mean[:, column]
        out.append(predicted[0] - predicted[1:])
    return out


def member(model: Member, mols: Sequence[Chem.Mol], task: int) -> list[np.ndarray]:
    """The same of a single model, on the scale it learned on."""
    out = []
    for mol in mols:
        predicted = model.predict_features(masked(model.features, mol))[0][:, task]
        out.append(predicted[0] - predicted[1:])
    return out


def masked(kind: str, mol: Chem.Mol) -> Any:
    """Rows of one kind of features: the molecule's own, then one for each atom hidden.

    In Morgan counts every environment that holds the atom is left out (Riniker & Landrum 2013,
    doi:10.1186/1758-2946-5-43); all else is computed with a dummy atom in its place.
    """
    read, _, network = kind.partition("@")
    if read == "rich":
        return joined(_full(mol), masked(f"embedded@{network or DEFAULT}", mol))
    return MASKS.get(kind, lambda mol: featurize(kind, [mol, *without(mol)]))(mol)


def without(mol: Chem.Mol) -> list[Chem.Mol]:
    """The molecule once for each atom, which is a dummy atom there; bonds stay as they are."""
    return [_hidden(mol, atom.GetIdx()) for atom in mol.GetAtoms()]


def _hidden(mol: Chem.Mol, index: int) -> Chem.Mol:
    out = Chem.RWMol(mol)
    atom = out.GetAtomWithIdx(index)
    atom.SetAtomicNum(0)
    atom.SetFormalCharge(0)
    atom.SetIsotope(0)
    atom.SetNumExplicitHs(0)
    atom.SetNoImplicit(True)
    atom.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
    with quiet_rdkit():
        Chem.SanitizeMol(out, catchErrors=True)  # an aromatic ring around a dummy may not be kekulized
    return out.GetMol()


def _fp(mol: Chem.Mol) -> csr_array:
    return stack(masked_rows(mol))


def masked_rows(mol: Chem.Mol, size: int = SIZE) -> list[Row]:
    """The molecule's own Morgan counts, then those for each atom hidden."""
    found = environments(mol, size)
    hidden: list[set[int]] = [set(), *({atom.GetIdx()} for atom in mol.GetAtoms())]
    return [_row([e.bit for e in found if not e.atoms & gone]) for gone in hidden]


def _full(mol: Chem.Mol) -> csr_array:
    """What cannot be computed around a dummy atom stays as it is in the whole molecule."""
    rows = stack([full_row(m) for m in (mol, *without(mol))], full_size()).toarray()
    rows[1:] = np.where(np.isnan(rows[1:]), rows[:1], rows[1:])
    rows[:, :HALF] = stack(masked_rows(mol, HALF), HALF).toarray()
    return csr_array(rows)


def _row(bits: Sequence[int]) -> Row:
    indices, counts = np.unique(np.array(bits, np.int32), return_counts=True)
    return indices, counts.astype(np.float32)


MASKS: dict[str, Callable[[Chem.Mol], Any]] = {"fp": _fp, "full": _full}

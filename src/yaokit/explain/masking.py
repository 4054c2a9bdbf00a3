"""Atom contributions by masking: how the prediction moves when an atom's surroundings are hidden."""

from collections.abc import Sequence

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator

from yaokit.chem.fingerprints import Row, generator, stack
from yaokit.models.trusted import Trusted


def atom_contributions(model: Trusted, smiles: Sequence[str], task: str) -> list[np.ndarray]:
    """One (atoms,) float64 array per SMILES, in its atom order; > 0 raises the prediction.

    An atom's value is the prediction minus that without every fingerprint environment that holds
    the atom. After Riniker & Landrum 2013, doi:10.1186/1758-2946-5-43. ValueError: a SMILES does
    not parse.
    """
    column = model.tasks.index(task)
    out = []
    for text in smiles:
        mol = Chem.MolFromSmiles(text)
        if mol is None:
            raise ValueError(f"not a SMILES: {text!r}")
        predicted = model.predict_features(stack(_masked_rows(mol))).mean[:, column]
        out.append(predicted[0] - predicted[1:])
    return out


def _masked_rows(mol: Chem.Mol) -> list[Row]:
    """The molecule's own row, then one for each atom hidden."""
    output = rdFingerprintGenerator.AdditionalOutput()
    output.AllocateBitInfoMap()
    generator().GetCountFingerprint(mol, additionalOutput=output)
    places = sorted(output.GetBitInfoMap().items())
    environments = [(bit, _atoms_within(mol, *where)) for bit, found in places for where in found]
    hidden: list[set[int]] = [set(), *({atom.GetIdx()} for atom in mol.GetAtoms())]
    return [_row([bit for bit, atoms in environments if not atoms & gone]) for gone in hidden]


def _atoms_within(mol: Chem.Mol, center: int, radius: int) -> set[int]:
    bonds = Chem.FindAtomEnvironmentOfRadiusN(mol, radius, center) if radius else ()
    atoms = {center}
    for index in bonds:
        bond = mol.GetBondWithIdx(index)
        atoms |= {bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()}
    return atoms


def _row(bits: Sequence[int]) -> Row:
    indices, counts = np.unique(np.array(bits, np.int32), return_counts=True)
    return indices, counts.astype(np.float32)

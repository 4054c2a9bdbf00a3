"""The kinds of features that chemistry alone gives; networks' are in nn."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from rdkit import Chem

from yaokit.chem.descriptors import descriptor_names
from yaokit.chem.features import Features, full_row, full_size
from yaokit.chem.fingerprints import morgan_row, stack


def counts(mols: Sequence[Chem.Mol]) -> Any:
    """(n, 2048) float32 Morgan counts, sparse; chirality counts."""
    return stack([morgan_row(mol) for mol in mols])


def full(mols: Sequence[Chem.Mol]) -> Any:
    """(n, 2580) float32: Morgan and Avalon counts, ErG, RDKit's descriptors; NaN = failed."""
    return stack([full_row(mol) for mol in mols], full_size())


def text(mols: Sequence[Chem.Mol]) -> np.ndarray:
    """(n,) object array of canonical SMILES."""
    out = np.empty(len(mols), object)
    out[:] = [Chem.MolToSmiles(mol) for mol in mols]
    return out


def as_full(found: Features, mols: Sequence[Chem.Mol]) -> Any:
    """`full` once more, of what is computed already."""
    return found.matrix


def described(found: Features, mols: Sequence[Chem.Mol]) -> Any:
    """Graphs with the descriptors that "full" ends with."""
    from yaokit.nn.graph import graphs

    numbers = found.matrix[:, -len(descriptor_names()) :].toarray()
    return replace(graphs(mols), numbers=numbers)


def wide(found: Features, mols: Sequence[Chem.Mol]) -> Any:
    """The views of a kernel beside "full"."""
    from yaokit.models.wide import widened

    return widened(found.matrix, mols)

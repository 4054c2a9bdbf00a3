"""What members read: molecules as fingerprints, descriptors, text or graphs, by kind.

Every kind of rows has `.shape[0]` and gives the same kind for an int array, bool mask or slice.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rdkit import Chem

from yaokit.chem.descriptors import descriptor_names
from yaokit.chem.features import Features, features
from yaokit.chem.fingerprints import morgan_row, stack
from yaokit.core.lazy import pick

FEATURIZERS = {
    "fp": "yaokit.models.featurize:counts",
    "full": "yaokit.models.featurize:full",
    "wide": "yaokit.models.wide:wide",
    "smiles": "yaokit.models.featurize:text",
    "graph": "yaokit.nn.graph:graphs",
    "described": "yaokit.nn.graph:described",
}
_CACHED = ("full",)  # dear: computed in parallel and kept

Rows = dict[str, Any]  # kind → the rows of a table's molecules


def featurize(kind: str, mols: Sequence[Chem.Mol]) -> Any:
    """The molecules as rows of one kind; KeyError lists the kinds."""
    return pick(FEATURIZERS, kind, "features")(mols)


def featurize_smiles(kind: str, smiles: Sequence[str], *, workers: int = 1, cache: Path | None = None) -> Any:
    """The same of SMILES that parse; dear kinds in parallel processes, kept in `cache`."""
    if kind in _CACHED:
        return features(smiles, kind, workers=workers, cache=cache).matrix
    mols = [Chem.MolFromSmiles(text) for text in smiles]
    if kind in _FROM_FULL:
        return _FROM_FULL[kind](features(smiles, "full", workers=workers, cache=cache), mols)
    return featurize(kind, mols)


def take(rows: Rows, which: Any) -> Rows:
    """Some of the molecules, in every kind."""
    return {kind: X[which] for kind, X in rows.items()}


def counts(mols: Sequence[Chem.Mol]) -> Any:
    """(n, 2048) float32 Morgan counts, sparse; chirality counts."""
    return stack([morgan_row(mol) for mol in mols])


def full(mols: Sequence[Chem.Mol]) -> Any:
    """(n, 2580) float32: Morgan and Avalon counts, ErG, RDKit's descriptors; NaN = failed."""
    from yaokit.chem.features import full_row, full_size

    return stack([full_row(mol) for mol in mols], full_size())


def _described(found: Features, mols: Sequence[Chem.Mol]) -> Any:
    """Graphs with the descriptors that "full" ends with."""
    numbers = found.matrix[:, -len(descriptor_names()) :].toarray()
    numbers[list(found.failures)] = np.nan
    return replace(featurize("graph", mols), numbers=numbers)


def _wide(found: Features, mols: Sequence[Chem.Mol]) -> Any:
    from yaokit.models.wide import widened

    return widened(found.matrix, mols)


_FROM_FULL = {"described": _described, "wide": _wide}  # what is dear in them is computed and kept once


def text(mols: Sequence[Chem.Mol]) -> np.ndarray:
    """(n,) object array of canonical SMILES."""
    out = np.empty(len(mols), object)
    out[:] = [Chem.MolToSmiles(mol) for mol in mols]
    return out

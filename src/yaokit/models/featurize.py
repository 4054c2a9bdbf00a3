"""What members read: molecules as fingerprints, descriptors, text, graphs or embeddings, by kind.

Kinds from a pre-trained network may name it: KIND@NETWORK (models/embedded.py).

Every kind of rows has `.shape[0]` and gives the same kind for an int array, bool mask or slice.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rdkit import Chem

from yaokit.chem.features import features
from yaokit.chem.parse import quiet_rdkit
from yaokit.core.errors import UsageError
from yaokit.core.lazy import pick

FEATURIZERS = {
    "fp": "yaokit.models.rows:counts",
    "full": "yaokit.models.rows:full",
    "wide": "yaokit.models.wide:wide",
    "smiles": "yaokit.models.rows:text",
    "graph": "yaokit.nn.graph:graphs",
    "described": "yaokit.nn.graph:described",
    "embedded": "yaokit.models.embedded:embedded",
    "rich": "yaokit.models.embedded:rich",
}
FROM_FULL = {  # what is dear in them is "full": computed in guarded processes, and kept
    "full": "yaokit.models.rows:as_full",
    "wide": "yaokit.models.rows:wide",
    "described": "yaokit.models.rows:described",
}

Rows = dict[str, Any]  # kind → the rows of a table's molecules


def featurize(kind: str, mols: Sequence[Chem.Mol]) -> Any:
    """The molecules as rows of one kind; KeyError lists the kinds."""
    name, _, network = kind.partition("@")
    of = pick(FEATURIZERS, name, "features")
    return of(mols, network) if network else of(mols)


def featurize_smiles(kind: str, smiles: Sequence[str], *, workers: int = 1, cache: Path | None = None) -> Any:
    """The same of SMILES that parse; dear kinds in parallel processes, kept in `cache`.

    UsageError names a molecule whose features hang or crash RDKit.
    """
    name, _, network = kind.partition("@")
    if name in ("embedded", "rich"):
        return _embedded(name, smiles, network, workers, cache)
    with quiet_rdkit():
        mols = [Chem.MolFromSmiles(text) for text in smiles]
    if kind not in FROM_FULL:
        return featurize(kind, mols)
    found = features(smiles, "full", workers=workers, cache=cache)
    for place, why in found.failures.items():
        raise UsageError(
            f"no features of {smiles[place]!r}: {why.message}; leave this molecule out, "
            'or choose models that read "fp"'
        )
    return pick(FROM_FULL, kind, "features")(found, mols)


def _embedded(name: str, smiles: Sequence[str], network: str, workers: int, cache: Path | None) -> Any:
    from yaokit.models.embedded import DEFAULT, embedded_smiles, joined

    found = embedded_smiles(smiles, network or DEFAULT, workers=workers, cache=cache)
    if name == "embedded":
        return found
    return joined(featurize_smiles("full", smiles, workers=workers, cache=cache), found)

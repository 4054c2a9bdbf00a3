"""Many ways of writing one molecule, for models that read SMILES."""

import numpy as np
from rdkit import Chem

from yaokit.chem.parse import quiet_rdkit
from yaokit.core.seed import derived
from yaokit.core.table import MolTable

ORIGIN = "origin"
_TRIES = 4  # random SMILES drawn for each one wanted


def randomized(smiles: str, n: int, seed: int) -> list[str]:
    """Up to n different SMILES of the molecule, none of them the one given; the same for the same seed.

    Each is read back and compared: atoms, bonds and stereo are those of the molecule, or it is
    left out. A small molecule has fewer than n. ValueError if `smiles` does not parse.
    """
    with quiet_rdkit():
        mol = Chem.MolFromSmiles(smiles)
        if mol is None:
            raise ValueError(f"does not parse: {smiles!r}")
        canonical = Chem.MolToSmiles(mol)
        drawn = (
            Chem.MolToRandomSmilesVect(mol, n * _TRIES, randomSeed=derived(seed, "smiles", smiles))
            if n
            else []
        )
        out: list[str] = []
        for text in dict.fromkeys(drawn):
            if len(out) == n:
                break
            if text != smiles and _canonical(text) == canonical:
                out.append(text)
    return out


def augmented(table: MolTable, n: int, seed: int) -> MolTable:
    """The rows of `table`, each followed by up to n more with its SMILES written differently.

    The column "origin" is the row of `table` that each came from, so that
    `numbers[table.column("origin")]` gives all of them the fold of their molecule: augmentation
    never crosses a split. Copies are called "<id>~1", "<id>~2", …; other columns are repeated.
    """
    written = [[text, *randomized(text, n, seed)] for text in table.smiles]
    origin = np.repeat(np.arange(len(table)), [len(texts) for texts in written])
    ids = [
        f"{id}~{k}" if k else id
        for id, texts in zip(table.ids, written, strict=True)
        for k in range(len(texts))
    ]
    smiles = [text for texts in written for text in texts]
    return table.take(origin).with_columns({"id": ids, "smiles": smiles, ORIGIN: origin})


def _canonical(text: str) -> str | None:
    mol = Chem.MolFromSmiles(text)
    return None if mol is None else Chem.MolToSmiles(mol)

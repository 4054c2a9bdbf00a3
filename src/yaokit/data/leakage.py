"""What a test set gives away: molecules it shares with training, and how similar the others are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rdkit import Chem

from yaokit.chem.fingerprints import flat_morgan
from yaokit.chem.folds import Folds
from yaokit.chem.parse import quiet_rdkit
from yaokit.chem.similarity import nearest

EDGES = np.arange(11) / 10
NEAR = 0.9  # from this similarity on, a test molecule is nearly a training molecule
_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class Leakage:
    """Of each test molecule, whether and how nearly it is in training too."""

    n_train: int
    same_molecule: np.ndarray  # (n,) bool: the same SMILES
    same_connectivity: np.ndarray  # (n,) bool: the same but for stereo, isotopes, tautomers
    similarity: np.ndarray  # (n,) Tanimoto to the nearest training molecule, NaN without training

    def summary(self) -> dict[str, Any]:
        """The numbers as JSON: counts, quantiles, and a histogram over tenths (the last with 1.0)."""
        known = self.similarity[~np.isnan(self.similarity)]
        counts = np.histogram(known, EDGES)[0]
        quantiles = np.quantile(known, _QUANTILES) if len(known) else [None] * len(_QUANTILES)
        return {
            "n_train": self.n_train,
            "n_test": len(self.similarity),
            "same_molecule": int(self.same_molecule.sum()),
            "same_connectivity": int(self.same_connectivity.sum()),
            "share_near": float(np.mean(known >= NEAR)) if len(known) else None,
            "near": NEAR,
            "similarity": {
                "quantiles": {
                    f"{q:g}": None if value is None else round(float(value), 4)
                    for q, value in zip(_QUANTILES, quantiles, strict=True)
                },
                "edges": EDGES.tolist(),
                "counts": counts.tolist(),
            },
        }


def leakage(train: Sequence[str], test: Sequence[str]) -> Leakage:
    """What `test` shares with `train`; both standardized SMILES (ValueError if one does not parse)."""
    seen, blocks = set(train), set(connectivity(train))
    similarity = np.full(len(test), np.nan)
    if len(train) and len(test):
        similarity = nearest(flat_morgan(test), flat_morgan(train))[0][:, 0].astype(np.float64)
    return Leakage(
        len(train),
        np.array([text in seen for text in test], bool),
        np.array([block in blocks for block in connectivity(test)], bool),
        similarity,
    )


def fold_leakage(folds: Sequence[Folds], smiles: Sequence[str], similarity: Sequence[np.ndarray]) -> Leakage:
    """The same for cross-validation: every judged row against the rows its model learned from.

    `similarity` holds that of each repeat's judged rows, in row order. All repeats together;
    `n_train` is the mean number of rows learned from.
    """
    texts, blocks = np.asarray(smiles, object), np.asarray(connectivity(smiles), object)
    same, akin, learned = [], [], []
    for plan in folds:
        shared = np.zeros((2, len(texts)), bool)
        for fold in plan.judged:
            rows, train = plan.rows(fold), ~plan.rows(*plan.left_out(fold))
            shared[0, rows] = np.isin(texts[rows].astype(str), texts[train].astype(str))
            shared[1, rows] = np.isin(blocks[rows].astype(str), blocks[train].astype(str))
            learned.append(int(train.sum()))
        judged = plan.rows(*plan.judged)
        same.append(shared[0, judged])
        akin.append(shared[1, judged])
    n_train = round(float(np.mean(learned)))
    return Leakage(n_train, np.concatenate(same), np.concatenate(akin), np.concatenate(similarity))


def connectivity(smiles: Sequence[str]) -> list[str]:
    """The first block of each molecule's InChIKey; its SMILES without stereo where InChI gives none."""
    out = []
    with quiet_rdkit():
        for i, text in enumerate(smiles):
            mol = Chem.MolFromSmiles(text)
            if mol is None:
                raise ValueError(f"molecule {i} does not parse: {text!r}")
            key = Chem.MolToInchiKey(mol)
            out.append(key[:14] or Chem.MolToSmiles(mol, isomericSmiles=False))
    return out


def told(summary: dict[str, Any]) -> str:
    """One line of a summary for people."""
    middle, share = summary["similarity"]["quantiles"]["0.5"], summary["share_near"]
    if middle is None:
        return "nothing to compare"
    same, akin = summary["same_molecule"], summary["same_connectivity"]
    text = f"nearest training molecule at similarity {middle:.2f} (median), {share:.0%} at {NEAR:g} or more"
    text += f"; {same:,} molecules are in both" if same else ""
    return text + (f"; {akin - same:,} differ only in stereo or tautomer" if akin > same else "")

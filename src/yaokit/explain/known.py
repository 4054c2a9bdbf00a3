"""Tasks whose answer is known: which atoms make the value, and how well a method finds them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from rdkit import Chem
from scipy.stats import rankdata

from yaokit.core.seed import rng
from yaokit.explain import masking
from yaokit.models.base import Member
from yaokit.models.targets import CLASSIFICATION, REGRESSION

NOISE = 0.05  # standard deviation added to a number


@dataclass(frozen=True)
class Known:
    """The number of some groups, or whether all of them are there; their atoms are the answer."""

    name: str
    groups: tuple[str, ...]  # SMARTS; alternatives of one group are parted by " or "
    kind: str = REGRESSION

    @cached_property
    def _patterns(self) -> list[list[Chem.Mol]]:
        return [[Chem.MolFromSmarts(part) for part in group.split(" or ")] for group in self.groups]

    def values(self, mols: Sequence[Chem.Mol], seed: int = 0) -> np.ndarray:
        """(n,) float64: how many groups a molecule has, with a little noise; of a class 0 or 1."""
        counts = [[len(found) for found in self._found(mol)] for mol in mols]
        if self.kind == CLASSIFICATION:
            return np.array([float(all(row)) for row in counts])
        noise = rng(seed, self.name).normal(0, NOISE, len(mols))
        return np.array([float(sum(row)) for row in counts]) + noise

    def truth(self, mol: Chem.Mol) -> np.ndarray:
        """(atoms,) bool: the atoms that make the value; none of a molecule of class 0."""
        out = np.zeros(mol.GetNumAtoms(), bool)
        found = self._found(mol)
        if self.kind == REGRESSION or all(found):
            for matches in found:
                for match in matches:
                    out[list(match)] = True
        return out

    def _found(self, mol: Chem.Mol) -> list[list[tuple[int, ...]]]:
        return [[m for part in group for m in mol.GetSubstructMatches(part)] for group in self._patterns]


TASKS = (
    Known("halogens", ("[F,Cl,Br,I]",)),
    Known("amides", ("[NX3][CX3](=O)[#6]",)),
    Known("sulfonyls", ("[#16X4](=O)=O",)),
    Known("ethers", ("[#6][OD2;!$(OC=O)][#6]",)),
    Known("sulfonamide or nitrile", ("[#16X4](=O)(=O)[NX3] or C#N",), CLASSIFICATION),
    Known("amide and halogen", ("[NX3][CX3](=O)[#6]", "[F,Cl,Br,I]"), CLASSIFICATION),
)


def area(values: np.ndarray, truth: np.ndarray) -> float:
    """AUROC of atom values against the atoms that matter; NaN if all or none do."""
    n_true, n_false = int(truth.sum()), int((~truth).sum())
    if not n_true or not n_false:
        return float("nan")
    return float((rankdata(values)[truth].sum() - n_true * (n_true + 1) / 2) / (n_true * n_false))


def deletion(
    model: Member, mols: Sequence[Chem.Mol], values: Sequence[np.ndarray], task: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """What the prediction loses, on average, when one of the top atoms is hidden, and one of the others.

    (n,) each; the top atoms are a tenth of them, at least two. Atoms are hidden as `masking` does it,
    whatever gave the values.
    """
    lost = masking.member(model, mols, task)
    top, others = np.zeros(len(mols)), np.zeros(len(mols))
    for i, (found, its) in enumerate(zip(lost, values, strict=True)):
        n = max(2, len(found) // 10)
        order = np.argsort(-its, kind="stable")
        top[i] = found[order[:n]].mean()
        random = rng(seed, "deletion", i).permutation(order[n:])[:n]
        others[i] = found[random].mean() if len(random) else 0.0
    return top, others

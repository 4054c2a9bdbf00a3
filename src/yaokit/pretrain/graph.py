"""Pre-training of the graph encoder: descriptors, substructures and hidden atoms of any molecule."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from yaokit.chem.fingerprints import morgan
from yaokit.core.errors import UsageError
from yaokit.nn.graph import graphs
from yaokit.nn.graph_pretraining import SLOTS, Lesson, Pretraining, encoder_state, lesson_of, losses, steps_of
from yaokit.pretrain.descriptors import CHEAP, cheap, scaled, scaling
from yaokit.pretrain.ranges import check_shares, check_weights, check_whole

if TYPE_CHECKING:
    import torch

N_BITS = 1024
N_AUTO = 192
_FACES = 3.0  # forward and backward, as multiples of forward
_SETTINGS: dict[str, Any] = {
    **SLOTS,
    "masked": 0.2,
    "hidden_atoms": 0.15,
    "numbers": 1.0,
    "bits": 5.0,
    "atoms": 0.1,
}


class Graph:
    """Message passing that learns to tell what is cheap to compute (nn/graph_pretraining.py).

    Numbers are the descriptors of pretrain/descriptors.py and RDKit's 192 autocorrelations of atom
    properties along bonds; bits are Morgan's of radius 2. Settings: the slots of a GraphNet; `masked`,
    the share of molecules with hidden atoms, and `hidden_atoms`, the share of atoms hidden in them;
    how much `numbers`, `bits` and `atoms` count in the loss.
    """

    kind: ClassVar[str] = "graph"
    prepared: dict[str, np.ndarray]

    def __init__(self, **settings: Any) -> None:
        if unknown := settings.keys() - _SETTINGS.keys():
            raise UsageError(
                f"graph pre-training has no setting {min(unknown)!r}; it has: {', '.join(_SETTINGS)}"
            )
        self.settings = _SETTINGS | settings
        check_whole(self.settings, depth=1, hidden=1)
        check_shares(self.settings, "masked", "hidden_atoms")
        check_weights(self.settings, "numbers", "bits", "atoms")
        self._slots = {name: self.settings[name] for name in SLOTS}

    def module(self) -> "torch.nn.Module":
        try:
            return Pretraining(len(CHEAP) + N_AUTO, N_BITS, **self._slots)
        except ValueError as error:
            raise UsageError(f"graph pre-training: {error}") from None

    def targets(self, smiles: Sequence[str]) -> np.ndarray:
        """(n, k) float16, about 1.2 ms a molecule; NaN = failed."""
        mols = _mols(smiles)
        found = np.concatenate([cheap(mols), autocorrelations(mols)], axis=1)
        largest = float(np.finfo(np.float16).max)
        return np.clip(found, -largest, largest).astype(np.float16)

    def prepare(self, sample: Sequence[str], targets: np.ndarray | None) -> dict[str, np.ndarray]:
        assert targets is not None
        return scaling(targets.astype(np.float32))

    def batch(self, smiles: Sequence[str], targets: np.ndarray | None, random: np.random.Generator) -> Lesson:
        assert targets is not None
        mols = _mols(smiles)
        bits = morgan(mols, N_BITS).toarray() > 0
        return lesson_of(
            graphs(mols),
            scaled(targets, self.prepared),
            bits,
            random,
            steps=steps_of(self._slots),
            masked=self.settings["masked"],
            hidden=self.settings["hidden_atoms"],
        )

    def loss(
        self, module: "torch.nn.Module", batch: Lesson
    ) -> "tuple[torch.Tensor, dict[str, torch.Tensor]]":
        parts = losses(module(batch), batch)
        total = sum(self.settings[name] * part for name, part in parts.items())
        return total, parts  # type: ignore[return-value]

    def state(self, module: "torch.nn.Module") -> dict[str, np.ndarray]:
        return encoder_state(module)  # type: ignore[arg-type]

    def flops(self, batch: Lesson) -> float:
        """Of the products with dense matrices; sums over neighbors are not counted."""
        hidden, made = self._slots["hidden"], batch.batch
        if made.shared is None:
            rows = self._slots["depth"] * len(made.target)
        else:
            rows = sum(len(own.starts) for own, _ in made.shared.steps) + len(made.shared.atom.starts)
        head = hidden + len(CHEAP) + N_AUTO + N_BITS
        return _FACES * 2 * hidden * (rows * hidden + len(batch.whole) * head)


def autocorrelations(mols: Sequence[Chem.Mol]) -> np.ndarray:
    """(n, 192) float32 RDKit's 2-D autocorrelations, 0.05 ms a molecule (doi:10.1002/9783527628766)."""
    rows = [rdMolDescriptors.CalcAUTOCORR2D(mol) for mol in mols]
    found = np.array(rows, np.float32).reshape(len(rows), N_AUTO)
    found[~np.isfinite(found)] = np.nan
    return found


def _mols(smiles: Sequence[str]) -> list[Chem.Mol]:
    """Of SMILES that a prepared corpus holds: they parse."""
    return [Chem.MolFromSmiles(text) for text in smiles]

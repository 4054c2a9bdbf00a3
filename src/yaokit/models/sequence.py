"""What members that read SMILES share: tokens, many ways of writing in training and prediction."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from rdkit import Chem

from yaokit.core.seed import derived
from yaokit.models.network import Network
from yaokit.nn.tokenizer import VERSION, pad, smiles_tokenizer

if TYPE_CHECKING:
    import torch

_WAYS = 16  # of writing a molecule that training draws from


@dataclass(frozen=True)
class Written:
    """Molecules as token sequences, each written in the same number of ways, the canonical one first."""

    ways: list[list[np.ndarray]]  # n lists of (length,) int16 token numbers, BOS and EOS at the ends

    @property
    def shape(self) -> tuple[int]:
        return (len(self.ways),)

    @classmethod
    def of(cls, smiles: np.ndarray, n: int, seed: int) -> "Written":
        """Each SMILES in n ways; what is drawn depends on the molecule and the seed alone."""
        encode = smiles_tokenizer().encode
        return cls(
            [[encode(way, ends=True).astype(np.int16) for way in written(text, n, seed)] for text in smiles]
        )


def written(smiles: str, n: int, seed: int) -> list[str]:
    """The SMILES and n - 1 others of its molecule, drawn at random; some may be equal."""
    if n < 2:
        return [smiles]
    mol = Chem.MolFromSmiles(smiles)
    if mol is None:
        raise ValueError(f"does not parse: {smiles!r}")
    return [smiles, *Chem.MolToRandomSmilesVect(mol, n - 1, randomSeed=derived(seed, "written", smiles))]


class SmilesNetwork(Network):
    """A subclass writes `encoder`. Training reads another way of writing a molecule each time;
    a prediction is the mean over the canonical and `views` - 1 random ones.

    SMILES of any length are read whole; those of like length share a batch.
    """

    feature_kinds: ClassVar[tuple[str, ...]] = ("smiles",)
    settings = (*Network.settings, "width", "depth", "views", "augment")
    width = 64
    depth = 3
    views = 4
    augment = True
    epochs = 30
    batch_size = 32
    lr = 2e-3

    @abstractmethod
    def encoder(self) -> "torch.nn.Module":
        """(n, length, width), (n, length) bool → (n, length, width)."""

    def module(self, outputs: int) -> "torch.nn.Module":
        from yaokit.nn.blocks import SequenceNet

        return SequenceNet(len(smiles_tokenizer()), self.width, self.encoder(), outputs, self.dropout)

    def inputs(
        self, ready: Written, rows: np.ndarray, random: np.random.Generator | None
    ) -> tuple["torch.Tensor"]:
        import torch

        chosen = [ready.ways[row] for row in rows]
        if random is None or not self.augment:
            return (torch.from_numpy(pad([ways[0] for ways in chosen])),)
        return (torch.from_numpy(pad([ways[random.integers(len(ways))] for ways in chosen])),)

    def _ready_to_learn(self, X: np.ndarray) -> Written:
        return Written.of(X, min(_WAYS, self.epochs) if self.augment else 1, self.seed)

    def _ready(self, X: np.ndarray) -> Written:
        return Written.of(X, self.views, self.seed)

    def _sizes(self, ready: Written) -> np.ndarray:
        return np.array([len(ways[0]) for ways in ready.ways], np.int64)

    def predict_features(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and spread over the networks and the ways of writing."""
        every = Written([[way] for ways in self._ready(X).ways for way in ways])
        outputs = [self._outputs(i, every) for i in range(len(self._states))]
        by_view = [found.reshape(len(X), self.views, len(self._center)) for found in outputs]
        return self._pooled(np.concatenate(by_view, axis=1).transpose(1, 0, 2))

    def _kept(self) -> dict[str, np.ndarray]:
        return {"tokens": np.array([VERSION])}

    def _keep(self, arrays: dict[str, np.ndarray]) -> None:
        if (found := int(arrays["tokens"][0])) != VERSION:
            raise ValueError(f"the model reads token list {found}, this version has list {VERSION}")

"""Masked tokens of SMILES written at random, and the descriptors of the molecule.

Devlin 2019, doi:10.18653/v1/N19-1423: of the hidden tokens 80 % are replaced by a mask, 10 % by
another token, 10 % stay. We differ: a share of the molecules is shown whole, so that the encoder also
learns what it is later used for, and all are judged by their descriptors (Ahmad 2022,
arXiv:2209.01712, found those the better teacher). A molecule of more than `longest` tokens is shown in
part, without its descriptors.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar

import numpy as np
import torch
from rdkit import Chem
from torch import Tensor
from torch.nn import functional

from yaokit.core.errors import UsageError
from yaokit.nn.masked import SHAPE, SIZES, MaskedNet, encoded
from yaokit.nn.tokenizer import MASK, PAD, pad, smiles_tokenizer
from yaokit.pretrain.descriptors import CHEAP, cheap, scaled, scaling
from yaokit.pretrain.ranges import check_heads, check_shares, check_weights, check_whole

_HUGE = 6e4  # what float16 still holds
_DEFAULTS: dict[str, Any] = {
    "size": "tiny",
    "stem": 5,
    "dropout": 0.0,
    "share": 0.15,  # of the tokens that are hidden
    "whole": 0.5,  # share of the molecules that are shown whole
    "weight": 1.0,  # of the descriptors' loss
    "longest": 256,  # tokens
}
Batch = tuple[Tensor, Tensor, Tensor, Tensor]  # tokens, places, what stands there, scaled descriptors


class Masked:
    """The objective `masked`. Settings: a `size` of SIZES, or width, depth and heads; and _DEFAULTS."""

    kind: ClassVar[str] = "masked"

    def __init__(self, **settings: Any) -> None:
        known = {**_DEFAULTS, **SIZES["tiny"]}
        if unknown := [name for name in settings if name not in known]:
            raise UsageError(f"masked has no setting {unknown[0]!r}; it has: {', '.join(known)}")
        size = settings.get("size", _DEFAULTS["size"])
        if size not in SIZES:
            raise UsageError(f"masked has no size {size!r}; choose one of: {', '.join(SIZES)}")
        self.settings: dict[str, Any] = {**_DEFAULTS, **SIZES[size], **settings}
        check_whole(self.settings, width=1, depth=1, heads=1, stem=0, longest=3)
        check_shares(self.settings, "dropout", "share", "whole")
        check_weights(self.settings, "weight")
        check_heads(self.settings)
        self.settings["numbers"] = len(CHEAP)
        self.prepared: dict[str, np.ndarray] = {}

    def module(self) -> torch.nn.Module:
        return MaskedNet(len(CHEAP), **{name: self.settings[name] for name in SHAPE})

    def targets(self, smiles: Sequence[str]) -> np.ndarray:
        """(n, descriptors) float16, NaN = failed."""
        values = cheap([Chem.MolFromSmiles(text) for text in smiles])
        return np.clip(values, -_HUGE, _HUGE).astype(np.float16)

    def prepare(self, sample: Sequence[str], targets: np.ndarray | None) -> dict[str, np.ndarray]:
        """How descriptors are scaled."""
        assert targets is not None
        return scaling(targets)

    def batch(self, smiles: Sequence[str], targets: np.ndarray | None, random: np.random.Generator) -> Batch:
        assert targets is not None
        numbers = scaled(targets, self.prepared)
        sequences, places, wanted = [], [], []
        for row, text in enumerate(smiles):
            sequence = encoded(_another(text, random))
            is_whole = random.random() < self.settings["whole"]
            if len(sequence) > self.settings["longest"]:
                start = random.integers(len(sequence) - self.settings["longest"] + 1)
                sequence = sequence[start : start + self.settings["longest"]]
                numbers[row], is_whole = np.nan, False
            at = np.array([], np.int64) if is_whole else self._hidden(len(sequence), random)
            wanted.append(sequence[at])
            sequences.append(_shown(sequence, at, random))
            places.append(np.stack([np.full(len(at), row), at], axis=1))
        arrays = (pad(sequences), np.concatenate(places), np.concatenate(wanted), numbers)
        tokens, where, what, values = (torch.from_numpy(array) for array in arrays)
        return tokens, where, what, values

    def _hidden(self, length: int, random: np.random.Generator) -> np.ndarray:
        """Places that are hidden, at least one, never an end."""
        count = max(1, round(self.settings["share"] * (length - 2)))
        return np.sort(1 + random.permutation(length - 2)[:count])

    def loss(self, module: torch.nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        tokens, places, wanted, numbers = batch
        named, told = module(tokens, places)
        parts = {"tokens": _tokens_loss(named, wanted), "descriptors": _numbers_loss(told, numbers)}
        return parts["tokens"] + self.settings["weight"] * parts["descriptors"], parts

    def state(self, module: torch.nn.Module) -> dict[str, np.ndarray]:
        """All but the layers that name hidden tokens."""
        return {
            name: tensor.detach().float().cpu().numpy().copy()
            for name, tensor in module.state_dict().items()
            if name.startswith("net.")
        }

    def tokens(self, batch: Batch) -> int:
        """How many the network reads."""
        return int((batch[0] != PAD).sum())

    def flops(self, batch: Batch) -> float:
        n, length = batch[0].shape
        width, depth = self.settings["width"], self.settings["depth"]
        layers = depth * 12 * width**2 + self.settings["stem"] * width**2
        named = len(batch[1]) * width * (width + len(smiles_tokenizer()))
        told = n * (2 * width**2 + width * len(CHEAP))
        return 6.0 * (n * length * (layers + 2 * depth * length * width) + named + told)


def _another(smiles: str, random: np.random.Generator) -> str:
    """The molecule written another way."""
    mol = Chem.MolFromSmiles(smiles)
    if mol is None:
        raise UsageError(f"{smiles!r} in the corpus does not parse: prepare the corpus again")
    return Chem.MolToRandomSmilesVect(mol, 1, randomSeed=int(random.integers(1, 2**31 - 1)))[0]


def _shown(sequence: np.ndarray, at: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The sequence with the tokens at those places hidden."""
    out = sequence.copy()
    fate = random.random(len(at))
    out[at[fate < 0.8]] = MASK
    swapped = at[(fate >= 0.8) & (fate < 0.9)]
    out[swapped] = random.choice(_written(), len(swapped))
    return out


@cache
def _written() -> np.ndarray:
    """The numbers of the tokens that are parts of SMILES."""
    kinds = smiles_tokenizer().kinds
    return np.array([i for i, kind in enumerate(kinds) if kind not in ("special", "reserve")])


def _tokens_loss(named: Tensor, wanted: Tensor) -> Tensor:
    if not len(wanted):
        return named.sum()
    return functional.cross_entropy(named.float(), wanted)


def _numbers_loss(told: Tensor, numbers: Tensor) -> Tensor:
    """Mean squared error of the known ones."""
    known = ~torch.isnan(numbers)
    errors = told.float() - torch.where(known, numbers, told.float().detach())
    return errors.square().sum() / known.sum().clamp(min=1)

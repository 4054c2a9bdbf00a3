"""A pre-training objective that learns in seconds, and a corpus for it."""

import os
import signal
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from yaokit.data.read.library import molecules
from yaokit.pretrain.corpus import Corpus
from yaokit.pretrain.prepare import prepare
from yaokit.pretrain.sources import Source

LETTERS = "CNOSFcnos()=#123[]@+-"
TARGET = "toy_pretraining:Toy"


class Toy:
    """Guesses a molecule's numbers of C and N from its letters, some of them hidden.

    At its `at`-th training step it gives a NaN (or a gradient of NaN), asks to be stopped, or is killed.
    """

    kind = "toy"

    def __init__(self, width: int = 8, fate: str = "", at: int = 0) -> None:
        self.settings, self.width, self.fate, self.at = {"width": width}, width, fate, at
        self.prepared: dict[str, np.ndarray] = {}
        self.n = 0

    def module(self) -> torch.nn.Module:
        layers = [torch.nn.Linear(len(LETTERS), self.width), torch.nn.Dropout(0.1), torch.nn.ReLU()]
        return torch.nn.Sequential(*layers, torch.nn.Linear(self.width, 2))

    def targets(self, smiles: Sequence[str]) -> np.ndarray:
        if smiles[0] == "CCCCCCCCCCCCCCCC":
            raise ValueError("a molecule that fails")
        return np.array([[text.upper().count("C"), text.upper().count("N")] for text in smiles], np.float16)

    def prepare(self, sample: Sequence[str], targets: np.ndarray | None) -> dict[str, np.ndarray]:
        assert targets is not None
        assert len(sample) == len(targets)
        return {"mean": np.nanmean(targets.astype(np.float32), axis=0)}

    def batch(self, smiles: Sequence[str], targets: np.ndarray | None, random: np.random.Generator):
        assert targets is not None
        x = np.array([[text.count(letter) for letter in LETTERS] for text in smiles], np.float32)
        x *= random.random(x.shape) > 0.1
        y = np.nan_to_num(targets.astype(np.float32) - self.prepared["mean"])
        return torch.from_numpy(x), torch.from_numpy(y)

    def loss(self, module: torch.nn.Module, batch):
        x, y = batch
        loss = (module(x) - y).square().mean()
        if module.training:
            self.n += 1
            if self.n == self.at and self.fate == "nan":
                loss = loss * float("nan")
            elif self.n == self.at and self.fate == "nan gradient":
                loss = loss + (module(x) * 0).abs().sqrt().sum()  # 0 whose slope is none
            elif self.n == self.at and self.fate:
                os.kill(os.getpid(), getattr(signal, self.fate))
        return loss, {"squares": loss}

    def state(self, module: torch.nn.Module) -> dict[str, np.ndarray]:
        return {name: tensor.detach().numpy().copy() for name, tensor in module.state_dict().items()}

    def flops(self, batch) -> float:
        return 6.0 * len(batch[0]) * self.width * (len(LETTERS) + 2)

    def tokens(self, batch) -> int:
        return int(batch[0].sum())


def zinc(n: int, start: int = 0) -> list[str]:
    """Real molecules of the embedded library."""
    return [molecule.smiles for molecule in islice(molecules("builtin:zinc250k"), start, start + n)]


def written(path: Path, lines: Sequence[str]) -> Path:
    """A file of these lines."""
    path.write_text("\n".join(lines) + "\n")
    return path


def small_corpus(folder: Path, n: int = 300, **settings) -> Corpus:
    """A prepared corpus of n real molecules."""
    folder.mkdir(parents=True, exist_ok=True)
    source = Source(written(folder / "zinc.smi", zinc(n)))
    return prepare(folder / "corpus", [source], name="toy", **settings)

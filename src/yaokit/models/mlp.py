"""A network of dense layers on fingerprints: trained with torch, applied with numpy."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from yaokit.core.seed import derived
from yaokit.models.base import LARGE, Member
from yaokit.models.targets import Targets
from yaokit.nn.checkpoint import load_arrays, save_arrays

Layers = list[tuple[np.ndarray, np.ndarray]]  # weight (in, out), bias (out,), float32


class Mlp(Member):
    """The mean of two networks; all tasks share the hidden layers, unknown values do not count."""

    name = "mlp"
    settings = ("networks", "hidden", "dropout", "epochs", "batch_size", "lr", "weight_decay")
    networks = 2
    hidden = (128, 64)
    dropout = 0.4
    epochs = 15
    batch_size = 64  # 128 above 2,000 molecules
    lr = 3e-3
    weight_decay = 1e-2

    def fit_features(self, X: csr_array, y: Targets, work: Path | None = None) -> None:
        values = y.measured
        seen = np.bincount(X.indices, minlength=X.shape[1])
        self._columns = np.flatnonzero(seen >= min(2, X.shape[0] // 10 + 1))
        self._center, self._scale = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
        self._scale = np.where(self._scale > 0, self._scale, 1.0)
        target = ((values - self._center) / self._scale).astype(np.float32)
        inputs = _squash(X, self._columns)
        seeds = [derived(self.seed, "mlp", i) for i in range(self.networks)]
        self._networks = [self._fit_one(inputs, target, seed) for seed in seeds]

    def _fit_one(self, inputs: csr_array, target: np.ndarray, seed: int) -> Layers:
        import torch

        from yaokit.nn.loop import Plan, train

        with torch.random.fork_rng(devices=[]), _one_thread():
            torch.manual_seed(seed)
            sizes = (inputs.shape[1], *self.hidden)
            blocks: list[torch.nn.Module] = []
            for before, after in pairwise(sizes):
                blocks += [torch.nn.Linear(before, after), torch.nn.ReLU(), torch.nn.Dropout(self.dropout)]
            module = torch.nn.Sequential(*blocks, torch.nn.Linear(sizes[-1], target.shape[1]))

            class Fit:
                def batch(self, rows: np.ndarray, random: Any) -> Any:
                    return torch.from_numpy(inputs[rows].toarray()), torch.from_numpy(target[rows])

                def loss(self, module: torch.nn.Module, batch: Any) -> torch.Tensor:
                    known = ~torch.isnan(batch[1])
                    error = module(batch[0]) - torch.nan_to_num(batch[1])
                    return (error.square() * known).sum() / known.sum().clamp(min=1)

            n = inputs.shape[0]
            size = self.batch_size * (1 if n <= LARGE else 2)
            plan = Plan(self.epochs, size, self.lr, self.weight_decay, clip=None)
            train(module, Fit(), np.arange(n), plan, seed=seed)
        linear = [layer for layer in module if isinstance(layer, torch.nn.Linear)]
        return [(layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy()) for layer in linear]

    def predict_features(self, X: csr_array) -> tuple[np.ndarray, np.ndarray]:
        inputs = _squash(X, self._columns)
        every = np.stack([_apply(layers, inputs) for layers in self._networks])
        every = every * self._scale + self._center
        return every.mean(axis=0), every.std(axis=0)

    def _write(self, folder: Path) -> dict[str, Any]:
        arrays = {"columns": self._columns, "center": self._center, "scale": self._scale}
        for i, layers in enumerate(self._networks):
            for j, (weight, bias) in enumerate(layers):
                arrays |= {f"{i}.{j}.weight": weight, f"{i}.{j}.bias": bias}
        save_arrays(folder / "weights.safetensors", arrays)
        return {}

    def _read(self, folder: Path, card: dict[str, Any]) -> None:
        arrays = load_arrays(folder / "weights.safetensors")
        self._columns, self._center, self._scale = (arrays[k] for k in ("columns", "center", "scale"))
        depth = len(self.hidden) + 1
        self._networks = [
            [(arrays[f"{i}.{j}.weight"], arrays[f"{i}.{j}.bias"]) for j in range(depth)]
            for i in range(self.networks)
        ]


@contextmanager
def _one_thread() -> Iterator[None]:
    """Torch on one thread: quicker for layers this small, and the same sums on every machine."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _squash(X: csr_array, columns: np.ndarray) -> csr_array:
    """log(1 + count) of the columns that training saw."""
    X = X[:, columns]
    return csr_array((np.log1p(X.data).astype(np.float32), X.indices, X.indptr), shape=X.shape)


def _apply(layers: Layers, inputs: csr_array) -> np.ndarray:
    """(n, tasks) float64 output of the network; float64 so that a row's batch does not move it."""
    hidden: Any = inputs
    for i, (weight, bias) in enumerate(layers):
        hidden = np.asarray(hidden @ weight, np.float64) + bias
        if i < len(layers) - 1:
            hidden = np.maximum(hidden, 0.0)
    return hidden

"""A network of dense layers on fingerprints: trained with torch, applied with numpy."""

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from yaokit.models.base import LARGE
from yaokit.models.network import Network
from yaokit.models.scaling import Scaling
from yaokit.models.targets import Targets

if TYPE_CHECKING:
    import torch

    from yaokit.nn.loop import Plan


class Mlp(Network):
    """The mean of two networks; `hidden` gives the width of each hidden layer."""

    name = "mlp"
    settings = (*Network.settings, "hidden")
    networks = 2
    hidden = (128, 64)
    dropout = 0.4
    epochs = 15
    batch_size = 64  # 128 above 2,000 molecules
    lr = 3e-3
    device = "cpu"  # faster than any GPU at this size

    def _prepare(self, X: csr_array, y: Targets) -> None:
        if self.features == "fp":
            seen = np.bincount(X.indices, minlength=X.shape[1])
            self._columns = np.flatnonzero(seen >= min(2, X.shape[0] // 10 + 1))
        else:
            self._scaling = Scaling.fit(X)
            self._columns = self._scaling.columns

    def _kept(self) -> dict[str, np.ndarray]:
        return {"columns": self._columns} if self.features == "fp" else self._scaling.arrays()

    def _keep(self, arrays: dict[str, np.ndarray]) -> None:
        if self.features == "fp":
            self._columns = arrays["columns"]
        else:
            self._scaling = Scaling.from_arrays(arrays)
            self._columns = self._scaling.columns

    def _ready(self, X: csr_array) -> Any:
        """(n, columns that training saw): log(1 + count), sparse; or robustly scaled."""
        if self.features != "fp":
            return self._scaling(X)
        X = X[:, self._columns]
        return csr_array((np.log1p(X.data).astype(np.float32), X.indices, X.indptr), shape=X.shape)

    def module(self, outputs: int) -> "torch.nn.Module":
        import torch

        sizes = (len(self._columns), *self.hidden)
        blocks: list[torch.nn.Module] = []
        for before, after in pairwise(sizes):
            blocks += [torch.nn.Linear(before, after), torch.nn.ReLU(), torch.nn.Dropout(self.dropout)]
        return torch.nn.Sequential(*blocks, torch.nn.Linear(sizes[-1], outputs))

    def inputs(
        self, ready: Any, rows: np.ndarray, random: np.random.Generator | None
    ) -> tuple["torch.Tensor"]:
        import torch

        found = ready[rows]
        return (torch.from_numpy(found if isinstance(found, np.ndarray) else found.toarray()),)

    def _plan(self, n: int) -> "Plan":
        plan = super()._plan(n)
        return replace(plan, batch_size=plan.batch_size * (1 if n <= LARGE else 2), clip=None)

    def _outputs(self, number: int, ready: Any) -> np.ndarray:
        """(n, tasks) by numpy, which needs no torch; in float64, so that a row's batch does not move it."""
        hidden: Any = ready if self.features == "fp" else ready.astype(np.float64)
        layers = [(3 * i, self._states[number]) for i in range(len(self.hidden) + 1)]
        for place, state in layers:
            hidden = np.asarray(hidden @ state[f"{place}.weight"].T, np.float64) + state[f"{place}.bias"]
            if place < layers[-1][0]:
                hidden = np.maximum(hidden, 0.0)
        return hidden

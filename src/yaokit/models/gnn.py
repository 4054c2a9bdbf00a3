"""A network on the graph of a molecule, with global descriptors beside it."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from yaokit.models.network import Network
from yaokit.models.scaling import Scaling
from yaokit.models.targets import Targets
from yaokit.nn.graph import Graphs, expand_atoms

if TYPE_CHECKING:
    import torch

    from yaokit.nn.graph_encoders import Batch


class Gnn(Network):
    """Message passing along bonds; `encoder` × `pooling` are slots of `nn.graph_encoders`.

    Features of atoms that training never saw (an element, a charge) count as none.
    """

    name = "gnn"
    feature_kinds = ("described", "graph")
    settings = (*Network.settings, "encoder", "pooling", "depth", "hidden")
    encoder = "directed"
    pooling = "mean"
    depth = 3
    hidden = 128  # 300 was no better on a thousand molecules and takes three times as long
    networks = 2
    dropout = 0.1
    epochs = 20
    batch_size = 32
    lr = 1e-3
    predict_batch = 256

    def _prepare(self, X: Graphs, y: Targets) -> None:
        self._scaling = Scaling.fit(csr_array(X.numbers))
        self._seen: np.ndarray = expand_atoms(np.unique(X.atoms, axis=0)).any(axis=0)

    def _kept(self) -> dict[str, np.ndarray]:
        return {"seen": self._seen, **self._scaling.arrays()}

    def _keep(self, arrays: dict[str, np.ndarray]) -> None:
        self._seen, self._scaling = arrays["seen"], Scaling.from_arrays(arrays)

    def _ready(self, X: Graphs) -> Graphs:
        return replace(X, numbers=self._scaling(csr_array(X.numbers)))

    def module(self, outputs: int) -> "torch.nn.Module":
        from yaokit.nn.graph_encoders import GraphNet

        slots = {name: getattr(self, name) for name in ("encoder", "pooling", "depth", "hidden", "dropout")}
        return GraphNet(outputs, len(self._scaling.columns), **slots)

    def inputs(self, ready: Graphs, rows: np.ndarray, random: np.random.Generator | None) -> tuple["Batch"]:
        import torch

        from yaokit.nn.graph_encoders import batch_of

        batch = batch_of(ready[rows], self.depth - 1 if self.encoder == "directed" else None)
        return (batch._replace(atom_kinds=batch.atom_kinds * torch.from_numpy(self._seen)),)

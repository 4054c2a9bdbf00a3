"""A network on the graph of a molecule, with global descriptors beside it."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from yaokit.core.lazy import pick
from yaokit.models.scaling import Scaling
from yaokit.models.targets import Targets
from yaokit.models.warm_start import WarmStart
from yaokit.nn.graph import Graphs, expand_atoms

if TYPE_CHECKING:
    import torch

    from yaokit.nn.graph_encoders import Batch, GraphNet


class Gnn(WarmStart):
    """Message passing along bonds; `encoder` × `pooling` × `head` are slots (`nn.graph_encoders`, `heads`).

    Features of atoms that training never saw (an element, a charge) count as none. `pretrained` names
    a `graph` network, shipped or a folder: encoder and pooling start from its weights, and have its
    slots whatever `encoder`, `pooling`, `depth` and `hidden` say. With `frozen` only the head learns.
    Once fitted the model needs that network no longer.
    """

    name = "gnn"
    feature_kinds = ("described", "graph")
    settings = (*WarmStart.settings, "encoder", "pooling", "head", "depth", "hidden")
    encoder = "directed"
    pooling = "mean"
    head = "mlp"
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
        if self.pretrained is None:
            return
        from yaokit.nn.graph_pretraining import slots_of
        from yaokit.nn.pretrained import open_pretrained

        found = open_pretrained(self.pretrained, ["graph"])
        for name, value in slots_of(found).items():
            setattr(self, name, value)
        self._start, self._seen = found.state, np.ones_like(self._seen)  # pre-training saw more

    def _kept(self) -> dict[str, np.ndarray]:
        return {"seen": self._seen, **self._scaling.arrays()}

    def _keep(self, arrays: dict[str, np.ndarray]) -> None:
        self._seen, self._scaling = arrays["seen"], Scaling.from_arrays(arrays)

    def _ready(self, X: Graphs) -> Graphs:
        return replace(X, numbers=self._scaling(csr_array(X.numbers)))

    def module(self, outputs: int) -> "torch.nn.Module":
        from yaokit.nn.graph_encoders import GraphNet

        slots = {name: getattr(self, name) for name in ("encoder", "pooling", "depth", "hidden", "dropout")}
        n_numbers = len(self._scaling.columns)
        if self.pretrained is None:
            return self._headed(GraphNet(outputs, n_numbers, **slots), n_numbers, outputs)
        from yaokit.nn.graph_pretraining import graph_net, set_encoder

        net = self._headed(graph_net(outputs, n_numbers, **slots), n_numbers, outputs)
        if self._start is not None:
            set_encoder(net, self._start)
        if self.frozen:
            net.encoder.requires_grad_(False)
            net.pooling.requires_grad_(False)
        return net

    def _headed(self, net: "GraphNet", n_numbers: int, outputs: int) -> "GraphNet":
        """The network with the head that is asked for."""
        from yaokit.nn.heads import HEADS

        if self.head != "mlp":  # with that it is made
            head = pick(HEADS, self.head, "head")
            net.head = head(self.hidden + n_numbers, self.hidden, outputs, self.dropout)
        return net

    def inputs(self, ready: Graphs, rows: np.ndarray, random: np.random.Generator | None) -> tuple["Batch"]:
        import torch

        from yaokit.nn.graph_encoders import batch_of

        batch = batch_of(ready[rows], self.depth - 1 if self.encoder == "directed" else None)
        return (batch._replace(atom_kinds=batch.atom_kinds * torch.from_numpy(self._seen)),)

"""Graph networks from slots, encoder × pooling (and × head, `heads.py`), on plain torch.

An encoder turns the atoms of a batch into vectors, a pooling makes one vector per molecule, the head
its outputs. Sums over neighbors are products with matrices of ones and zeros (`Links`): their
gradient is a product with the same matrix turned around, so nothing is scattered.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from yaokit.core.lazy import pick
from yaokit.nn.graph import ATOM, BOND, Graphs, Links, expand_atoms, expand_bonds, grouped, wire
from yaokit.nn.graph_environments import environments

ENCODERS = {
    "directed": "yaokit.nn.graph_encoders:Directed",
    "gine": "yaokit.nn.graph_encoders:Gine",
    "attentive": "yaokit.nn.graph_encoders:Attentive",
}
POOLINGS = {
    "mean": "yaokit.nn.graph_encoders:Mean",
    "sum": "yaokit.nn.graph_encoders:Sum",
    "attention": "yaokit.nn.graph_encoders:Gated",
}
N_ATOM = expand_atoms(np.zeros((1, len(ATOM)), np.uint8)).shape[1]
N_BOND = expand_bonds(np.zeros((1, len(BOND)), np.uint8)).shape[1]


class TorchLinks(NamedTuple):
    """`Links` on a device."""

    indices: Tensor
    starts: Tensor
    indices_back: Tensor
    starts_back: Tensor

    def to(self, device: Any) -> "TorchLinks":
        """On another device."""
        return TorchLinks(*(part.to(device) for part in self))


class Shared(NamedTuple):
    """`Environments` on a device."""

    source: TorchLinks
    bond: TorchLinks
    steps: tuple[tuple[TorchLinks, TorchLinks], ...]
    atom: TorchLinks
    into: TorchLinks
    of_molecule: TorchLinks

    def to(self, device: Any) -> "Shared":
        """On another device."""
        steps = tuple((own.to(device), onward.to(device)) for own, onward in self.steps)
        source, bond, _, *rest = self
        return Shared(source.to(device), bond.to(device), steps, *(part.to(device) for part in rest))


class Batch(NamedTuple):
    """n molecules, a atoms, e directed edges; kinds of atoms and bonds stand only once."""

    atom_kinds: Tensor  # (distinct atoms, N_ATOM) float32
    bond_kinds: Tensor  # (distinct bonds, N_BOND) float32
    kind_of_atom: TorchLinks  # (a, distinct atoms)
    kind_of_edge: TorchLinks  # (e, distinct bonds)
    target: Tensor  # (e,) int32 atom that an edge leads to
    from_source: TorchLinks  # (e, a)
    into_target: TorchLinks  # (a, e)
    onward: TorchLinks  # (e, e)
    of_molecule: TorchLinks  # (n, a)
    numbers: Tensor  # (n, numbers) float32 what is known of the molecules besides
    shared: "Shared | None"  # what needs computing only once

    def to(self, device: Any) -> "Batch":
        """On another device."""
        return Batch(*(part if part is None else part.to(device) for part in self))  # type: ignore[arg-type]


def batch_of(X: Graphs, steps: int | None = None) -> Batch:
    """The molecules as one batch; `steps` of messages between edges, to share what edges share."""
    wiring = wire(X)
    atom_codes, kind_of_atom = grouped(X.atoms)
    bond_codes, kind_of_edge = grouped(X.bonds[wiring.bond])
    shared = None
    if steps is not None:
        found = environments(X, wiring, kind_of_atom.indices, kind_of_edge.indices, steps)
        made = tuple((_tensors(own), _tensors(onward)) for own, onward in found.steps)
        ends = map(_tensors, (found.atom, found.into, found.of_molecule))
        shared = Shared(_tensors(found.source), _tensors(found.bond), made, *ends)
    return Batch(
        torch.from_numpy(expand_atoms(atom_codes)),
        torch.from_numpy(expand_bonds(bond_codes)),
        _tensors(kind_of_atom),
        _tensors(kind_of_edge),
        torch.from_numpy(wiring.target),
        _tensors(wiring.from_source),
        _tensors(wiring.into_target),
        _tensors(wiring.onward),
        _tensors(wiring.of_molecule),
        torch.from_numpy(np.ascontiguousarray(X.numbers)),
        shared,
    )


def _tensors(links: Links) -> TorchLinks:
    return TorchLinks(*map(torch.from_numpy, links))


class _Linked(torch.autograd.Function):
    """links @ x"""

    @staticmethod
    def forward(ctx: Any, x: Tensor, *links: Tensor) -> Tensor:
        ctx.save_for_backward(*links[2:])
        return functional.embedding_bag(links[0], x, links[1], mode="sum")

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        indices, starts = ctx.saved_tensors
        grad = functional.embedding_bag(indices, grads[0].contiguous(), starts, mode="sum")
        return grad, None, None, None, None


def linked(links: TorchLinks, x: Tensor) -> Tensor:
    """(rows, hidden) the sum of the rows of x that each row is linked with."""
    return _Linked.apply(x, *links)  # type: ignore[return-value]


class GraphNet(nn.Module):
    """Molecules → (n, outputs): an encoder, a pooling and a head of two layers (`heads.mlp`).

    `mask` (a, 1) fades atoms out (0) or leaves them (1): an atom at 0 and its bonds carry nothing.
    """

    def __init__(
        self,
        outputs: int,
        n_numbers: int = 0,
        *,
        encoder: str = "directed",
        pooling: str = "mean",
        depth: int = 3,
        hidden: int = 300,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.encoder = pick(ENCODERS, encoder, "encoder")(hidden, depth, dropout)
        self.pooling = pick(POOLINGS, pooling, "pooling")(hidden)
        self.head = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(hidden + n_numbers, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, outputs),
        )

    def forward(self, batch: Batch, mask: Tensor | None = None) -> Tensor:
        return self.head(torch.cat([self.fingerprint(batch, mask), batch.numbers], dim=1))

    def fingerprint(self, batch: Batch, mask: Tensor | None = None) -> Tensor:
        """(n, hidden) the pooled vectors of the molecules."""
        if mask is None and batch.shared is not None:
            return self.pooling(self.encoder.shared(batch, batch.shared), batch.shared.of_molecule)
        mask = batch.numbers.new_ones(1, 1) if mask is None else mask
        return self.pooling(mask * self.encoder(batch, mask), batch.of_molecule)


class Directed(nn.Module):
    """Messages along directed edges that never turn straight back.

    D-MPNN (Yang 2019, doi:10.1021/acs.jcim.9b00237).
    """

    def __init__(self, hidden: int, depth: int, dropout: float) -> None:
        super().__init__()
        self.depth, self.dropout = depth, nn.Dropout(dropout)
        self.atom_in = nn.Linear(N_ATOM, hidden, bias=False)
        self.bond_in = nn.Linear(N_BOND, hidden, bias=False)
        self.step = nn.Linear(hidden, hidden, bias=False)
        self.atom_out = nn.Linear(N_ATOM, hidden)
        self.message_out = nn.Linear(hidden, hidden, bias=False)

    def forward(self, batch: Batch, mask: Tensor) -> Tensor:
        atoms = linked(batch.kind_of_atom, self.atom_in(batch.atom_kinds)) * mask
        bonds = linked(batch.kind_of_edge, self.bond_in(batch.bond_kinds)) * _of_edges(mask, batch)
        start = linked(batch.from_source, atoms) + bonds  # (e, hidden)
        state = functional.relu(start)
        for _ in range(self.depth - 1):
            state = self._stepped(start, linked(batch.onward, state))
        own = linked(batch.kind_of_atom, self.atom_out(batch.atom_kinds))
        return self._ended(own, linked(batch.into_target, state))

    def shared(self, batch: Batch, shared: Shared) -> Tensor:
        """(distinct atoms, hidden) the same, each environment once; they share dropout, too."""
        start = linked(shared.source, self.atom_in(batch.atom_kinds))
        start = start + linked(shared.bond, self.bond_in(batch.bond_kinds))
        state = functional.relu(start)
        for own, onward in shared.steps:
            state = self._stepped(linked(own, start), linked(onward, state))
        own = linked(shared.atom, self.atom_out(batch.atom_kinds))
        return self._ended(own, linked(shared.into, state))

    def _stepped(self, start: Tensor, message: Tensor) -> Tensor:
        return self.dropout(functional.relu(start + self.step(message)))

    def _ended(self, own: Tensor, message: Tensor) -> Tensor:
        return self.dropout(functional.relu(own + self.message_out(message)))


class Gine(nn.Module):
    """Atoms add up their neighbors' states and bonds, then pass two layers.

    GINE (Hu 2020, arXiv:1905.12265), with layer in place of batch normalization, and residual.
    """

    def __init__(self, hidden: int, depth: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.atom_in = nn.Linear(N_ATOM, hidden)
        self.bond_in = nn.ModuleList(nn.Linear(N_BOND, hidden) for _ in range(depth))
        self.norms = nn.ModuleList(nn.LayerNorm(hidden) for _ in range(depth))
        self.own = nn.Parameter(torch.zeros(depth))
        self.steps = nn.ModuleList(
            nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, hidden))
            for _ in range(depth)
        )

    def forward(self, batch: Batch, mask: Tensor) -> Tensor:
        state = linked(batch.kind_of_atom, self.atom_in(batch.atom_kinds))
        fade = _of_edges(mask, batch)
        for bond_in, norm, step, own in zip(self.bond_in, self.norms, self.steps, self.own, strict=True):
            bonds = linked(batch.kind_of_edge, bond_in(batch.bond_kinds))
            message = functional.relu(linked(batch.from_source, mask * state) + bonds) * fade
            new = step((1 + own) * state + linked(batch.into_target, message))
            state = state + self.dropout(functional.relu(norm(new)))
        return state


class Attentive(nn.Module):
    """Atoms weigh their neighbors by attention in four heads.

    GATv2 (Brody 2022, arXiv:2105.14491) with bonds; residual, with layer normalization.
    """

    heads = 4

    def __init__(self, hidden: int, depth: int, dropout: float) -> None:
        super().__init__()
        if hidden % self.heads:
            raise ValueError(f"hidden = {hidden} is no multiple of the {self.heads} heads of attention")
        self.dropout = nn.Dropout(dropout)
        self.atom_in = nn.Linear(N_ATOM, hidden)
        self.layers = nn.ModuleList(_Attention(hidden, self.heads) for _ in range(depth))

    def forward(self, batch: Batch, mask: Tensor) -> Tensor:
        state = linked(batch.kind_of_atom, self.atom_in(batch.atom_kinds))
        fade = _of_edges(mask, batch)
        for layer in self.layers:
            state = state + self.dropout(functional.relu(layer(state, batch, mask, fade)))
        return state


class _Attention(nn.Module):
    def __init__(self, hidden: int, heads: int) -> None:
        super().__init__()
        self.source = nn.Linear(hidden, hidden)
        self.target = nn.Linear(hidden, hidden)
        self.bond_in = nn.Linear(N_BOND, hidden)
        self.score = nn.Parameter(torch.empty(heads, hidden // heads))
        nn.init.xavier_uniform_(self.score)
        self.norm = nn.LayerNorm(hidden)

    def forward(self, state: Tensor, batch: Batch, mask: Tensor, fade: Tensor) -> Tensor:
        source, target = self.source(state), self.target(state)
        there = linked(batch.from_source, source)
        bonds = linked(batch.kind_of_edge, self.bond_in(batch.bond_kinds))
        both = functional.leaky_relu(there + _to_edges(target, batch) + bonds, 0.2)
        heads = both.view(len(both), *self.score.shape)
        # bounded, so that no maximum must be taken out before the exponential
        weight = torch.exp(5 * torch.tanh((heads * self.score).sum(dim=2) / 5)) * fade  # (e, heads)
        whole = linked(batch.into_target, weight) + 1e-6
        share = (weight / _to_edges(whole, batch))[:, :, None]
        message = (share * (there + bonds).view_as(heads)).view_as(there)
        return self.norm(target + linked(batch.into_target, message))


def _of_edges(mask: Tensor, batch: Batch) -> Tensor:
    """(e, 1) how much of an edge is there: the product of its two atoms'."""
    if len(mask) == 1:
        return mask
    return linked(batch.from_source, mask) * _to_edges(mask, batch)


def _to_edges(x: Tensor, batch: Batch) -> Tensor:
    """(e, hidden) for each edge the row of the atom that it leads to."""
    into = batch.into_target
    return linked(TorchLinks(into.indices_back, into.starts_back, into.indices, into.starts), x)


class Mean(nn.Module):
    """The mean of the atoms."""

    def __init__(self, hidden: int) -> None:
        super().__init__()

    def forward(self, atoms: Tensor, of_molecule: TorchLinks) -> Tensor:
        count = linked(of_molecule, atoms.new_ones(len(atoms), 1))
        return linked(of_molecule, atoms) / count.clamp(min=1)


class Sum(nn.Module):
    """The sum of the atoms, a hundredth of it so that it starts small (Yang 2019)."""

    def __init__(self, hidden: int) -> None:
        super().__init__()

    def forward(self, atoms: Tensor, of_molecule: TorchLinks) -> Tensor:
        return linked(of_molecule, atoms) / 100


class Gated(nn.Module):
    """The mean of the atoms by weights that they choose themselves (Li 2016, arXiv:1511.05493)."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.gate = nn.Linear(hidden, 1)

    def forward(self, atoms: Tensor, of_molecule: TorchLinks) -> Tensor:
        weight = torch.sigmoid(self.gate(atoms))
        return linked(of_molecule, weight * atoms) / (linked(of_molecule, weight) + 1e-6)

"""The graph encoder before it knows any task: what it learns from, and what it says of a molecule.

Pre-training asks three things: numbers of the whole molecule, which circular substructures it has,
and what the atoms are that were hidden. Whole molecules teach the first two, those with hidden atoms
the third.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from yaokit.core.errors import UsageError
from yaokit.nn.devices import one_thread
from yaokit.nn.graph import ATOM, Graphs, graphs
from yaokit.nn.graph_encoders import Batch, GraphNet, TorchLinks, batch_of
from yaokit.nn.pretrained import Pretrained

if TYPE_CHECKING:
    from rdkit import Chem

SLOTS = {"encoder": "directed", "pooling": "mean", "depth": 4, "hidden": 384}  # of GraphNet, as shipped
FAMILIES = ("encoder.", "pooling.")  # the weights that are kept: the head serves pre-training alone
_TOLD = tuple((j, size) for j, (_, size) in enumerate(ATOM) if isinstance(size, int))  # codes of an atom
_LEAST = 1e-3  # variance of a pooled number that never varies
_MOMENTUM = 0.02  # how fast the standard follows the batches
_ROWS = 128  # molecules embedded at once


class Lesson(NamedTuple):
    """A batch with what is asked of it: n molecules, h hidden atoms."""

    batch: Batch
    hidden: Tensor  # (h,) int64 places among all atoms of the batch
    codes: Tensor  # (h, 8) int64 what stands there
    whole: Tensor  # (n, 1) float32: 1 = no atom is hidden
    numbers: Tensor  # (n, k) float32 scaled, NaN = unknown
    bits: Tensor  # (n, b) float32, 1 = has the substructure

    def to(self, device: Any) -> "Lesson":
        """On another device."""
        return Lesson(*(part.to(device) for part in self))  # type: ignore[arg-type]


class Standardized(nn.Module):
    """A pooling whose outputs have mean 0 and deviation 1 over the molecules of pre-training.

    Pooled vectors of any two molecules have most in common. Without that what differs is learned
    several times faster. While `is_learning` each batch is standardized by itself.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, pooling: nn.Module, hidden: int, *, is_learning: bool = False) -> None:
        super().__init__()
        self.inner, self.is_learning = pooling, is_learning
        self.register_buffer("mean", torch.zeros(hidden))
        self.register_buffer("deviation", torch.ones(hidden))

    def forward(self, atoms: Tensor, of_molecule: TorchLinks) -> Tensor:
        x = self.inner(atoms, of_molecule).float()
        if not (self.is_learning and self.training):
            return (x - self.mean) / self.deviation
        variance, mean = torch.var_mean(x, dim=0, correction=0)
        deviation = (variance + _LEAST).sqrt()
        with torch.no_grad():
            self.mean.lerp_(mean, _MOMENTUM)
            self.deviation.lerp_(deviation, _MOMENTUM)
        return (x - mean) / deviation


def graph_net(outputs: int, n_numbers: int = 0, **slots: Any) -> GraphNet:
    """A GraphNet that a pre-trained encoder fits into."""
    net = GraphNet(outputs, n_numbers, **slots)
    net.pooling = Standardized(net.pooling, net.head[-1].in_features)  # type: ignore[arg-type]
    return net


class Pretraining(nn.Module):
    """A GraphNet whose outputs are numbers and bits, and a layer that tells the codes of an atom."""

    def __init__(self, n_numbers: int, n_bits: int, **slots: Any) -> None:
        super().__init__()
        self.net = graph_net(n_numbers + n_bits, **slots)
        self.net.pooling.is_learning = True
        self.n_numbers = n_numbers
        width = sum(size for _, size in _TOLD)
        self.atom = nn.Linear(self.net.head[1].in_features, width)  # type: ignore[arg-type]

    def forward(self, lesson: Lesson) -> tuple[Tensor, Tensor, Tensor]:
        """(n, k) numbers, (n, b) logits of bits and (h, codes) logits of hidden atoms."""
        batch = lesson.batch
        if batch.shared is None:
            states, links = self.net.encoder(batch, batch.numbers.new_ones(1, 1)), batch.of_molecule
        else:
            states, links = self.net.encoder.shared(batch, batch.shared), batch.shared.of_molecule
        found = self.net.head(self.net.pooling(states, links))
        atoms = self.atom(states[links.indices[lesson.hidden].long()])
        return found[:, : self.n_numbers], found[:, self.n_numbers :], atoms


def lesson_of(
    X: Graphs,
    numbers: np.ndarray,
    bits: np.ndarray,
    random: np.random.Generator,
    *,
    steps: int | None,
    masked: float,
    hidden: float,
) -> Lesson:
    """The molecules as a lesson: of a share `masked` of them a share `hidden` of the atoms is hidden.

    The encoder gets zeros in place of a hidden atom's codes, which no atom has.
    """
    chosen = random.random(len(X)) < masked
    places = np.flatnonzero(np.repeat(chosen, X.n_atoms) & (random.random(len(X.atoms)) < hidden))
    atoms = X.atoms.copy()
    atoms[places] = 0
    return Lesson(
        batch_of(replace(X, atoms=atoms), steps),
        torch.from_numpy(places),
        torch.from_numpy(X.atoms[places].astype(np.int64)),
        torch.from_numpy(~chosen[:, None]).float(),
        torch.from_numpy(np.ascontiguousarray(numbers, np.float32)),
        torch.from_numpy(np.ascontiguousarray(bits, np.float32)),
    )


def losses(found: tuple[Tensor, Tensor, Tensor], lesson: Lesson) -> dict[str, Tensor]:
    """Mean squared error of numbers, cross entropy of bits and of the codes of hidden atoms.

    Errors of numbers beyond one deviation count only linearly.
    """
    numbers, bits, atoms = (part.float() for part in found)
    known = ~torch.isnan(lesson.numbers) * lesson.whole
    wanted = torch.nan_to_num(lesson.numbers)
    error = functional.huber_loss(numbers, wanted, reduction="none")
    wrong = functional.binary_cross_entropy_with_logits(bits, lesson.bits, reduction="none")
    told = [
        functional.cross_entropy(part, lesson.codes[:, j], reduction="sum")
        for (j, _), part in zip(_TOLD, atoms.split([size for _, size in _TOLD], dim=1), strict=True)
    ]
    return {
        "numbers": 2 * (error * known).sum() / known.sum().clamp(min=1),
        "bits": (wrong * lesson.whole).sum() / (lesson.whole.sum() * bits.shape[1]).clamp(min=1),
        "atoms": torch.stack(told).sum() / max(1, len(lesson.hidden)),
    }


def encoder_state(module: Pretraining) -> dict[str, np.ndarray]:
    """The weights of encoder and pooling, by their names in a GraphNet."""
    state = module.net.state_dict()
    return {k: v.detach().float().cpu().numpy() for k, v in state.items() if k.startswith(FAMILIES)}


def set_encoder(net: GraphNet, state: Mapping[str, np.ndarray]) -> None:
    """Give a `graph_net` of the same slots these weights; UsageError if they are of another one."""
    weights = {k: torch.from_numpy(v) for k, v in state.items() if k.startswith(FAMILIES)}
    own = {k: v.shape for k, v in net.state_dict().items() if k.startswith(FAMILIES)}
    if own != {k: v.shape for k, v in weights.items()}:
        raise UsageError("the weights of this graph encoder do not fit its settings: it is damaged")
    net.load_state_dict(weights, strict=False)


def slots_of(found: Pretrained) -> dict[str, Any]:
    """The slots of the GraphNet that the weights are of."""
    if missing := SLOTS.keys() - found.settings.keys():
        raise UsageError(f"the card of this graph encoder does not say its {', '.join(sorted(missing))}")
    return {name: found.settings[name] for name in SLOTS}


def steps_of(slots: Mapping[str, Any]) -> int | None:
    """How many messages between edges a batch must be made for."""
    return slots["depth"] - 1 if slots["encoder"] == "directed" else None


def embed(found: Pretrained, mols: Sequence["Chem.Mol"]) -> np.ndarray:
    """(n, width) float32 what an encoder says of molecules, on one thread of the processor.

    A molecule's row depends on it alone, but for rounding.
    """
    slots = slots_of(found)
    with torch.random.fork_rng(devices=[]):
        net = graph_net(1, **slots).eval()
    set_encoder(net, found.state)
    parts = [np.zeros((0, slots["hidden"]), np.float32)]
    with torch.no_grad(), one_thread():
        for some in _pieces(mols):
            parts.append(net.fingerprint(batch_of(graphs(some), steps_of(slots))).numpy())
    return np.concatenate(parts)


def _pieces(mols: Sequence["Chem.Mol"]) -> Iterator[Sequence["Chem.Mol"]]:
    for start in range(0, len(mols), _ROWS):
        yield mols[start : start + _ROWS]

"""What members trained with torch share: scaled targets, an ensemble, the loop, the folder."""

import hashlib
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.sparse import csr_array

from yaokit.core.seed import derived, rng
from yaokit.models.base import Member
from yaokit.models.targets import CLASSIFICATION, Targets
from yaokit.nn.checkpoint import load_arrays, save_arrays

if TYPE_CHECKING:
    import torch

    from yaokit.nn.loop import Plan

State = dict[str, np.ndarray]  # the weights of one network
_FILE = "weights.safetensors"
_MIN_VALID = 40  # rows below which none are set aside to stop early
_PLACES = 16_384  # of rows of different sizes, filled up to the longest, in one batch
_RATE = 1e-3  # nearest to 0 and 1 that a class's share is taken to be


class Network(Member):
    """The mean of a few networks that differ in their seeds; all tasks share the hidden layers.

    A subclass writes `module` and `inputs`; what those need to know of the training rows it learns in
    `_prepare` and keeps with `_kept` and `_keep`. Numbers are learned at mean 0 and deviation 1;
    bounds pull only from the wrong side; class tasks start from the share of their positives.
    """

    settings: ClassVar[tuple[str, ...]] = (
        "networks",
        "epochs",
        "batch_size",
        "lr",
        "weight_decay",
        "dropout",
        "patience",
        "focal_gamma",
        "huber",
        "schedule",
        "device",
        "devices",
        "precision",
    )
    networks = 1
    epochs = 30
    batch_size = 32
    lr = 1e-3
    weight_decay = 1e-2
    dropout = 0.1
    patience: int | None = None  # epochs; a tenth of the rows is then set aside to judge by
    focal_gamma = 0.0
    huber: float | None = None  # deviations beyond which errors count only linearly
    schedule = "one_cycle"
    device = "auto"
    devices = 1
    precision = "32-true"
    predict_batch = 128

    @abstractmethod
    def module(self, outputs: int) -> "torch.nn.Module":
        """A fresh network whose forward takes what `inputs` gives, to (n, outputs)."""

    @abstractmethod
    def inputs(self, ready: Any, rows: np.ndarray, random: np.random.Generator | None) -> tuple[Any, ...]:
        """Tensors (or what has `.to(device)`) of some rows; `random`, in training only, may vary them."""

    def _prepare(self, X: Any, y: Targets) -> None:
        """Learn what `_ready` and `module` need from all training rows."""

    def _kept(self) -> dict[str, np.ndarray]:
        """What `_prepare` learned, for the model folder."""
        return {}

    def _keep(self, arrays: dict[str, np.ndarray]) -> None:
        """Undo `_kept`."""

    def _ready(self, X: Any) -> Any:
        """Rows as `inputs` takes them: what needs doing once, not for every batch."""
        return X

    def _ready_to_learn(self, X: Any) -> Any:
        """The same for training, where it may hold more ways to show a row."""
        return self._ready(X)

    def _sizes(self, ready: Any) -> np.ndarray | None:
        """(n,) how long each row is, if rows of like size should share a batch."""

    def _plan(self, n: int) -> "Plan":
        from yaokit.nn.loop import Plan

        return Plan(
            epochs=self.epochs,
            batch_size=self.batch_size,
            lr=self.lr,
            weight_decay=self.weight_decay,
            schedule=self.schedule,
            patience=self.patience,
            device=self.device,
            devices=self.devices,
            precision=self.precision,
        )

    def fit_features(self, X: Any, y: Targets, work: Path | None = None) -> None:
        self._center, self._scale = center_and_scale(y)
        self._kinds = y.kinds
        self._modules: dict[int, Any] = {}
        used = np.flatnonzero((y.known & (y.weights > 0)).any(axis=1))
        self._prepare(X[used], y.take(used))
        key = digest([X, y.values, y.bounds, y.weights]) if work else None
        lesson = _Lesson(self, self._ready_to_learn(X), y)
        self._states = [
            self._fit_one(i, lesson, used, work and work / f"network-{i}", key) for i in range(self.networks)
        ]

    def _fit_one(
        self, number: int, lesson: "_Lesson", used: np.ndarray, work: Path | None, key: str | None
    ) -> State:
        import torch

        from yaokit.nn.loop import train

        seed = derived(self.seed, self.name, number)
        valid = None
        if self.patience is not None and len(used) >= _MIN_VALID:
            order = rng(seed, "valid").permutation(used)
            valid, used = np.split(order, [len(order) // 10])
            used = np.sort(used)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            module = self.module(len(self._center))
        settings = [[name, getattr(self, name)] for name in self.settings]
        train(
            module,
            lesson,
            used,
            self._plan(len(used)),
            seed=seed,
            valid=valid,
            work=work,
            sizes=self._sizes(lesson.ready),
            key=[key, settings, self._kinds],
        )
        return {name: tensor.numpy() for name, tensor in module.state_dict().items()}

    def module_of(self, number: int = 0) -> "torch.nn.Module":
        """A fitted network, ready to predict; numbers come out scaled, classes as logits less `_center`."""
        import torch

        if number not in self._modules:
            with torch.random.fork_rng(devices=[]):
                module = self.module(len(self._center))
            module.load_state_dict({k: torch.from_numpy(v) for k, v in self._states[number].items()})
            self._modules[number] = module.eval()
        return self._modules[number]

    def predict_features(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        ready = self._ready(X)
        every = np.stack([self._outputs(i, ready) for i in range(len(self._states))])
        return self._pooled(every)

    def _pooled(self, every: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and spread of the (networks, n, tasks) outputs, as values and probabilities."""
        every = every.astype(np.float64) * self._scale + self._center
        is_class = np.array([kind == CLASSIFICATION for kind in self._kinds])
        every[..., is_class] = 1 / (1 + np.exp(-np.clip(every[..., is_class], -500, 500)))
        return every.mean(axis=0), every.std(axis=0)

    def _outputs(self, number: int, ready: Any) -> np.ndarray:
        """(n, tasks) of one network."""
        import torch

        from yaokit.nn.devices import one_thread

        n = ready.shape[0]
        sizes = self._sizes(ready)
        out = np.zeros((n, len(self._center)), np.float32)
        module, device = self.module_of(number), self._where()
        module.to(device)
        with torch.no_grad(), one_thread():
            for rows in self._batches(sizes, n):
                found = module(*(part.to(device) for part in self.inputs(ready, rows, None)))
                out[rows] = found.float().cpu().numpy()
        return out

    def _batches(self, sizes: np.ndarray | None, n: int) -> Iterator[np.ndarray]:
        """Row numbers to predict at once; long rows stand with their like, fewer together."""
        if sizes is None:
            yield from np.split(np.arange(n), np.arange(self.predict_batch, n, self.predict_batch))
            return
        order, start = np.argsort(sizes, kind="stable")[::-1], 0
        while start < n:
            count = int(np.clip(_PLACES // max(1, sizes[order[start]]), 1, self.predict_batch))
            yield order[start : start + count]
            start += count

    def _where(self) -> str:
        """Where to predict: as trained, or on the processor of a machine without that GPU."""
        from yaokit.core.errors import UsageError
        from yaokit.nn.devices import check_device

        try:
            return check_device(self.device)
        except UsageError:
            return "cpu"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_modules": {}}

    def _write(self, folder: Path) -> dict[str, Any]:
        arrays = {"center": self._center, "scale": self._scale}
        arrays |= {f"kept.{name}": array for name, array in self._kept().items()}
        for i, state in enumerate(self._states):
            arrays |= {f"network.{i}.{name}": array for name, array in state.items()}
        save_arrays(folder / _FILE, arrays)
        return {}

    def _read(self, folder: Path, card: dict[str, Any]) -> None:
        arrays = load_arrays(folder / _FILE)
        self._kinds, self._modules = tuple(card["kinds"]), {}
        self._center, self._scale = arrays["center"], arrays["scale"]
        self._keep(_under(arrays, "kept."))
        self._states = [_under(arrays, f"network.{i}.") for i in range(self.networks)]


class _Lesson:
    """What the loop asks a network for, of one set of rows."""

    def __init__(self, member: Network, ready: Any, y: Targets) -> None:
        import torch

        self.member, self.ready = member, ready
        values = (y.values - member._center) / member._scale
        is_class = np.array([kind == CLASSIFICATION for kind in y.kinds])
        values[:, is_class] = y.values[:, is_class]
        self.targets = [torch.from_numpy(a.astype(np.float32)) for a in (values, y.bounds, y.weights)]
        self.is_class = torch.from_numpy(is_class)
        self.shift = torch.from_numpy(np.where(is_class, member._center, 0.0).astype(np.float32))

    def batch(self, rows: np.ndarray, random: np.random.Generator | None) -> list[Any]:
        inputs = self.member.inputs(self.ready, rows, random)
        return [inputs, [part[rows] for part in self.targets], self.is_class, self.shift]

    def loss(self, module: "torch.nn.Module", batch: Any) -> "torch.Tensor":
        from yaokit.nn.losses import multitask_loss

        inputs, (values, bounds, weights), is_class, shift = batch
        output = module(*inputs) + shift
        huber, gamma = self.member.huber, self.member.focal_gamma
        return multitask_loss(output, values, bounds, weights, is_class, huber=huber, gamma=gamma)


def center_and_scale(y: Targets) -> tuple[np.ndarray, np.ndarray]:
    """(tasks,) where outputs stand: mean and deviation of numbers; logit of the share and 1 of a class."""
    center, scale = np.zeros(len(y.kinds)), np.ones(len(y.kinds))
    for j, kind in enumerate(y.kinds):
        known = y.exact[:, j] if y.exact[:, j].any() else y.known[:, j]
        values, weights = y.values[known, j], y.weights[known, j]
        if weights.sum() <= 0:
            continue
        mean = np.average(values, weights=weights)
        if kind == CLASSIFICATION:
            share = np.clip(mean, _RATE, 1 - _RATE)
            center[j] = np.log(share / (1 - share))
            continue
        deviation = np.sqrt(np.average((values - mean) ** 2, weights=weights))
        center[j], scale[j] = mean, deviation if deviation > 0 else 1.0
    return center, scale


def _under(arrays: dict[str, np.ndarray], head: str) -> dict[str, np.ndarray]:
    return {name[len(head) :]: array for name, array in arrays.items() if name.startswith(head)}


def digest(value: Any) -> str:
    """SHA-256 of arrays, however nested: the same for equal content."""
    found = hashlib.sha256()
    for part in _bytes(value):
        found.update(part)
    return found.hexdigest()


def _bytes(value: Any) -> Sequence[bytes]:
    if isinstance(value, np.ndarray) and value.dtype == object:
        return ["\n".join(map(str, value)).encode()]
    if isinstance(value, np.ndarray):
        return [str((value.dtype, value.shape)).encode(), np.ascontiguousarray(value).tobytes()]
    if isinstance(value, csr_array):
        return _bytes([value.data, value.indices, value.indptr])
    if isinstance(value, list | tuple):
        return [piece for part in value for piece in _bytes(part)]
    if is_dataclass(value):
        return _bytes([getattr(value, field.name) for field in fields(value)])
    return [repr(value).encode()]

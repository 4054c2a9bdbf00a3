"""What each step of a pre-training sees: a function of the seed and the step's number."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from yaokit.core.seed import rng

_POOL = 32  # batches whose molecules are sorted by length together


@dataclass(frozen=True)
class Stretch:
    """The steps `first` ≤ step < `last` that pass through one shard in one epoch."""

    epoch: int
    shard: int
    first: int
    last: int


@dataclass(frozen=True)
class Order:
    """Shards of these sizes in batches; the first rows of shard 0 are held back for validation."""

    sizes: Sequence[int]
    batch_size: int
    asked_valid: int  # molecules to hold back, at most a tenth of shard 0
    seed: int

    @property
    def n_valid(self) -> int:
        return min(self.asked_valid, self.sizes[0] // 10)

    @cached_property
    def steps(self) -> np.ndarray:
        """(shards,) batches of each."""
        rows = np.array(self.sizes) - self._skipped()
        return np.where(rows > 0, np.maximum(1, np.round(rows / self.batch_size)), 0).astype(np.int64)

    @property
    def per_epoch(self) -> int:
        return int(self.steps.sum())

    def stretch(self, step: int) -> Stretch:
        """The stretch in which a step lies."""
        epoch, within = divmod(step, self.per_epoch)
        shards = rng(self.seed, "shards", epoch).permutation(len(self.sizes))
        ends = np.cumsum(self.steps[shards])
        at = int(np.searchsorted(ends, within, side="right"))
        begin = epoch * self.per_epoch
        return Stretch(
            epoch, int(shards[at]), int(begin + ends[at] - self.steps[shards[at]]), int(begin + ends[at])
        )

    def batches(self, stretch: Stretch, lengths: np.ndarray) -> list[np.ndarray]:
        """Row numbers of each step of the stretch, those of like length together."""
        random = rng(self.seed, "rows", stretch.epoch, stretch.shard)
        skipped = int(self._skipped()[stretch.shard])
        order = skipped + random.permutation(self.sizes[stretch.shard] - skipped)
        n = stretch.last - stretch.first
        pools = np.array_split(order, max(1, n // _POOL))
        order = np.concatenate([pool[np.argsort(lengths[pool], kind="stable")] for pool in pools])
        batches = np.array_split(order, n)
        return [batches[i] for i in random.permutation(n)]

    def valid(self, lengths: np.ndarray) -> list[np.ndarray]:
        """Row numbers in shard 0 of each batch held back."""
        rows = np.argsort(lengths[: self.n_valid], kind="stable")
        return np.array_split(rows, max(1, round(self.n_valid / self.batch_size))) if len(rows) else []

    def _skipped(self) -> np.ndarray:
        skipped = np.zeros(len(self.sizes), np.int64)
        skipped[0] = self.n_valid
        return skipped

"""Batches of a corpus, step by step; beside a GPU other processes make them ahead."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from yaokit.core.seed import rng
from yaokit.pretrain import Objective
from yaokit.pretrain.corpus import Corpus, Targets
from yaokit.pretrain.order import Order, Stretch

_SYMBOL = re.compile(r"\[[^\]]*\]|Br|Cl|.", re.DOTALL)


class Stream:
    """A corpus as an objective's batches; the targets of a shard must be there before it is read.

    `grouping`, of LENGTHS, is what is like in the molecules of a batch.
    """

    def __init__(
        self, corpus: Corpus, objective: Objective, order: Order, targets: Targets | None, processes: int = 0
    ) -> None:
        self.corpus, self.objective, self.order, self.targets = corpus, objective, order, targets
        self.processes, self.grouping = processes, GROUPING

    def batches(
        self, stretch: Stretch, start: int, stop: int, rank: int = 0, ranks: int = 1
    ) -> Iterator[Any]:
        """(step, molecules, batch) of the steps `start` ≤ step < `stop` of a stretch, a share of each."""
        steps = _Steps(self, stretch, start, stop, rank, ranks)
        if not self.processes:
            yield from (steps[i] for i in range(len(steps)))
            return
        loader = torch.utils.data.DataLoader(
            steps,
            batch_size=None,
            num_workers=min(self.processes, len(steps)),
            prefetch_factor=4,
            collate_fn=_itself,
            generator=torch.Generator(),  # else it draws from torch's own random numbers
        )
        yield from loader

    def valid(self) -> Iterator[tuple[int, Any]]:
        """(molecules, batch) of what is held back, each time the same."""
        smiles = self.corpus.smiles(0)[: self.order.n_valid]
        targets = None if self.targets is None else self.targets.read(0, self.order.n_valid)
        for i, rows in enumerate(self.order.valid(LENGTHS[self.grouping](smiles))):
            yield len(rows), _batch(self.objective, smiles, targets, rows, rng(self.order.seed, "valid", i))


class _Steps(torch.utils.data.Dataset):
    def __init__(
        self, stream: Stream, stretch: Stretch, start: int, stop: int, rank: int, ranks: int
    ) -> None:
        self.objective, self.seed = stream.objective, stream.order.seed
        self.smiles = stream.corpus.smiles(stretch.shard)
        self.targets = None if stream.targets is None else stream.targets.read(stretch.shard)
        every = stream.order.batches(stretch, LENGTHS[stream.grouping](self.smiles))
        self.start, self.rank, self.ranks = start, rank, ranks
        self.rows = every[start - stretch.first : stop - stretch.first]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: int) -> tuple[int, int, Any]:
        step, rows = self.start + i, self.rows[i]
        mine = rows[self.rank :: self.ranks] if len(rows) >= self.ranks else rows
        random = rng(self.seed, "batch", step, self.rank)
        return step, len(rows), _batch(self.objective, self.smiles, self.targets, mine, random)


def _batch(
    objective: Objective,
    smiles: list[str],
    targets: np.ndarray | None,
    rows: np.ndarray,
    random: np.random.Generator,
) -> Any:
    chosen = None if targets is None else targets[rows]
    return objective.batch([smiles[i] for i in rows], chosen, random)


def _letters(smiles: Sequence[str]) -> np.ndarray:
    return np.array([len(text) for text in smiles], np.int64)


def _symbols(smiles: Sequence[str]) -> np.ndarray:
    """Tokens, nearly: a bracket counts as one. A fifth of the time."""
    return np.array([len(_SYMBOL.findall(text)) for text in smiles], np.int64)


GROUPING = "symbols"  # of what begins now
LENGTHS: dict[str, Callable[[Sequence[str]], np.ndarray]] = {  # trainings begun before keep "letters"
    "letters": _letters,
    "symbols": _symbols,
}


def _itself(item: Any) -> Any:
    return item

"""Genetic search on molecular graphs, starting from the best measured molecules.

After Jensen 2019 (doi:10.1039/C8SC05372C); different from it, parts of the user's own series are
swapped at the bonds they came from, and parents are chosen by rank.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from rdkit import Chem

from yaokit.chem.edits import MAX_ATOMS, crossover, mutate
from yaokit.chem.fragments import parts
from yaokit.core.seed import rng
from yaokit.core.store import read_json, write_json
from yaokit.core.table import MolTable

_TRIES = 20  # edits per molecule asked for


class Genetic:
    """Keeps the `population` best molecules told; children are edits and crossings of them.

    Until that many are known, the best of the fitted table, by `target` or in its order, fill up.
    `crossings` and `returns` are shares of the children: of two parents, of a fitted molecule.
    """

    def __init__(
        self,
        seed: int = 0,
        target: str | None = None,
        population: int = 100,
        crossings: float = 0.3,
        returns: float = 0.1,
        max_atoms: int = MAX_ATOMS,
    ) -> None:
        if population < 2:
            raise ValueError(f"population is {population}; two are the least to cross")
        self.seed, self.target, self.population = seed, target, population
        self.crossings, self.returns, self.max_atoms = crossings, returns, max_atoms
        self._round = 0
        self._seeds: list[str] = []
        self._parts: dict[int, list[str]] = {}
        self._best: list[tuple[str, float]] = []
        self._told: set[str] = set()

    def fit(self, table: MolTable) -> Self:
        """Take the best molecules of the table as seeds and their parts for swaps."""
        order = np.arange(len(table))
        if self.target is not None:
            order = np.argsort(-table.column(self.target), kind="stable")  # NaN comes last
        smiles = table.smiles
        self._seeds = [Chem.CanonSmiles(smiles[i]) for i in order[: self.population]]
        self._parts = parts(self._seeds)
        return self

    def ask(self, n: int) -> list[str]:
        """Up to n new children; none if there is no parent."""
        random = rng(self.seed, "genetic", self._round)
        parents = self._parents()
        old = self._told | set(self._seeds)
        children: dict[str, None] = {}
        for _ in range(_TRIES * n if parents else 0):
            if len(children) == n:
                break
            child = self._child(parents, random)
            if child is not None and child not in old:
                children[child] = None
        return list(children)

    def tell(self, smiles: Sequence[str], scores: np.ndarray) -> None:
        """Keep the best of those known and these."""
        self._told.update(smiles)
        scored = [(text, float(score)) for text, score in zip(smiles, scores, strict=True) if score == score]
        self._best = sorted([*self._best, *scored], key=lambda pair: (-pair[1], pair[0]))[: self.population]
        self._round += 1

    def save(self, folder: Path) -> None:
        """Everything in genetic.json."""
        folder.mkdir(parents=True, exist_ok=True)
        settings = {name: getattr(self, name) for name in _SETTINGS}
        state = {"round": self._round, "seeds": self._seeds, "best": self._best}
        state |= {"parts": list(self._parts.items()), "told": sorted(self._told)}
        write_json(folder / "genetic.json", {"settings": settings, "state": state})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What `save` wrote."""
        saved = read_json(folder / "genetic.json")
        state, out = saved["state"], cls(**saved["settings"])
        out._round, out._seeds, out._told = state["round"], state["seeds"], set(state["told"])
        out._parts = {int(end): pool for end, pool in state["parts"]}
        out._best = [(text, score) for text, score in state["best"]]
        return out

    def _parents(self) -> list[str]:
        """The best told, then seeds, up to the size of the population."""
        best = [text for text, _ in self._best]
        return best + [text for text in self._seeds if text not in best][: self.population - len(best)]

    def _child(self, parents: list[str], random: np.random.Generator) -> str | None:
        first = self._seeds if self._seeds and random.random() < self.returns else parents
        mol = _one(first, random)
        if random.random() < self.crossings:
            child = crossover(mol, _one(parents, random), random, self.max_atoms)
        else:
            child = mutate(mol, random, self._parts, self.max_atoms)
        return None if child is None else Chem.MolToSmiles(child)


_SETTINGS = ("seed", "target", "population", "crossings", "returns", "max_atoms")


def _one(ranked: list[str], random: np.random.Generator) -> Chem.Mol:
    """A molecule of a list, best first; the first tenth of the list has a third of the chances."""
    return Chem.MolFromSmiles(ranked[int(len(ranked) * random.random() ** 2)])

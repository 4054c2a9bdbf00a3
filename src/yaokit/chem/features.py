"""What models learn from: fingerprints and descriptors of many molecules, in parallel and cached."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rdkit import Chem, rdBase
from scipy.sparse import csr_array

from yaokit.chem.descriptors import descriptor_names, descriptors
from yaokit.chem.featurecache import FeatureCache
from yaokit.chem.fingerprints import ERG_SIZE, SIZE, Row, avalon, erg, morgan, morgan_row, stack
from yaokit.chem.parse import parse, quiet_rdkit
from yaokit.core.guard import Pool
from yaokit.core.reasons import Failure
from yaokit.core.store import content_key

_BATCH = 256
_HALF = 1024  # size of each of the two hashed fingerprints in "full"


class Kind(NamedTuple):
    """One kind of features: how a molecule gets them, how many, and a number to raise when they change."""

    of: Callable[[Chem.Mol], Row]
    size: Callable[[], int]
    version: int


class Features(NamedTuple):
    """A matrix (n, features) float32, and why there are none for some of its rows."""

    matrix: csr_array  # a failed row is empty
    failures: dict[int, Failure]


def features(
    smiles: Sequence[str], kind: str = "fp", *, workers: int = 1, cache: Path | None = None
) -> Features:
    """The features of each SMILES, computed in guarded child processes.

    `kind`: "fp", Morgan counts (2,048), or "full", Morgan (1,024) and Avalon (1,024) counts, ErG
    (315) and RDKit's 217 descriptors, in that order, about 8 ms a molecule. A descriptor that fails,
    is infinite or too large for float32 is NaN. A molecule that hangs or crashes RDKit costs only
    itself. `cache` is a folder where features are kept for the next time, `core.cache.cache_folder()`
    for example; any number of runs may share it. KeyError lists the kinds if one is unknown.
    """
    if kind not in KINDS:
        raise KeyError(f"no features are called {kind!r}; choose from: {', '.join(KINDS)}")
    rows: list[Row | None] = [None] * len(smiles)
    kept = FeatureCache(cache, f"{kind}-{_key(kind)}") if cache else None
    if kept:
        rows = kept.read(smiles)
    wanted = [i for i, row in enumerate(rows) if row is None]
    failures: dict[int, Failure] = {}
    for places, results in _computed(smiles, wanted, kind, workers):
        good = []
        for i, result in zip(places, results, strict=True):
            if isinstance(result, Failure):
                failures[i] = result
            else:
                rows[i] = result
                good.append((smiles[i], result))
        if kept:
            kept.write(good)
    empty = (np.zeros(0, np.int32), np.zeros(0, np.float32))
    return Features(stack([row or empty for row in rows], KINDS[kind].size()), failures)


def feature_names(kind: str) -> list[str]:
    """A name for each column of `features`."""
    if kind == "fp":
        return [f"morgan_{i}" for i in range(SIZE)]
    hashed = [f"{name}_{i}" for name in ("morgan", "avalon") for i in range(_HALF)]
    return [*hashed, *(f"erg_{i}" for i in range(ERG_SIZE)), *descriptor_names()]


@dataclass(frozen=True)
class _Each:
    """SMILES → the features of one molecule; what a child process runs."""

    kind: str

    def __call__(self, smiles: str) -> Row | Failure:
        mol = parse(smiles)
        if isinstance(mol, Failure):
            return mol
        with quiet_rdkit():
            return KINDS[self.kind].of(mol)


def _computed(
    smiles: Sequence[str], wanted: Sequence[int], kind: str, workers: int
) -> Iterator[tuple[Sequence[int], list[Row | Failure]]]:
    """Places and results, batch by batch."""
    if not wanted:
        return
    places = [wanted[start : start + _BATCH] for start in range(0, len(wanted), _BATCH)]
    with Pool(_Each(kind), workers=min(workers, len(places))) as pool:
        results = pool.map([smiles[i] for i in batch] for batch in places)
        yield from zip(places, results, strict=True)


def full_size() -> int:
    """How many features "full" has."""
    return 2 * _HALF + ERG_SIZE + len(descriptor_names())


def full_row(mol: Chem.Mol) -> Row:
    """The "full" features of one molecule; NaN = a descriptor failed."""
    parts = [morgan([mol], size=_HALF).toarray(), avalon([mol], _HALF).toarray(), erg([mol])]
    numbers = descriptors([mol])
    numbers[~(np.abs(numbers) < np.finfo(np.float32).max)] = np.nan
    whole = np.concatenate([*parts, numbers], axis=1, dtype=np.float32, casting="unsafe")[0]
    indices = np.flatnonzero(whole).astype(np.int32)  # NaN counts as not 0
    return indices, whole[indices]


def _key(kind: str) -> str:
    return content_key({"kind": kind, "version": KINDS[kind].version, "rdkit": rdBase.rdkitVersion})


KINDS = {
    "fp": Kind(morgan_row, lambda: SIZE, 1),
    "full": Kind(full_row, full_size, 1),
}

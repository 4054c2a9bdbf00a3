"""Features from pre-trained networks: "embedded", and "rich", which is "full" followed by it.

A kind may name its network: "embedded@masked". A network is a shipped one, or one that
`nn.pretrained.keep` took from a folder and calls by its key. Model folders hold a copy of what they
read, and a loaded model calls it by its key, so that it hangs neither on a cache nor on what is shipped.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
from rdkit import Chem
from scipy.sparse import csr_array, hstack

from yaokit.chem.featurecache import FeatureCache
from yaokit.chem.fingerprints import Row, stack
from yaokit.core.cache import cache_folder
from yaokit.core.errors import UsageError
from yaokit.core.guard import Pool
from yaokit.core.lazy import resolve
from yaokit.core.store import read_json, write_json
from yaokit.models.rows import full
from yaokit.nn.pretrained import (
    ENCODERS,
    Pretrained,
    copy,
    folder_of,
    kept_folder,
    open_pretrained,
    shipped,
)

EMBED = {"graph": "yaokit.nn.graph_pretraining:embed", "masked": "yaokit.nn.masked:embed"}  # by kind
DEFAULT = "default"
FOLDER = "encoders"  # in a model folder
_FEW = 1_000  # molecules that are not worth the start of other processes
_BATCH = 512
_KEYS = "keys.json"
_VERSION = 1  # to be raised when a network's embedding of a molecule is computed otherwise
_brought: dict[str, tuple[Pretrained, Path]] = {}  # by key: of model folders loaded in this process


def embedded(mols: Sequence[Chem.Mol], network: str = DEFAULT) -> csr_array:
    """(n, width) float32 what the network says of each molecule."""
    return csr_array(_embed(opened(network), mols))


def rich(mols: Sequence[Chem.Mol], network: str = DEFAULT) -> csr_array:
    """(n, 2580 + width) float32: "full" features, then the embedding."""
    return joined(full(mols), embedded(mols, network))


def joined(first: csr_array, second: csr_array) -> csr_array:
    """The two parts of "rich" features as one."""
    return csr_array(hstack([first, second], format="csr"))


def embedded_smiles(
    smiles: Sequence[str], network: str = DEFAULT, *, workers: int = 1, cache: Path | None = None
) -> csr_array:
    """`embedded` of SMILES that parse; many in parallel processes, kept in `cache`."""
    found = opened(network)
    kept = FeatureCache(cache, f"embedded-{_VERSION}-{found.key}-{version('rdkit')}") if cache else None
    rows: list[Row | None] = kept.read(smiles) if kept else [None] * len(smiles)
    wanted = [i for i, row in enumerate(rows) if row is None]
    batches = [wanted[start : start + _BATCH] for start in range(0, len(wanted), _BATCH)]
    computed = _computed([[smiles[i] for i in places] for places in batches], found, workers)
    for places, fresh in zip(batches, computed, strict=True):
        made = [(np.flatnonzero(values).astype(np.int32), values[values != 0]) for values in fresh]
        if kept:
            kept.write([(smiles[i], row) for i, row in zip(places, made, strict=True)])
        for i, row in zip(places, made, strict=True):
            rows[i] = row
    return stack([row for row in rows if row is not None], _embed(found, []).shape[1])


def opened(network: str) -> Pretrained:
    """The encoder that a kind of features names; UsageError if there is none."""
    if network in _brought:
        return _brought[network][0]
    if network != DEFAULT and network not in shipped() and not kept_folder(network).is_dir():
        known = ", ".join(name for name, card in shipped().items() if card["kind"] in ENCODERS)
        raise UsageError(
            f"no pre-trained encoder is called {network!r}; shipped are: {known or 'none'}; "
            "one of your own is given as a folder with --from"
        )
    return _opened(network, cache_folder())


def check_networks(kinds: Iterable[str]) -> None:
    """UsageError unless every network that these kinds of features read is there."""
    for network in _networks(kinds):
        opened(network)


def save_encoders(kinds: Iterable[str], folder: Path) -> None:
    """Put the networks that these kinds of features read into a model folder."""
    keys = {network: opened(network).key for network in _networks(kinds)}
    if not keys:
        return
    target = folder / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    for network in keys:
        copy(_place(network), target / network)
    write_json(target / _KEYS, keys)


def load_encoders(kinds: Iterable[str], folder: Path) -> dict[str, str]:
    """Each of these kinds → the kind that reads the same from the model folder itself, whose networks
    are called by their keys; nothing is written. UsageError if one is damaged or another one.
    """
    kinds, target = list(kinds), folder / FOLDER
    if not (networks := _networks(kinds)):
        return {}
    try:
        keys = read_json(target / _KEYS)
        missing = [network for network in networks if network not in keys]
    except (OSError, ValueError, TypeError):
        missing = networks
    if missing:
        raise UsageError(
            f"{target / _KEYS} is damaged or missing: copy the folder again or train the model again"
        )
    for network in networks:
        place = target / network if (target / network).is_dir() else _place(network)
        found = open_pretrained(place, ENCODERS)
        if found.key != keys[network]:
            raise UsageError(
                f"{folder} reads the pre-trained network {network!r}, but what is there is another one: "
                "copy the folder again or train the model again"
            )
        _brought[found.key] = found, place.resolve()
    return {kind: f"{name}@{keys[network or DEFAULT]}" for kind, name, network in _parts(kinds)}


def _place(network: str) -> Path:
    """Its folder; that of a loaded model, while it is there."""
    if network in _brought and _brought[network][1].is_dir():
        return _brought[network][1]
    return folder_of(network, ENCODERS)


def _networks(kinds: Iterable[str]) -> list[str]:
    """The networks that kinds of features name, or read without naming them."""
    return sorted({network or DEFAULT for _, _, network in _parts(kinds)})


def _parts(kinds: Iterable[str]) -> list[tuple[str, str, str]]:
    """The kinds that read a network: whole, their name, the network that they name."""
    split = [(kind, *kind.partition("@")) for kind in kinds]
    return [(kind, name, network) for kind, name, _, network in split if name in ("embedded", "rich")]


@lru_cache(maxsize=4)
def _opened(network: str, cache: Path) -> Pretrained:
    """`cache` is where kept networks are: another one, other networks."""
    return open_pretrained(network, ENCODERS)


def _embed(found: Pretrained, mols: Sequence[Chem.Mol]) -> np.ndarray:
    return resolve(EMBED[found.kind])(found, mols)


def _computed(batches: list[list[str]], found: Pretrained, workers: int) -> Iterable[np.ndarray]:
    """The embeddings of each batch of SMILES."""
    work = _Batch(found)
    if workers == 1 or sum(map(len, batches)) < _FEW:
        yield from (work(batch, []) for batch in batches)
        return
    with Pool(_same, work, workers=min(workers, len(batches)), memory_limit_mb=None) as pool:
        yield from pool.map(batches)


class _Batch:
    """SMILES → their embeddings; what a child process runs."""

    def __init__(self, found: Pretrained) -> None:
        self._found = found

    def __call__(self, smiles: list[str], results: list[str]) -> np.ndarray:
        return _embed(self._found, [Chem.MolFromSmiles(text) for text in smiles])


def _same(smiles: str) -> str:
    return smiles

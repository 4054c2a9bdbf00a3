"""Pre-trained networks on disk: a card and the weights; some are shipped with the package."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from yaokit.core.cache import cache_folder
from yaokit.core.errors import UsageError
from yaokit.core.store import content_key, file_hash, publish, read_json, write_json, writing
from yaokit.nn.checkpoint import load_arrays, save_arrays
from yaokit.nn.tokenizer import VERSION, smiles_tokenizer

FORMAT = 1
ENCODERS, PRIORS = ("graph", "masked"), ("causal",)  # kinds
SEQUENCES = ("masked", "causal")  # kinds that read tokens
_SHIPPED = ("graph", "masked", "default", "moses", "zinc")  # the first of a kind is its default
_CARD, _WEIGHTS = "card.json", "weights.safetensors"
_KEPT = "pretrained"  # below the cache folder


@dataclass(frozen=True)
class Pretrained:
    """A network's settings, weights and card."""

    kind: str  # of ENCODERS or PRIORS
    settings: dict[str, Any]  # what its network is built from
    state: dict[str, np.ndarray]  # float32 weights by name
    card: dict[str, Any]  # how it was made
    key: str  # 16 hex digits over kind, settings and weights


def shipped() -> dict[str, dict[str, Any]]:
    """Name → card of the networks in the package."""
    cards = {name: _shipped_folder(name) / _CARD for name in _SHIPPED}
    return {name: read_json(card) for name, card in cards.items() if card.is_file()}


def open_pretrained(source: str | Path, kinds: Sequence[str]) -> Pretrained:
    """The network of one of these kinds that stands in a folder or is shipped under a name.

    "default" is the first shipped of these kinds; a folder of that or another shipped name is
    meant by a Path or by `./default`. UsageError: no such name or folder, another kind, a
    damaged file, a format or token list that this version does not know.
    """
    folder = folder_of(source, kinds)
    card = _card(folder)
    for what, known in (("format", (FORMAT,)), ("kind", kinds)):
        if card.get(what) not in known:
            raise UsageError(
                f"{folder} holds a pre-trained network of {what} {card.get(what)!r}; "
                f"needed here: {' or '.join(map(str, known))}"
            )
    _check_tokens(folder, card)
    weights = folder / _WEIGHTS
    if not weights.is_file() or file_hash(weights) != card["weights_sha256"]:
        state = "is damaged (its bytes are not those of the card)" if weights.is_file() else "is missing"
        raise UsageError(f"{weights} {state}: copy the folder again, or go on with its pre-training")
    arrays = {name: array.astype(np.float32) for name, array in load_arrays(weights).items()}
    key = content_key([card["kind"], card["settings"], card["weights_sha256"]])
    return Pretrained(card["kind"], card["settings"], arrays, card, key)


def save_pretrained(
    folder: Path,
    kind: str,
    settings: Mapping[str, Any],
    state: Mapping[str, np.ndarray],
    card: Mapping[str, Any],
    *,
    half: bool = True,
) -> None:
    """Write `card.json` and `weights.safetensors`, both or neither; other files stay.

    With `half` matrices are kept as float16, where that holds them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {name: _narrow(array) if half else array for name, array in state.items()}
    about = {"format": FORMAT, "kind": kind, "settings": dict(settings)}
    if kind in SEQUENCES:
        about["tokens"] = {"version": VERSION, "size": len(smiles_tokenizer())}
    about |= {"yaokit": version("yaokit"), "parameters": sum(array.size for array in state.values())}
    with writing(folder / _CARD) as part:
        fresh = folder / f"{_WEIGHTS}.new"
        try:
            save_arrays(fresh, arrays)
            write_json(part, {**card, **about, "weights_sha256": file_hash(fresh)})
            fresh.replace(folder / _WEIGHTS)
        finally:
            fresh.unlink(missing_ok=True)


def keep(source: str | Path, kinds: Sequence[str]) -> str:
    """The name of a network wherever models read it: a shipped one's, or the key under which it is kept.

    A folder is copied below the cache folder, so that a model does not hang on where it stood.
    """
    found = open_pretrained(source, kinds)
    for name, card in shipped().items():
        if (card["kind"], card["weights_sha256"]) == (found.kind, found.card["weights_sha256"]):
            return name
    copy(folder_of(source, kinds), kept_folder(found.key))
    return found.key


def kept_folder(key: str) -> Path:
    """Where `keep` puts a network."""
    return cache_folder() / _KEPT / key


def copy(source: Path, target: Path) -> None:
    """The card and weights as a folder of their own, whole or not at all; nothing if they are there.

    A copy whose weights are not those of the source's card is replaced.
    """
    if _is_whole(target, _card(source)["weights_sha256"]):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent) as scratch:
        part = Path(scratch) / target.name
        part.mkdir()
        for name in (_CARD, _WEIGHTS):
            shutil.copyfile(source / name, part / name)
        publish(part, target)


def folder_of(source: str | Path, kinds: Sequence[str]) -> Path:
    """Where a network stands that `open_pretrained` reads; UsageError if there is none."""
    there = {name: card["kind"] for name, card in shipped().items()}
    fit = [name for name, kind in there.items() if kind in kinds]
    if isinstance(source, str):
        if not source.strip():
            raise UsageError("a pre-trained network is asked for without a name: give a name or a folder")
        if source == "default" and fit:
            return _shipped_folder(fit[0])
        if source in there:
            return _shipped_folder(source)
        if "/" not in source and source not in (".", "..") and kept_folder(source).is_dir():
            return kept_folder(source)
    folder = Path(source)
    if not (folder / _CARD).is_file():
        what = "has no card.json" if folder.is_dir() else "is no folder and no shipped name"
        raise UsageError(
            f"no pre-trained network ({' or '.join(kinds)}): {str(source)!r} {what}; give a folder that "
            f"`yaokit pretrain` wrote, or one of the shipped: {', '.join(fit) or 'none of this kind'}"
        )
    return folder


def _is_whole(folder: Path, weights_sha256: str) -> bool:
    """Whether a kept copy has a card of these weights, and the weights."""
    try:
        known = _card(folder)["weights_sha256"] == weights_sha256
        return known and file_hash(folder / _WEIGHTS) == weights_sha256
    except (OSError, UsageError):
        return False


def _shipped_folder(name: str) -> Path:
    return Path(str(files("yaokit.nn"))) / "weights" / name


def _card(folder: Path) -> dict[str, Any]:
    path = folder / _CARD
    try:
        card = read_json(path)
    except ValueError as error:
        raise UsageError(f"{path} is damaged ({error}): copy the folder again") from None
    needed = {"format", "kind", "settings", "weights_sha256"}
    if not isinstance(card, dict) or not needed <= card.keys():
        raise UsageError(f"{path} is not the card of a pre-trained network; give the folder that holds one")
    return card


def _check_tokens(folder: Path, card: dict[str, Any]) -> None:
    """UsageError if a network of sequences reads other tokens than this version writes."""
    if card["kind"] not in SEQUENCES:
        return
    ours = {"version": VERSION, "size": len(smiles_tokenizer())}
    if card.get("tokens") != ours:
        raise UsageError(
            f"{folder} was pre-trained on tokens {card.get('tokens')}, this yaokit has {ours}: "
            "use the yaokit version of its card, or pre-train it again"
        )


def _narrow(array: np.ndarray) -> np.ndarray:
    """A matrix as float16, unless a number is too large for it; scales and biases are few and stay."""
    if array.ndim < 2:
        return array
    with np.errstate(over="ignore"):
        narrow = array.astype(np.float16)
    return narrow if np.isfinite(narrow).all() or not np.isfinite(array).all() else array

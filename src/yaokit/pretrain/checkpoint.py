"""Where a pre-training is, on disk: weights, optimizer, counts."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from yaokit.core.errors import UsageError
from yaokit.core.store import read_json
from yaokit.nn.checkpoint import load_about, load_arrays, save_arrays
from yaokit.pretrain import KINDS

FILE = "checkpoint.safetensors"


@dataclass
class Checkpoint:
    """How far a pre-training is; the next step is number `step`."""

    prepared: dict[str, np.ndarray]
    step: int = 0
    n_seen: int = 0  # molecules
    cpu_s: float = 0.0
    train_loss: float = float("nan")  # running mean
    valid: list[dict[str, float]] = field(default_factory=list)
    plans: list[list[Any]] = field(default_factory=list)  # [first step, settings] of each stretch
    grouping: str = "letters"  # of stream.LENGTHS; that of a checkpoint which does not say it


def check_out(out: Path) -> None:
    """UsageError if a folder to write is a file, or holds something else than a pre-training."""
    if out.exists() and not _can_hold_training(out):
        raise UsageError(
            f"{out} exists and is no folder of a pre-training; choose another one with -o, or delete it"
        )


def _can_hold_training(out: Path) -> bool:
    """An older pre-training, begun or done, its card maybe damaged, or an empty folder."""
    if not out.is_dir():
        return False
    if (out / "card.json").exists():
        has_checkpoint = (out / "training" / FILE).exists()
        return _card_kind(out / "card.json") in (*KINDS, *([None] if has_checkpoint else []))
    names = {path.name for path in out.iterdir()} - {".lock"}
    return not names or not names.isdisjoint({"training", "corpus"})


def _card_kind(path: Path) -> str | None:
    """Of a pre-trained network; "other" if it is the card of something else, None if it is damaged."""
    try:
        card = read_json(path)
    except ValueError:
        return None
    if not isinstance(card, dict) or not card:
        return None
    return str(card.get("kind")) if "weights_sha256" in card else "other"


def write_checkpoint(
    folder: Path,
    identity: Mapping[str, Any],
    at: Checkpoint,
    state: Mapping[str, np.ndarray],
    optimizer: torch.optim.Optimizer,
) -> None:
    """One file, whole or not at all; the one before stays if the disk is full."""
    arrays = {f"now.{name}": array for name, array in state.items()}
    arrays |= {f"prepared.{name}": array for name, array in at.prepared.items()}
    for i, values in optimizer.state_dict()["state"].items():
        arrays |= {f"optimizer.{i}.{name}": array for name, array in arrays_of(values).items()}
    about = {name: value for name, value in asdict(at).items() if name != "prepared"}
    save_arrays(folder / FILE, arrays, {"identity": dict(identity), **about})


def read_checkpoint(
    folder: Path, identity: Mapping[str, Any], module: torch.nn.Module, optimizer: torch.optim.Optimizer
) -> Checkpoint | None:
    """What `write_checkpoint` wrote, its weights and moments put in place; None if there is none.

    UsageError if it is damaged, of another training, or of a network of another shape.
    """
    path = folder / FILE
    if not path.exists():
        return None
    about = load_about(path)
    if not isinstance(about, dict) or "identity" not in about:
        raise UsageError(f"{path} is damaged: delete {folder} to begin anew")
    theirs = about.pop("identity")
    if other := [name for name in identity if theirs.get(name) != identity[name]]:
        raise UsageError(
            f"{folder.parent} holds a pre-training with another {' and '.join(other)}; "
            "choose another folder with -o, or delete it"
        )
    arrays = load_arrays(path)
    _restore(path, module, {name: torch.from_numpy(a) for name, a in _under(arrays, "now").items()})
    values: dict[int, dict[str, torch.Tensor]] = {}
    for name, array in _under(arrays, "optimizer").items():
        number, _, what = name.partition(".")
        values.setdefault(int(number), {})[what] = torch.from_numpy(array)
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": values, "param_groups": groups})
    return Checkpoint(prepared=_under(arrays, "prepared"), **about)


def arrays_of(state: Mapping[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """Copies of the tensors."""
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in state.items()}


def _restore(path: Path, module: torch.nn.Module, state: dict[str, torch.Tensor]) -> None:
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        why = str(error).splitlines()[-1].strip()
        raise UsageError(
            f"{path} is of a network of another version or size ({why}); "
            "choose another folder with -o, or delete it"
        ) from None


def _under(arrays: Mapping[str, np.ndarray], part: str) -> dict[str, np.ndarray]:
    return {name[len(part) + 1 :]: array for name, array in arrays.items() if name.startswith(f"{part}.")}

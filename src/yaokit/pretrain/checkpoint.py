"""Where a pre-training is, on disk: weights, optimizer, counts."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from yaokit.core.errors import UsageError
from yaokit.core.store import read_json
from yaokit.nn.checkpoint import load_about, load_arrays, save_arrays
from yaokit.pretrain import KINDS
from yaokit.pretrain.stream import LENGTHS

FILE = "checkpoint.safetensors"
FORMAT = 1  # also of a checkpoint that does not say it
_Number = Annotated[int, Field(ge=0)]


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
    scaler: dict[str, float] = field(default_factory=dict)  # of the gradients, where precision has one


class _About(BaseModel):
    """What stands beside the arrays: all of it is read, so nothing else may stand there."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    format: int = FORMAT
    identity: dict[str, Any]
    n_arrays: _Number | None = None  # checkpoints written before do not say it
    step: _Number
    n_seen: _Number
    cpu_s: float
    train_loss: float
    valid: list[dict[str, float]]
    plans: list[Annotated[list[Any], Field(min_length=2, max_length=2)]]
    grouping: str = "letters"
    scaler: dict[str, float] = {}


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
    about |= {"format": FORMAT, "identity": dict(identity), "n_arrays": len(arrays)}
    save_arrays(folder / FILE, arrays, about)


def read_checkpoint(
    folder: Path, identity: Mapping[str, Any], module: torch.nn.Module, optimizer: torch.optim.Optimizer
) -> Checkpoint | None:
    """What `write_checkpoint` wrote, its weights and moments put in place; None if there is none.

    UsageError if it is damaged, of another training or version, or of a network of another shape.
    """
    path = folder / FILE
    if not path.exists():
        return None
    about = load_about(path)
    if not isinstance(about, dict) or "identity" not in about:
        raise UsageError(f"{path} is damaged: delete {folder} to begin anew")
    if wrong := _fault(about):
        raise _of_another_version(path, wrong)
    theirs = about["identity"]
    if other := [name for name in identity if theirs.get(name) != identity[name]]:
        raise UsageError(
            f"{folder.parent} holds a pre-training with another {' and '.join(other)}; "
            "choose another folder with -o, or delete it"
        )
    arrays = load_arrays(path)
    _restore(path, module, {name: torch.from_numpy(a) for name, a in _under(arrays, "now").items()})
    values = _moments(arrays)
    n_arrays = about.get("n_arrays")
    if n_arrays not in (None, len(arrays)):
        raise _of_another_version(path, f"{len(arrays)} of its {n_arrays} arrays are there")
    if wrong := _misfit(values, optimizer, whole=n_arrays is None and about["step"] > 0):
        raise _of_another_version(path, wrong)
    groups = optimizer.state_dict()["param_groups"]
    state = {
        int(i): {name: torch.from_numpy(a) for name, a in moments.items()} for i, moments in values.items()
    }
    optimizer.load_state_dict({"state": state, "param_groups": groups})
    at = {name: about[name] for name in about if name not in ("format", "identity", "n_arrays")}
    return Checkpoint(prepared=_under(arrays, "prepared"), **at)


def _fault(about: dict[str, Any]) -> str | None:
    """The first thing that this version does not know; None if it knows all."""
    if about.get("format", FORMAT) != FORMAT:
        return f"its format is {about['format']!r}, here {FORMAT}"
    try:
        found = _About.model_validate(about)
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return None if found.grouping in LENGTHS else f"grouping {found.grouping!r} is not known"


def _of_another_version(path: Path, why: str) -> UsageError:
    return UsageError(
        f"{path} was written by another version of yaokit, or is damaged ({why}): go on with the version "
        "that wrote it, choose another folder with -o, or delete it"
    )


def _moments(arrays: Mapping[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    """Number of a parameter → what the optimizer keeps of it."""
    values: dict[str, dict[str, np.ndarray]] = {}
    for name, array in _under(arrays, "optimizer").items():
        number, _, what = name.partition(".")
        values.setdefault(number, {})[what] = array
    return values


def _misfit(
    values: Mapping[str, Mapping[str, np.ndarray]], optimizer: torch.optim.Optimizer, whole: bool
) -> str | None:
    """The first parameter whose moments are not those of AdamW, or with `whole` are not there."""
    every = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    if unknown := next((i for i in values if i not in map(str, range(len(every)))), None):
        return f"there is no parameter {unknown}"
    for i, parameter in enumerate(every):
        found = {name: array.shape for name, array in values.get(str(i), {}).items()}
        shape = tuple(parameter.shape) or (1,)  # a file keeps a single number as a row of one
        fit = {"step": (1,), "exp_avg": shape, "exp_avg_sq": shape}
        if (found or whole) and found != fit:
            return f"moments of parameter {i} are {found or 'missing'}"
    return None


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

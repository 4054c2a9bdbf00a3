"""Arrays on disk as safetensors: no code runs when they are read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file

from yaokit.core.errors import UsageError
from yaokit.core.store import writing

_ABOUT = "about"


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray], about: Any = None) -> None:
    """The arrays under their names, and JSON about them, whole or not at all."""
    metadata = None if about is None else {_ABOUT: json.dumps(about)}
    with writing(path) as part:
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, part, metadata)


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays that `save_arrays` wrote; UsageError if the file is missing or damaged."""
    try:
        return load_file(path)
    except FileNotFoundError:
        raise UsageError(f"{path} is missing: the model folder is not complete") from None
    except SafetensorError as error:
        raise UsageError(f"{path} is damaged ({error}): train the model again") from None


def load_about(path: Path) -> Any:
    """The JSON that `save_arrays` wrote beside the arrays; None if there is none, or no file."""
    if not path.is_file():
        return None
    try:
        with safe_open(path, "numpy") as file:
            return json.loads((file.metadata() or {}).get(_ABOUT, "null"))
    except (SafetensorError, ValueError):
        return None

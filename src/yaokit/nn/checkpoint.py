"""Arrays on disk as safetensors: no code runs when they are read."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from yaokit.core.errors import UsageError
from yaokit.core.store import writing


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """The arrays under their names, whole or not at all."""
    with writing(path) as part:
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, part)


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """What `save_arrays` wrote; UsageError if the file is missing or damaged."""
    try:
        return load_file(path)
    except FileNotFoundError:
        raise UsageError(f"{path} is missing: the model folder is not complete") from None
    except SafetensorError as error:
        raise UsageError(f"{path} is damaged ({error}): train the model again") from None

"""Whether rows of one class, or of high or low values, leave more often than others."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_TERCILES = ("lowest third", "middle third", "highest third")
_MIN_DROPPED = 5  # rejected rows below which nothing is said
_P = 0.01


class Drops:
    """Gathers values and reason codes of all rows whose value could be read (nine bytes a row)."""

    def __init__(self, is_class: bool) -> None:
        self._is_class = is_class
        self._values: list[np.ndarray] = []
        self._codes: list[np.ndarray] = []
        self._names: dict[str, int] = {}

    def add(self, values: pa.ChunkedArray, codes: pa.ChunkedArray) -> None:
        """A value and a code a row; null for none."""
        mask = values.is_valid()
        known = codes.filter(mask).combine_chunks().dictionary_encode()
        number = [self._names.setdefault(name, len(self._names)) for name in known.dictionary.to_pylist()]
        places = pc.fill_null(known.indices, len(number)).to_numpy(zero_copy_only=False)
        self._values.append(values.filter(mask).to_numpy().astype(np.float64))
        self._codes.append(np.array([*number, -1], np.int8)[places])

    def told(self, task: str) -> dict[str, Any] | None:
        """Groups of rows with their counts by code, p of a chi-squared test, and a warning or None.

        The groups are the classes 1 and 0, or thirds of the values. None if no row was rejected.
        """
        values = np.concatenate([np.zeros(0), *self._values])
        codes = np.concatenate([np.zeros(0, np.int8), *self._codes])
        if not (codes >= 0).any():
            return None
        groups = [_group(name, codes[mask], self._names) for name, mask in self._split(values)]
        p = _chi_squared_p([(g["n_in"] - g["n_rejected"], g["n_rejected"]) for g in groups])
        return {"task": task, "groups": groups, "p": p, "warning": _warning(task, groups, p)}

    def _split(self, values: np.ndarray) -> list[tuple[str, np.ndarray]]:
        if self._is_class:
            parts = [("class 1", values == 1), ("class 0", values == 0)]
        else:
            low, high = np.quantile(values, [1 / 3, 2 / 3])
            masks = (values <= low, (values > low) & (values <= high), values > high)
            parts = list(zip(_TERCILES, masks, strict=True))
        return [(name, mask) for name, mask in parts if mask.any()]


def _group(name: str, codes: np.ndarray, names: Mapping[str, int]) -> dict[str, Any]:
    counts = {code: int((codes == number).sum()) for code, number in names.items()}
    dropped = dict(sorted(((c, n) for c, n in counts.items() if n), key=lambda item: (-item[1], item[0])))
    return {"name": name, "n_in": len(codes), "n_rejected": sum(dropped.values()), "codes": dropped}


def _warning(task: str, groups: Sequence[Mapping[str, Any]], p: float | None) -> str | None:
    if p is None or p >= _P or sum(g["n_rejected"] for g in groups) < _MIN_DROPPED:
        return None
    names = [g["name"] if g["name"].startswith("class") else f"the {g['name']}" for g in groups]
    shares = [g["n_rejected"] / g["n_in"] for g in groups]
    rates = ", ".join(f"{share:.1%} of {name}" for share, name in zip(shares, names, strict=True))
    return f"{task}: rows are not lost evenly: {rates} left (p {'< 0.001' if p < 0.001 else f'= {p:.3f}'})"


def _chi_squared_p(table: Sequence[tuple[int, int]]) -> float | None:
    """p of the chi-squared test for two or three groups; None where there is nothing to compare."""
    counts = np.array(table, float)
    if len(counts) < 2 or (counts.sum(axis=0) == 0).any():
        return None
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / counts.sum()
    x = float(((counts - expected) ** 2 / expected).sum())
    return math.erfc(math.sqrt(x / 2)) if len(counts) == 2 else math.exp(-x / 2)

"""Features of any range as inputs for kernels and networks: robustly scaled, without gaps."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from scipy.sparse import csr_array

LIMIT = 10.0  # of a scaled value
_PREFIX = "scaling."
_QUARTILES = 1.349  # between the quartiles of a normal distribution, in standard deviations
_BLOCK = 256  # columns at a time


@dataclass(frozen=True)
class Scaling:
    """What training rows say about each column worth reading; call it with rows to scale them.

    A column of counts (whole numbers from 0) becomes log(1 + count). A column whose quartiles differ
    is moved to median 0 and scaled by their distance; a count that is mostly one value keeps its
    scale. The rest is limited to ±10, unknown is 0, the median.
    """

    columns: (
        np.ndarray
    )  # (k,) int64: those where more than one training row (of 10 or more) leaves the median
    is_count: np.ndarray  # (k,) bool
    center: np.ndarray  # (k,) float32
    scale: np.ndarray  # (k,) float32, > 0

    @classmethod
    def fit(cls, X: csr_array) -> Self:
        """Learn from (n, columns); NaN = unknown."""
        by_column = X.tocsc()
        parts = []
        for start in range(0, max(X.shape[1], 1), _BLOCK):
            found = _describe(by_column[:, start : start + _BLOCK].toarray())
            parts.append((found[0] + start, *found[1:]))
        return cls(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def __call__(self, X: csr_array) -> np.ndarray:
        """(n, k) float32, finite."""
        values = _logged(X[:, self.columns].toarray().astype(np.float32), self.is_count)
        values -= self.center
        values /= self.scale
        return np.nan_to_num(np.clip(values, -LIMIT, LIMIT), copy=False)

    def arrays(self) -> dict[str, np.ndarray]:
        """For a safetensors file, beside other arrays."""
        return {_PREFIX + field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Undo `arrays`; KeyError if they are not there."""
        return cls(*(arrays[_PREFIX + field.name] for field in fields(cls)))


def _describe(dense: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The fields of `Scaling` for a block of columns."""
    known = np.isfinite(dense)
    is_count = ((dense >= 0) & (dense == np.floor(dense)) | ~known).all(axis=0)
    values = np.where(known, _logged(dense.astype(np.float64), is_count), np.nan)
    n = known.sum(axis=0)
    ordered = np.sort(values, axis=0) if len(values) else np.full((1, values.shape[1]), np.nan)  # NaN last
    first, median, third = (_at(ordered, n, share) for share in (0.25, 0.5, 0.75))
    differing = ((values != median) & known).sum(axis=0)
    columns = np.flatnonzero(differing >= min(2, len(dense) // 10 + 1))
    width = (third - first) / _QUARTILES
    flat = width <= 0
    spread = np.sqrt(np.nanmean((values[:, columns] - median[columns]) ** 2, axis=0))
    scale = np.where(flat[columns], np.where(is_count[columns], 1.0, spread), width[columns])
    center = np.where(flat & is_count, 0.0, median)[columns]
    scale = np.maximum(scale, np.finfo(np.float32).tiny)
    return columns, is_count[columns], center.astype(np.float32), scale.astype(np.float32)


def _at(ordered: np.ndarray, n: np.ndarray, share: float) -> np.ndarray:
    """(columns,) the value below which this share of the n known ones lies; NaN if n is 0."""
    place = np.maximum(np.ceil(share * n) - 1, 0).astype(np.int64)
    return ordered[place, np.arange(ordered.shape[1])]


def _logged(values: np.ndarray, is_count: np.ndarray) -> np.ndarray:
    """log(1 + value) in the columns of counts; a value below 0 there counts as 0."""
    values[:, is_count] = np.log1p(np.maximum(values[:, is_count], 0))
    return values

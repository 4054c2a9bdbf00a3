"""How alike molecules are, for support vectors and Gaussian processes: 1 for two that are the same.

A kernel is made from the rows that a model keeps; called with other rows it compares each with each.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np
from scipy.sparse import csr_array, hstack

from yaokit.chem.features import full_size
from yaokit.chem.fingerprints import ERG_SIZE
from yaokit.chem.similarity import MinMax
from yaokit.core.seed import rng
from yaokit.models.scaling import Scaling
from yaokit.models.targets import Targets
from yaokit.models.wide import views

# where "full" features (chem/features.py) hold what
_MORGAN, _AVALON = slice(0, 1024), slice(1024, 2048)
_DESCRIPTORS = slice(2048 + ERG_SIZE, full_size())
_FULL, _EMBEDDING = slice(0, full_size()), slice(full_size(), None)  # in "rich" features
_FAR = 3.0  # a descriptor this many spreads from the median counts as no further away
_COMPARED = 500  # rows whose distances set the width of the Gaussian
_BLOCK = 1024


class Kernel(Protocol):
    """Similarity to fixed rows."""

    X: csr_array  # those rows

    @classmethod
    def fit(cls, X: csr_array) -> Self: ...

    def __call__(self, X: csr_array) -> np.ndarray:
        """(n, m) float64, 0 to 1."""
        ...

    def take(self, rows: np.ndarray) -> Self: ...

    def arrays(self) -> dict[str, np.ndarray]: ...

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self: ...


class Counts:
    """Tanimoto similarity of counts."""

    def __init__(self, X: csr_array) -> None:
        self.X, self._alike = X, MinMax(X)

    @classmethod
    def fit(cls, X: csr_array) -> Self:
        return cls(X)

    def __call__(self, X: csr_array) -> np.ndarray:
        return self._alike(X).astype(np.float64)

    def take(self, rows: np.ndarray) -> Self:
        return type(self)(self.X[rows])

    def arrays(self) -> dict[str, np.ndarray]:
        return _packed(self.X)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        return cls(_unpacked(arrays))


class _Scaled:
    """Rows with their scaling and the width of a Gaussian."""

    def __init__(self, X: csr_array, scaling: Scaling, width: float) -> None:
        self.X, self._scaling, self._width = X, scaling, width

    def take(self, rows: np.ndarray) -> Self:
        return type(self)(self.X[rows], self._scaling, self._width)

    def arrays(self) -> dict[str, np.ndarray]:
        return _packed(self.X) | self._scaling.arrays() | {"width": np.array([self._width])}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        return cls(_unpacked(arrays), Scaling.from_arrays(arrays), float(arrays["width"][0]))


class Blend(_Scaled):
    """Half the Tanimoto similarity of Morgan and Avalon counts, half a Gaussian of the descriptors.

    The Gaussian is 1/e at the median distance. Out of fold this mean was as good as its better part
    or better; ErG fingerprints in the Gaussian, or a product in place of the mean, were not.
    """

    share = 1 / 2  # of the Gaussian

    def __init__(self, X: csr_array, scaling: Scaling, width: float) -> None:
        super().__init__(X, scaling, width)
        self._alike = [(part, MinMax(X[:, part])) for part in self.counts()]
        self._points = _points(X, scaling)

    @staticmethod
    def counts() -> Sequence[slice]:
        """The columns of each kind of counts."""
        return (_MORGAN, _AVALON)

    @classmethod
    def fit(cls, X: csr_array) -> Self:
        scaling = Scaling.fit(X[:, _DESCRIPTORS])
        return cls(X, scaling, _typical(_points(_some(X), scaling)))

    def __call__(self, X: csr_array) -> np.ndarray:
        out = self.share * np.exp(-_distance(_points(X, self._scaling), self._points) / self._width)
        for part, alike in self._alike:
            out += (1 - self.share) / len(self._alike) * alike(X[:, part])
        return out


class Wide(Blend):
    """The mean of the Tanimoto similarities of Avalon counts and of models/wide.py, and of the Gaussian.

    For activities of close analogs: out of fold on four MoleculeACE targets its error was 1 to 3 % below
    that of Morgan counts alone.
    """

    share = 1 / 6

    @staticmethod
    def counts() -> Sequence[slice]:
        return (_AVALON, *views())


class Gaussian(_Scaled):
    """A Gaussian of what a pre-trained network says of a molecule; 1/e at the median distance."""

    def __init__(self, X: csr_array, scaling: Scaling, width: float) -> None:
        super().__init__(X, scaling, width)
        self._points = _scaled(X, scaling)

    @classmethod
    def fit(cls, X: csr_array) -> Self:
        scaling = Scaling.fit(X)
        return cls(X, scaling, _typical(_scaled(_some(X), scaling)))

    def __call__(self, X: csr_array) -> np.ndarray:
        return np.exp(-_distance(_scaled(X, self._scaling), self._points) / self._width)


class Rich:
    """The mean of `Blend` on "full" features and `Gaussian` on the embedding after them."""

    def __init__(self, X: csr_array, blend: Blend, gaussian: Gaussian) -> None:
        self.X, self._blend, self._gaussian = X, blend, gaussian

    @classmethod
    def fit(cls, X: csr_array) -> Self:
        return cls(X, Blend.fit(X[:, _FULL]), Gaussian.fit(X[:, _EMBEDDING]))

    def __call__(self, X: csr_array) -> np.ndarray:
        return (self._blend(X[:, _FULL]) + self._gaussian(X[:, _EMBEDDING])) / 2

    def take(self, rows: np.ndarray) -> Self:
        return type(self)(self.X[rows], self._blend.take(rows), self._gaussian.take(rows))

    def arrays(self) -> dict[str, np.ndarray]:
        parts = {"blend": self._blend.arrays(), "gaussian": self._gaussian.arrays()}
        return {f"{name}.{key}": array for name, found in parts.items() for key, array in found.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        def part(head: str) -> dict[str, np.ndarray]:
            return {name[len(head) :]: array for name, array in arrays.items() if name.startswith(head)}

        blend, gaussian = Blend.from_arrays(part("blend.")), Gaussian.from_arrays(part("gaussian."))
        return cls(csr_array(hstack([blend.X, gaussian.X], format="csr")), blend, gaussian)


KERNELS: dict[str, type[Counts] | type[Blend] | type[Gaussian] | type[Rich]] = {  # by kind of features
    "fp": Counts,
    "full": Blend,
    "wide": Wide,
    "embedded": Gaussian,
    "rich": Rich,
}


def kept_rows(y: Targets, most: int, seed: int) -> np.ndarray:
    """Rows that have something to learn from; a random part of them if they are more than `most`."""
    rows = np.flatnonzero((y.exact & (y.weights > 0)).any(axis=1))
    if len(rows) <= most:
        return rows
    return np.sort(rng(seed, "kept rows").choice(rows, most, replace=False))


def blocks(X: Any) -> Iterator[tuple[slice, Any]]:
    """Some rows at a time, so that the matrix of a kernel stays small."""
    for start in range(0, X.shape[0], _BLOCK):
        part = slice(start, start + _BLOCK)
        yield part, X[part]


def _some(X: csr_array) -> csr_array:
    """Rows enough to tell how far apart rows are."""
    return X[np.unique(np.linspace(0, X.shape[0] - 1, min(_COMPARED, X.shape[0])).astype(int))]


def _typical(points: np.ndarray) -> float:
    """The median squared distance of points that differ."""
    distance = _distance(points, points)
    apart = distance[distance > 1e-6]
    return float(np.median(apart)) if len(apart) else 1.0


def _points(X: csr_array, scaling: Scaling) -> np.ndarray:
    return _scaled(X[:, _DESCRIPTORS], scaling)


def _scaled(X: csr_array, scaling: Scaling) -> np.ndarray:
    return np.clip(scaling(X), -_FAR, _FAR).astype(np.float64)


def _distance(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(n, m) squared."""
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)
    return np.maximum(squares - 2 * first @ second.T, 0)


def _packed(X: csr_array) -> dict[str, np.ndarray]:
    return {"data": X.data, "indices": X.indices, "indptr": X.indptr, "size": np.array([X.shape[1]])}


def _unpacked(arrays: Mapping[str, np.ndarray]) -> csr_array:
    parts = (arrays["data"], arrays["indices"], arrays["indptr"])
    return csr_array(parts, shape=(len(parts[2]) - 1, int(arrays["size"][0])))

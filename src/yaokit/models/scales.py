"""Scales on which numbers are learned: as they are, as logarithms, or as ranks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy import stats

from yaokit.core.errors import UsageError
from yaokit.models.domain import Domain
from yaokit.models.metrics import PRIMARY
from yaokit.models.stacking import best_way
from yaokit.models.targets import REGRESSION, Targets
from yaokit.models.trust import Judged, Trust

NO_LIMITS = (-np.inf, np.inf)
SKEWED = 1.0  # a skewness from which other scales are tried
KNOTS = 512  # of the rank scale


@dataclass(frozen=True)
class Scale:
    """A rising map of values and its inverse; NaN stays NaN."""

    name: str  # a key of SCALES
    knots: np.ndarray  # (k, 2) float64: value and place on the scale; empty if not needed
    offset: float = 0.0
    floor: float = 0.0  # of a logarithm: smaller values stand where this one does

    def forward(self, y: np.ndarray) -> np.ndarray:
        return SCALES[self.name].forward(self, y)

    def inverse(self, z: np.ndarray) -> np.ndarray:
        return SCALES[self.name].inverse(self, z)

    @classmethod
    def fit(cls, name: str, values: np.ndarray) -> "Scale":
        """The scale of this name for (n,) known values; UsageError if they cannot stand on it."""
        return SCALES[name].fit(np.asarray(values, np.float64))


@dataclass(frozen=True)
class _Way:
    fit: Callable[[np.ndarray], Scale]
    forward: Callable[[Scale, np.ndarray], np.ndarray]
    inverse: Callable[[Scale, np.ndarray], np.ndarray]


def _fit_log(values: np.ndarray) -> Scale:
    if values.min() < 0:
        raise UsageError(f"a value of {values.min():g} has no logarithm; choose scale rank or linear")
    least = float(values[values > 0].min()) if values.any() else 1.0
    return Scale("log", np.zeros((0, 2)), 0.0 if values.min() > 0 else least / 2, least / 2)


def _fit_rank(values: np.ndarray) -> Scale:
    """Normal scores of the ranks; equal values share theirs."""
    found, counts = np.unique(values, return_counts=True)
    middle = np.cumsum(counts) - counts / 2
    place = stats.norm.ppf(middle / len(values))
    keep = np.unique(np.linspace(0, len(found) - 1, min(KNOTS, len(found))).round().astype(int))
    return Scale("rank", np.column_stack([found[keep], place[keep]]))


def _along(x: np.ndarray, of: np.ndarray, to: np.ndarray) -> np.ndarray:
    """Between the knots by interpolation; beyond them straight on, as steep as the last twentieth."""
    out, k = np.interp(x, of, to), max(1, len(of) // 20)
    if len(of) > 1:
        for end, inner, beyond in ((0, k, x < of[0]), (-1, -1 - k, x > of[-1])):
            slope = (to[end] - to[inner]) / (of[end] - of[inner])
            out = np.where(beyond, to[end] + slope * (x - of[end]), out)
    return out


SCALES = {
    "linear": _Way(lambda values: Scale("linear", np.zeros((0, 2))), lambda s, y: y, lambda s, z: z),
    "log": _Way(
        _fit_log,
        lambda s, y: np.log10(np.maximum(y + s.offset, s.floor)),
        lambda s, z: 10.0 ** np.clip(z, -300, 300) - s.offset,
    ),
    "rank": _Way(
        _fit_rank,
        lambda s, y: _along(y, s.knots[:, 0], s.knots[:, 1]),
        lambda s, z: _along(z, s.knots[:, 1], s.knots[:, 0]),
    ),
}
LINEAR = Scale("linear", np.zeros((0, 2)))


@dataclass(frozen=True)
class ScaledTrust:
    """Trust on a scale: members and calibration work there, people see the task's own unit.

    Intervals keep their coverage, since a scale only rises; the mean becomes a median. Values that
    cannot be (a negative concentration, more than 100 %) are cut to `limits`.
    """

    trust: Trust
    scale: Scale
    limits: tuple[float, float]

    @property
    def way(self) -> str:
        return self.trust.way

    @property
    def weights(self) -> np.ndarray:
        return self.trust.weights

    @property
    def domain(self) -> Domain:
        return self.trust.domain

    @classmethod
    def fit(
        cls, rows: dict[str, np.ndarray], scale: Scale = LINEAR, limits: tuple[float, float] = NO_LIMITS
    ) -> Self:
        """As Trust.fit, with `y` in the task's own unit and the members' numbers on the scale.

        Of the ways to weigh members the one is taken that errs least in that unit (stacking.best_way).
        """
        y = scale.forward(rows["y"])
        way = best_way(rows, y, lambda z: np.clip(scale.inverse(z), *limits), PRIMARY[REGRESSION])
        return cls(Trust.fit({**rows, "y": y}, way), scale, limits)

    def judge(self, means: np.ndarray, spreads: np.ndarray, similarity: np.ndarray) -> Judged:
        """As Trust.judge, in the task's own unit."""
        on = self.trust.judge(means, spreads, similarity)
        mean, low, high = (self.raw(z) for z in (on.mean, on.low, on.high))
        std = on.std
        if self.scale.name != "linear":
            std = (self.raw(on.mean + on.std) - self.raw(on.mean - on.std)) / 2
        return Judged(mean, std, low, high, on.in_domain, on.sets)

    def raw(self, z: np.ndarray) -> np.ndarray:
        """Numbers on the scale in the task's own unit, within the limits."""
        return np.clip(self.scale.inverse(z), *self.limits)

    def arrays(self) -> dict[str, np.ndarray]:
        return {**self.trust.arrays(), "knots": self.scale.knots}

    def settings(self) -> dict[str, Any]:
        limits = [None if np.isinf(limit) else limit for limit in self.limits]
        scale = {"name": self.scale.name, "offset": self.scale.offset, "floor": self.scale.floor}
        scale["limits"] = limits
        return {**self.trust.settings(), "scale": scale}

    @classmethod
    def from_settings(cls, settings: dict[str, Any], arrays: dict[str, np.ndarray]) -> Self:
        about = settings["scale"]
        low, high = about["limits"]
        limits = (-np.inf if low is None else low, np.inf if high is None else high)
        scale = Scale(about["name"], arrays["knots"], about["offset"], about["floor"])
        return cls(Trust.from_settings(settings, arrays), scale, limits)


def scales_for(values: np.ndarray) -> tuple[str, ...]:
    """What is tried for (n,) known values: the plain scale, and for skewed ones all that can hold them."""
    if abs(stats.skew(values)) < SKEWED:
        return ("linear",)
    return tuple(name for name in SCALES if name != "log" or values.min() >= 0)


def on_scales(y: Targets, scales: Sequence[Scale]) -> Targets:
    """The targets as members learn them."""
    values = np.stack([scale.forward(y.values[:, j]) for j, scale in enumerate(scales)], axis=1)
    return Targets(values, y.bounds, y.weights, y.kinds)

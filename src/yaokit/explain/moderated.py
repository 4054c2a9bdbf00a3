"""How sure the mean of a few measured changes is, judged by the spread of all changes.

Three pairs that agree by luck look sure, so each change's variance is moved towards what all changes have
in common: the moderated t of Smyth 2004, doi:10.2202/1544-6115.1027. We differ in two things. The common
variance is the mean over changes, not that of logarithms, which equal values (bounds, classes) would pull
to 0. Pairs that share a molecule count for less (Effect.n_effective).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import digamma, polygamma, stdtrit

from yaokit.chem.matched import Effect

LEVEL = 0.95
_LEAST = 1e-3  # of the common variance, what a change's own counts for at least in the choice of `freedom`


@dataclass(frozen=True)
class Spread:
    """What the variances of all changes have in common."""

    variance: float
    freedom: float  # how many degrees of freedom it is worth beside a change's own; inf: all vary alike
    most: float  # degrees of freedom in all changes together

    @classmethod
    def of(cls, effects: Iterable[Effect]) -> Self:
        """Of changes seen in pairs of at least two different molecules, each one way round."""
        found = [(_variance(e), e.n_effective - 1) for e in effects]
        if not found:
            return cls(float("nan"), 0.0, 0.0)
        own, freedom = np.array(found).T
        variance = float(np.average(own, weights=freedom))
        return cls(variance, _freedom(own, freedom, variance), float(freedom.sum()))

    def interval(self, effect: Effect) -> tuple[float, float]:
        """Low and high of the mean, at LEVEL; infinite if no change varies at all, NaN of no spread."""
        if self.variance == 0:
            return float("-inf"), float("inf")
        own = effect.n_effective - 1
        if np.isinf(self.freedom):
            variance = self.variance
        else:
            variance = (self.freedom * self.variance + own * _variance(effect)) / (self.freedom + own)
        freedom = min(self.freedom + own, self.most)
        half = float(stdtrit(freedom, (1 + LEVEL) / 2) * np.sqrt(variance / effect.n_effective))
        return effect.mean - half, effect.mean + half


def _variance(effect: Effect) -> float:
    """Of one pair; larger than that of `deltas` where they share a molecule's error."""
    return float(effect.deltas.var() * effect.n_effective / (effect.n_effective - 1))


def _freedom(own: np.ndarray, freedom: np.ndarray, variance: float) -> float:
    """How alike the variances are, beyond what few pairs make of equal ones; 0 from a single change."""
    told = freedom >= 1
    own, freedom = own[told], freedom[told]
    if len(own) < 2 or not variance:
        return 0.0
    logs = np.log(np.maximum(own, _LEAST * variance)) - digamma(freedom / 2) + np.log(freedom / 2)
    excess = float(logs.var(ddof=1) - polygamma(1, freedom / 2).mean())
    return 2 * _trigamma_inverse(excess) if excess > 0 else float("inf")


def _trigamma_inverse(value: float) -> float:
    """By Newton's method as in Smyth's appendix."""
    x = 0.5 + 1 / value
    for _ in range(50):
        there = float(polygamma(1, x))
        step = there * (1 - there / value) / float(polygamma(2, x))
        x += step
        if abs(step) < 1e-8 * x:
            break
    return x

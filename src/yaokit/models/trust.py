"""How far a stack's numbers can be trusted, for a task of measured numbers."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Self

import numpy as np

from yaokit.models.conformal import LEVEL, Conformal
from yaokit.models.domain import Domain, Rows
from yaokit.models.stacking import WAYS, combine


class Judged(NamedTuple):
    """(n,) arrays: mean, expected error, 90 % interval, whether inside the domain.

    Of a class task: probability of class 1, its standard deviation, the bounds of the probability,
    and in `sets` the classes that cannot be excluded at 90 % (codes of `core.types`).
    """

    mean: np.ndarray
    std: np.ndarray
    low: np.ndarray
    high: np.ndarray
    in_domain: np.ndarray
    sets: np.ndarray  # int8, -1: no class task


class Trusting(Protocol):
    """What stands between the members' predictions and the numbers people see.

    `fit` takes out-of-fold rows (see Evidence.table): `rows` (n,) molecule numbers, `repeat` and `fold`
    (n,), `y` (n,), `mean` and `spread` (n, members), `similarity` (n,) to what the members learned from,
    `weight` (n,).
    """

    @property
    def way(self) -> str: ...  # how the weights were found: of stacking.WAYS, or LIKELIHOOD

    @property
    def weights(self) -> np.ndarray: ...  # (members,) of the stack

    @property
    def domain(self) -> Domain: ...

    @classmethod
    def fit(cls, rows: dict[str, np.ndarray]) -> Self: ...

    def judge(self, means: np.ndarray, spreads: np.ndarray, similarity: np.ndarray) -> Judged: ...

    def raw(self, z: np.ndarray) -> np.ndarray: ...  # one member's numbers in the task's own unit

    def arrays(self) -> dict[str, np.ndarray]: ...

    def settings(self) -> dict[str, Any]: ...

    @classmethod
    def from_settings(cls, settings: dict[str, Any], arrays: dict[str, np.ndarray]) -> Self: ...


@dataclass(frozen=True)
class Trust:
    """Weights, interval and domain of a task of numbers.

    Outside the domain no measured error backs an interval, so it is never narrower than that of a
    guess: always saying the mean of the training values.
    """

    weights: np.ndarray  # (members,)
    conformal: Conformal
    domain: Domain
    guess_std: float  # of the training values
    guess_half: float  # 90 % of them lie this close to their mean
    way: str = "fitted"  # a key of WAYS

    @classmethod
    def fit(cls, rows: dict[str, np.ndarray], way: str = "fitted") -> "Trust":
        """From out-of-fold member predictions (see Trusting), weighed in a way of WAYS."""
        weights = WAYS[way](rows["mean"], rows["y"], rows["weight"])
        mean, spread = combine(rows["mean"], rows["spread"], weights)
        residual = rows["y"] - mean
        deviation = np.abs(rows["y"] - rows["y"].mean())
        return cls(
            weights,
            Conformal.fit(residual, spread),
            Domain.fit(Rows(rows["rows"], rows["similarity"], spread, np.abs(residual), deviation)),
            float(rows["y"].std()),
            float(np.quantile(deviation, LEVEL)),
            way,
        )

    def judge(self, means: np.ndarray, spreads: np.ndarray, similarity: np.ndarray) -> Judged:
        """What the stack says of (n, members) predictions and how far to trust it."""
        mean, spread = combine(means, spreads, self.weights)
        std, half = self.conformal.std(spread), self.conformal.half_width(spread)
        inside = self.domain.contains(similarity, spread)
        std = np.where(inside, std, np.maximum(std, self.guess_std))
        half = np.where(inside, half, np.maximum(half, self.guess_half))
        return Judged(mean, std, mean - half, mean + half, inside, np.full(len(mean), -1, np.int8))

    def arrays(self) -> dict[str, np.ndarray]:
        """What `settings` does not hold."""
        return {"alphas": self.conformal.alphas}

    def settings(self) -> dict[str, Any]:
        """For the card."""
        return {
            "way": self.way,
            "weights": self.weights.tolist(),
            "floor": self.conformal.floor,
            "guess": [self.guess_std, self.guess_half],
            "domain": self.domain.settings(),
        }

    @classmethod
    def from_settings(cls, settings: dict[str, Any], arrays: dict[str, np.ndarray]) -> "Trust":
        """What `settings` and `arrays` described."""
        return cls(
            np.array(settings["weights"]),
            Conformal(arrays["alphas"], settings["floor"]),
            Domain.from_settings(settings["domain"]),
            *settings["guess"],
            way=settings.get("way", "fitted"),  # folders of before had no other
        )

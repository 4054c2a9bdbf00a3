"""How far a stack's numbers can be trusted, for a class task."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from yaokit.core.types import SETS
from yaokit.models.conformal import LEVEL
from yaokit.models.domain import Domain, Rows
from yaokit.models.stacking import LIKELIHOOD, class_weights, combine
from yaokit.models.trust import Judged
from yaokit.models.vennabers import VennAbers, merged

_ORDER = 0.01  # of the stack's own probability in the calibrated one
_PARTS = 5
_SAME = 1e-9  # noise of the arithmetic
_CODES = {text: code for code, text in enumerate(SETS)}


@dataclass(frozen=True)
class Sets:
    """Which classes 90 % certainty cannot exclude: each class stays in for 90 % of its molecules.

    The classes are calibrated apart (Mondrian conformal prediction, Vovk et al. 2005), so that a
    rare one is kept as surely as a common one.
    """

    one_from: float  # stack probability from which class 1 cannot be excluded
    zero_up_to: float

    @classmethod
    def fit(cls, probability: np.ndarray, y: np.ndarray, copies: float = 1.0) -> "Sets":
        """From (n,) out-of-fold probabilities, among which a molecule stands `copies` times."""
        ones, zeros = probability[y > 0.5], probability[y <= 0.5]
        return cls(_lowest_kept(ones, copies), 1 - _lowest_kept(1 - zeros, copies))

    def codes(self, probability: np.ndarray) -> np.ndarray:
        """(n,) int8 codes of core.types.SETS."""
        one, zero = probability >= self.one_from - _SAME, probability <= self.zero_up_to + _SAME
        code = np.select([one & zero, one, zero], [_CODES["both"], _CODES["1"], _CODES["0"]], _CODES["none"])
        return code.astype(np.int8)


@dataclass(frozen=True)
class ClassTrust:
    """Weights, calibrated probability, sets and domain of a class task.

    Outside the domain no measured error backs a probability, so its bounds reach to the base rate,
    its standard deviation is at least that of a guess, and no class is excluded.
    """

    way: ClassVar[str] = LIKELIHOOD
    weights: np.ndarray  # (members,)
    calibration: VennAbers
    conformal: Sets
    domain: Domain
    base_rate: float  # share of class 1

    @classmethod
    def fit(cls, rows: dict[str, np.ndarray]) -> "ClassTrust":
        """From out-of-fold member predictions (see trust.Trusting); `mean` holds probabilities."""
        y, molecule = rows["y"], rows["rows"]
        copies = len(y) / len(np.unique(molecule))
        weights = class_weights(rows["mean"], y, rows["weight"], copies)
        stacked, spread = combine(rows["mean"], rows["spread"], weights)
        said, rate = _calibrated_apart(stacked, y, molecule, copies), float(y.mean())
        errors = Rows(
            molecule,
            rows["similarity"],
            spread,
            error=np.abs(said - y),
            guess=np.abs(rate - y),
            promised=_deviation(said),
        )
        return cls(
            weights,
            VennAbers.fit(stacked, y, copies),
            Sets.fit(stacked, y, copies),
            Domain.fit(errors, "rms"),
            rate,
        )

    def judge(self, means: np.ndarray, spreads: np.ndarray, similarity: np.ndarray) -> Judged:
        """What the stack says of (n, members) predictions and how far to trust it."""
        stacked, spread = combine(means, spreads, self.weights)
        inside, rate = self.domain.contains(similarity, spread), self.base_rate
        p0, p1 = self.calibration.bounds(stacked)
        mean = _ordered(merged(p0, p1), stacked)
        std, of_guess = _deviation(mean), _deviation(np.array(rate))
        return Judged(
            mean,
            np.where(inside, std, np.maximum(std, of_guess)),
            _ordered(np.where(inside, p0, np.minimum(p0, rate)), stacked),
            _ordered(np.where(inside, p1, np.maximum(p1, rate)), stacked),
            inside,
            np.where(inside, self.conformal.codes(stacked), _CODES["both"]).astype(np.int8),
        )

    def raw(self, z: np.ndarray) -> np.ndarray:
        """A member's numbers as probabilities."""
        return np.clip(z, 0.0, 1.0)

    def arrays(self) -> dict[str, np.ndarray]:
        """What `settings` does not hold."""
        return {"lower": self.calibration.lower, "upper": self.calibration.upper}

    def settings(self) -> dict[str, Any]:
        """For the card."""
        return {
            "way": self.way,
            "weights": self.weights.tolist(),
            "base_rate": self.base_rate,
            "sets": {
                "level": LEVEL,
                "one_from": self.conformal.one_from,
                "zero_up_to": self.conformal.zero_up_to,
            },
            "domain": self.domain.settings(),
        }

    @classmethod
    def from_settings(cls, settings: dict[str, Any], arrays: dict[str, np.ndarray]) -> "ClassTrust":
        """What `settings` and `arrays` described."""
        sets = settings["sets"]
        return cls(
            np.array(settings["weights"]),
            VennAbers(arrays["lower"], arrays["upper"]),
            Sets(sets["one_from"], sets["zero_up_to"]),
            Domain.from_settings(settings["domain"]),
            settings["base_rate"],
        )


def _lowest_kept(probability: np.ndarray, copies: float) -> float:
    """The probability of its own class that 90 % of a class's molecules reach; 0 with too few of them."""
    n = len(probability)
    place = int(np.ceil((1 - LEVEL) * (n + copies) - copies - _SAME)) - 1
    return float(np.sort(probability)[place]) if 0 <= place < n else 0.0


def _calibrated_apart(stacked: np.ndarray, y: np.ndarray, molecule: np.ndarray, copies: float) -> np.ndarray:
    """Calibrated probabilities of rows by the other rows, to judge the domain by."""
    said = np.empty(len(y))
    for part in range(_PARTS):
        here = molecule % _PARTS == part
        bounds = VennAbers.fit(stacked[~here], y[~here], copies).bounds(stacked[here])
        said[here] = merged(*bounds)
    return said


def _ordered(calibrated: np.ndarray, stacked: np.ndarray) -> np.ndarray:
    """The calibrated probability, or a bound of it, with a hundredth of the stack's own.

    Calibration maps many scores to one step; without this their order would be lost, by which
    molecules are ranked (on six TDC tasks that cost 0.014 of AUPRC).
    """
    return (1 - _ORDER) * calibrated + _ORDER * stacked


def _deviation(probability: np.ndarray) -> np.ndarray:
    """Standard deviation of a class of this probability."""
    return np.sqrt(np.clip(probability * (1 - probability), 0, None))

"""Desirability: from a value in its own unit to 0 (useless) … 1 (as good as needed).

After Derringer and Suich 1980, doi:10.1080/00224065.1980.11980968. NaN stays NaN.
"""

from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Range(_Shape):
    low: FiniteFloat
    high: FiniteFloat

    @model_validator(mode="after")
    def _ordered(self) -> "_Range":
        if not self.low < self.high:
            raise ValueError(f"low ({self.low:g}) must be below high ({self.high:g})")
        return self


class AsIs(_Shape):
    """The value itself, cut to 0–1: for scores that are desirabilities already."""

    shape: Literal["as_is"] = "as_is"

    def __call__(self, values: np.ndarray) -> np.ndarray:
        return np.clip(values, 0.0, 1.0)


class Up(_Range):
    """0 up to `low`, 1 from `high`, linear between."""

    shape: Literal["up"]

    def __call__(self, values: np.ndarray) -> np.ndarray:
        return np.clip((values - self.low) / (self.high - self.low), 0.0, 1.0)


class Down(_Range):
    """1 up to `low`, 0 from `high`, linear between."""

    shape: Literal["down"]

    def __call__(self, values: np.ndarray) -> np.ndarray:
        return np.clip((self.high - values) / (self.high - self.low), 0.0, 1.0)


class Window(_Range):
    """1 from `low` to `high`; falls linearly to 0 over `margin` on either side."""

    shape: Literal["window"]
    margin: FiniteFloat = Field(gt=0)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        outside = np.maximum(self.low - values, values - self.high)
        return np.clip(1.0 - outside / self.margin, 0.0, 1.0)


class Sigmoid(_Shape):
    """0.5 at `middle`, where it rises by steepness / 4 per unit; a negative steepness falls."""

    shape: Literal["sigmoid"]
    middle: FiniteFloat
    steepness: FiniteFloat

    def __call__(self, values: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            return 1.0 / (1.0 + np.exp(-self.steepness * (values - self.middle)))


Desirability = Annotated[AsIs | Up | Down | Window | Sigmoid, Field(discriminator="shape")]

"""What models give back."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class Prediction:
    """Numbers for n molecules and t tasks; every array has shape (n, t) unless said otherwise.

    A molecule that could not be predicted is NaN in `mean`, `std`, `low`, `high` and False in
    `in_domain`.
    """

    tasks: tuple[str, ...]
    mean: np.ndarray  # float64
    std: np.ndarray  # float64, expected error of `mean`, in the unit of the task; NaN = unknown
    low: np.ndarray  # float64, lower end of the 90 % interval; NaN = unknown
    high: np.ndarray  # float64
    in_domain: np.ndarray  # bool
    nearest_similarity: np.ndarray  # (n,) float64, Tanimoto to the closest training molecule

    def __post_init__(self) -> None:
        shape = (self.mean.shape[0], len(self.tasks))
        for name in ("mean", "std", "low", "high", "in_domain"):
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, not {shape}")

    def __len__(self) -> int:
        return self.mean.shape[0]

    def columns(self) -> dict[str, np.ndarray]:
        """The columns `predict` and `screen` write, by name."""
        out: dict[str, np.ndarray] = {}
        for j, task in enumerate(self.tasks):
            out |= {
                f"{task}_pred": self.mean[:, j],
                f"{task}_std": self.std[:, j],
                f"{task}_low": self.low[:, j],
                f"{task}_high": self.high[:, j],
            }
        out["in_domain"] = np.asarray(self.in_domain.all(axis=1))
        out["nearest_similarity"] = self.nearest_similarity
        return out

    @classmethod
    def bare(cls, tasks: Sequence[str], mean: np.ndarray, std: np.ndarray | None = None) -> "Prediction":
        """A prediction without interval or domain, as single models give it."""
        unknown = np.full(mean.shape, np.nan)
        return cls(
            tasks=tuple(tasks),
            mean=mean,
            std=unknown if std is None else std,
            low=unknown,
            high=unknown,
            in_domain=np.zeros(mean.shape, bool),
            nearest_similarity=np.full(mean.shape[0], np.nan),
        )

    @classmethod
    def concat(cls, parts: Sequence["Prediction"]) -> "Prediction":
        """The parts below each other."""
        arrays = {
            f.name: np.concatenate([getattr(part, f.name) for part in parts])
            for f in fields(cls)
            if f.name != "tasks"
        }
        return cls(tasks=parts[0].tasks, **arrays)

"""What models give back."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

NO_SET = -1  # no class task, or not predicted
SETS = ("0", "1", "both", "none")  # by code: the classes that cannot be excluded at 90 %


@dataclass(frozen=True)
class Prediction:
    """Numbers for n molecules and t tasks; every array has shape (n, t) unless said otherwise.

    A molecule that could not be predicted is NaN in `mean`, `std`, `low`, `high` and False in
    `in_domain`. Of a class task `mean` is the probability of class 1, `low` and `high` its bounds,
    and `sets` the classes that cannot be excluded.
    """

    tasks: tuple[str, ...]
    mean: np.ndarray  # float64
    std: np.ndarray  # float64, expected error of `mean`, in the unit of the task; NaN = unknown
    low: np.ndarray  # float64, lower end of the 90 % interval; NaN = unknown
    high: np.ndarray  # float64
    in_domain: np.ndarray  # bool
    nearest_similarity: np.ndarray  # (n,) float64, Tanimoto to the closest training molecule
    sets: np.ndarray = None  # type: ignore[assignment]  # int8 codes of SETS; not given: NO_SET
    classes: tuple[str, ...] = ()  # those of `tasks` that are class tasks

    def __post_init__(self) -> None:
        shape = (self.mean.shape[0], len(self.tasks))
        if self.sets is None:
            object.__setattr__(self, "sets", np.full(shape, NO_SET, np.int8))
        for name in ("mean", "std", "low", "high", "in_domain", "sets"):
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, not {shape}")

    def __len__(self) -> int:
        return self.mean.shape[0]

    def columns(self) -> dict[str, np.ndarray]:
        """The columns `predict` and `screen` write, by name; a set is text, "" where there is none."""
        out: dict[str, np.ndarray] = {}
        for j, task in enumerate(self.tasks):
            out |= {
                f"{task}_pred": self.mean[:, j],
                f"{task}_std": self.std[:, j],
                f"{task}_low": self.low[:, j],
                f"{task}_high": self.high[:, j],
            }
            if task in self.classes:
                out[f"{task}_set"] = _TEXTS[self.sets[:, j]]
        out["in_domain"] = np.asarray(self.in_domain.all(axis=1))
        out["nearest_similarity"] = self.nearest_similarity
        return out

    @classmethod
    def bare(
        cls,
        tasks: Sequence[str],
        mean: np.ndarray,
        std: np.ndarray | None = None,
        classes: Sequence[str] = (),
    ) -> "Prediction":
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
            classes=tuple(classes),
        )

    @classmethod
    def concat(cls, parts: Sequence["Prediction"]) -> "Prediction":
        """The parts below each other."""
        arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in cls._arrays()}
        return cls(tasks=parts[0].tasks, classes=parts[0].classes, **arrays)

    def spread_out(self, at: Sequence[int], n: int) -> "Prediction":
        """The molecules at places `at` of n; the others could not be predicted."""

        def wide(values: np.ndarray) -> np.ndarray:
            empty = {"f": np.nan, "b": False, "i": NO_SET}[values.dtype.kind]
            out = np.full((n, *values.shape[1:]), empty, values.dtype)
            out[list(at)] = values
            return out

        return replace(self, **{name: wide(getattr(self, name)) for name in self._arrays()})

    @classmethod
    def _arrays(cls) -> list[str]:
        return [f.name for f in fields(cls) if f.name not in ("tasks", "classes")]


_TEXTS = np.array([*SETS, ""])  # NO_SET is its last

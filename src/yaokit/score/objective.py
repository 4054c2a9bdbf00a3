"""An objective: named terms, each with a desirability, combined into one score in [0, 1]."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from rdkit import Chem

from yaokit.chem.descriptors import PROPERTIES
from yaokit.chem.parse import parse, quiet_rdkit
from yaokit.core.errors import UsageError
from yaokit.core.lazy import choices, pick
from yaokit.core.reasons import Failure
from yaokit.score import TERMS
from yaokit.score.desirability import AsIs, Desirability
from yaokit.score.terms import Batch, PerBatch, PerMolecule, Property


class ScoreFn(Protocol):
    """SMILES → (n,) float64, higher is better, NaN = failed."""

    def __call__(self, smiles: Sequence[str]) -> np.ndarray: ...


class TermSettings(BaseModel):
    """One term as TOML or JSON gives it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    score: str
    name: str = Field(default="", pattern=r"^\w*$")
    settings: dict[str, Any] = {}
    desirability: Desirability | None = None
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    role: Literal["goal", "limit"] = "goal"

    @field_validator("score")
    @classmethod
    def _known(cls, score: str) -> str:
        known = [*choices(TERMS, "term"), *PROPERTIES]
        if score not in known:
            raise ValueError(f"no term is called {score!r}; choose one of: {', '.join(known)}")
        return score


class ObjectiveSettings(BaseModel):
    """An objective as TOML or JSON gives it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    terms: tuple[TermSettings, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Term:
    """A measured value, how desirable it is, and its part in the whole.

    A "goal" enters the weighted geometric mean; a "limit" multiplies it by desirability ** weight.
    """

    name: str
    score: PerMolecule | PerBatch
    desirability: Desirability
    weight: float = 1.0
    role: Literal["goal", "limit"] = "goal"


@dataclass(frozen=True)
class Scores:
    """Scores of n molecules; arrays are (n,) float64, NaN = failed."""

    total: np.ndarray
    raw: dict[str, np.ndarray]  # by term, in its own unit
    desirability: dict[str, np.ndarray]  # by term, in [0, 1]


@dataclass(frozen=True)
class Objective:
    """SMILES → Scores; picklable, its models are loaded once in each process that uses it."""

    terms: tuple[Term, ...]

    def __post_init__(self) -> None:
        names = [term.name for term in self.terms]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise UsageError(f"objective: two terms are called {twice[0]!r}; give each its own name")
        if not any(term.role == "goal" for term in self.terms):
            raise UsageError("objective: no term has role = 'goal', so there is nothing to aim at")

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Objective":
        """From a plain dict, {"terms": [{"score": …}, …]}; UsageError says what is wrong and where."""
        try:
            checked = ObjectiveSettings.model_validate(dict(settings))
        except ValidationError as error:
            raise UsageError(f"objective: {_first(error)}") from None
        return cls(tuple(_term(term) for term in checked.terms))

    def __call__(self, smiles: Sequence[str]) -> Scores:
        """The scores, NaN for what does not parse or has a term that fails."""
        return self.combine(smiles, [self.measure(text) for text in smiles])

    def measure(self, smiles: str) -> dict[str, float] | Failure:
        """The first half, one molecule: terms that need no batch. What core.guard can stop."""
        mol = parse(smiles)
        if isinstance(mol, Failure):
            return mol
        with quiet_rdkit():
            return {t.name: _value(t.score, mol) for t in self.terms if isinstance(t.score, PerMolecule)}

    def combine(self, smiles: Sequence[str], measured: Sequence[dict[str, float] | Failure]) -> Scores:
        """The second half: terms that need the batch, desirabilities, total."""
        good = [i for i, found in enumerate(measured) if not isinstance(found, Failure)]
        batch = Batch([smiles[i] for i in good])
        raw = {term.name: np.full(len(measured), np.nan) for term in self.terms}
        for term in self.terms if good else ():
            if isinstance(term.score, PerBatch):
                raw[term.name][good] = term.score.of(batch)
            else:
                raw[term.name][good] = [
                    found[term.name] for found in measured if not isinstance(found, Failure)
                ]
        wanted = {term.name: term.desirability(raw[term.name]) for term in self.terms}
        return Scores(self._total(wanted), raw, wanted)

    def _total(self, wanted: Mapping[str, np.ndarray]) -> np.ndarray:
        goals = [term for term in self.terms if term.role == "goal"]
        whole = sum(term.weight for term in goals)
        total = np.ones_like(wanted[goals[0].name])
        for term in self.terms:
            power = term.weight / whole if term.role == "goal" else term.weight
            total = total * wanted[term.name] ** power
        return total


def _term(settings: TermSettings) -> Term:
    name = settings.name or settings.score
    try:
        if settings.score in PROPERTIES:
            score = Property(**{**settings.settings, "name": settings.score})
        else:
            score = pick(TERMS, settings.score, "term")(**settings.settings)
    except ValidationError as error:
        raise UsageError(f"objective: term {name!r}: settings.{_first(error)}") from None
    if settings.desirability is None and not score.is_fraction:
        raise UsageError(
            f"objective: term {name!r} needs a desirability, for example "
            "{shape = 'up', low = …, high = …}; shapes: up, down, window, sigmoid, as_is"
        )
    return Term(name, score, settings.desirability or AsIs(), settings.weight, settings.role)


def _first(error: ValidationError) -> str:
    """The first problem as "where: what"."""
    problem = error.errors()[0]
    return f"{'.'.join(map(str, problem['loc']))}: {problem['msg'].removeprefix('Value error, ')}"


def _value(score: PerMolecule, mol: Chem.Mol) -> float:
    try:
        return score.of(mol)
    except (ValueError, RuntimeError, ArithmeticError):  # RDKit cannot compute it: the value is unknown
        return float("nan")

"""A campaign's plan: read from TOML, checked before anything runs."""

import difflib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from yaokit.campaign.step import Settings, Step
from yaokit.campaign.steps import STEPS
from yaokit.core.errors import UsageError
from yaokit.core.lazy import choices, pick
from yaokit.data.catalog.builtin import is_builtin
from yaokit.score.objective import TermSettings


class Campaign(BaseModel):
    """What holds for all steps."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = "yaokit campaign"
    seed: int = Field(default=0, ge=0, lt=2**31)
    objective: tuple[TermSettings, ...] = ()


@dataclass(frozen=True)
class PlannedStep:
    """A step of the plan with its checked settings."""

    name: str
    step: Step
    settings: Settings


@dataclass(frozen=True)
class Plan:
    """The whole plan."""

    campaign: Campaign
    steps: tuple[PlannedStep, ...]
    text: str
    path: Path


def read_plan(path: Path) -> Plan:
    """The plan in a TOML file; UsageError says which line or name is wrong and what is allowed."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(f"{path}: no such plan; `yaokit campaign init DIR` writes one") from None
    except (IsADirectoryError, UnicodeDecodeError):
        raise UsageError(f"{path} is not a plan; give a .toml file") from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: {_line_of(error)}") from None
    unknown = sorted(set(data) - {"campaign", "steps"})
    if unknown:
        raise UsageError(f"{path}: {_unknown(unknown[0], ['campaign', 'steps'])}")
    campaign = _checked(Campaign, data.get("campaign", {}), f"{path}: [campaign]")
    entries = data.get("steps")
    if not isinstance(entries, list) or not entries:
        raise UsageError(f"{path}: no steps; add [[steps]] tables with use = one of {', '.join(STEPS)}")
    shared = {**campaign.model_dump(), "plan": text}
    steps: list[PlannedStep] = []
    for number, entry in enumerate(entries, start=1):
        steps.append(_planned(entry, shared, f"{path}: step {number}", path.parent, steps))
    return Plan(campaign, tuple(steps), text, path)


def _planned(
    entry: dict[str, Any], shared: dict[str, Any], where: str, folder: Path, before: list[PlannedStep]
) -> PlannedStep:
    if not isinstance(entry, dict) or not isinstance(entry.get("use"), str):
        raise UsageError(f"{where}: needs use = one of {', '.join(choices(STEPS, 'step'))}")
    kind = entry["use"]
    try:
        step: Step = pick(STEPS, kind, "step")
    except UsageError:
        raise UsageError(f"{where}: {_unknown(str(kind), list(choices(STEPS, 'step')))}") from None
    name = entry.get("name", kind)
    taken = {planned.name for planned in before}
    if not isinstance(name, str) or not name.replace("-", "").replace("_", "").isalnum():
        raise UsageError(f"{where}: the name {name!r} may hold letters, digits, - and _ only")
    if name in taken:
        raise UsageError(f"{where}: a step is already called {name!r}; give this one another name = …")
    own = {k: v for k, v in entry.items() if k not in ("use", "name")}
    fields = step.settings.model_fields
    filled = {k: v for k, v in shared.items() if k in fields and k not in own}
    settings = _checked(step.settings, {**filled, **own}, f"{where} ({name})")
    return PlannedStep(name, step, _resolved(step, settings, folder))


def _resolved(step: Step, settings: Settings, folder: Path) -> Settings:
    """The settings with relative paths counted from the plan's folder."""
    named = set(step.files(settings))

    def absolute(value: Any) -> Any:
        if isinstance(value, str) and value in named and not is_builtin(value):
            return str((folder / Path(value).expanduser()).resolve())
        if isinstance(value, tuple):
            return tuple(absolute(item) for item in value)
        return value

    return settings.model_copy(
        update={k: absolute(getattr(settings, k)) for k in type(settings).model_fields}
    )


def _checked(kind: type[BaseModel], values: Any, where: str) -> Any:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        problem = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")  # a typo explains more
        place = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            allowed = sorted(kind.model_fields) if len(problem["loc"]) == 1 else []
            raise UsageError(f"{where}: {_unknown(place, allowed)}") from None
        message = problem["msg"].removeprefix("Value error, ")
        raise UsageError(f"{where}: {place}: {message}") from None


def _unknown(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"{name!r} is not known; did you mean {close[0]!r}?"
    return f"{name!r} is not known" + (f"; choose from: {', '.join(known)}" if known else "")


def _line_of(error: tomllib.TOMLDecodeError) -> str:
    return f"not valid TOML: {error}"

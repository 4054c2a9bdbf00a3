"""Members by label: `NAME` or `NAME:FEATURES`, such as `boosting:full`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from yaokit.core.errors import UsageError
from yaokit.core.lazy import choices, pick
from yaokit.models import MODELS
from yaokit.models.base import Member

STACK = "trusted"


def make(label: str, seed: int = 0, settings: Mapping[str, Any] | None = None) -> Member:
    """The unfitted member of a label; UsageError says what it cannot be."""
    name, _, features = label.partition(":")
    return pick(MODELS, name, "model")(seed, features or None, **(settings or {}))


def features_of(label: str) -> str:
    """The kind of features a member reads."""
    return make(label).features


def kinds_read(labels: Iterable[str]) -> list[str]:
    """The kinds of features that members and domain need; "fp" always, first."""
    return list(dict.fromkeys(["fp", *(features_of(label) for label in labels)]))


def folder_name(label: str) -> str:
    """A label as a file's or folder's name."""
    return label.replace(":", "-")


def check(labels: Sequence[str]) -> None:
    """UsageError unless these are different members that exist and read those features."""
    single = sorted(choices(MODELS, "model").keys() - {STACK})
    names = [label.partition(":")[0] for label in labels]
    unknown = [name for name in names if name not in single]
    if unknown or not labels or len(set(labels)) < len(labels):
        what = f"no model to stack is called {unknown[0]!r}" if unknown else f"cannot stack {list(labels)}"
        raise UsageError(f"{what}; choose one or more different ones of: {', '.join(single)}")
    for label in labels:
        make(label)

"""What models there are: for `yaokit models list`."""

from typing import Any

from yaokit.core.lazy import choices, resolve
from yaokit.models import MODELS
from yaokit.models.auto import CHOICES
from yaokit.models.base import Member
from yaokit.models.targets import KINDS
from yaokit.models.trusted import BASELINES, Trusted


def models() -> list[dict[str, Any]]:
    """One entry a model: name, what it is, role, features, targets, settings, missing package."""
    known = choices(MODELS, "model")
    return [_entry(name, target) for name, target in known.items()]


def _entry(name: str, target: str) -> dict[str, Any]:
    try:
        found = resolve(target)
    except ModuleNotFoundError as error:
        return {"name": name, "what": "cannot be used here", "missing": error.name}
    about = {
        "name": name,
        "what": _first(found.__doc__),
        "role": "stack" if name == Trusted.name else "baseline" if name in BASELINES else "member",
        "targets": list(KINDS),
        "missing": None,
    }
    if not (isinstance(found, type) and issubclass(found, Member)):
        return about
    auto = [choice.label for choice in CHOICES if choice.label.partition(":")[0] == name]
    settings = {key: getattr(found, key, None) for key in found.settings}
    return about | {
        "features": list(found.feature_kinds),
        "sees_stereo": found.sees_stereo,
        "auto": auto,
        "settings": settings,
    }


def _first(text: str | None) -> str:
    """The first sentence of a docstring."""
    return " ".join((text or "").split("\n\n")[0].split())

"""What numbers an objective's settings may be."""

import math
from collections.abc import Mapping
from typing import Any

from yaokit.core.errors import UsageError


def check_whole(settings: Mapping[str, Any], **least: int) -> None:
    """UsageError if a setting that is there is no whole number, or less than its least."""
    for name, bound in least.items():
        value = settings.get(name, bound)
        if not isinstance(value, int) or isinstance(value, bool) or value < bound:
            raise UsageError(f"{name} = {value!r}: a whole number, {bound} or more")


def check_shares(settings: Mapping[str, Any], *names: str) -> None:
    """UsageError if a setting is no number from 0 to 1."""
    for name in names:
        if not (_is_number(settings[name]) and settings[name] <= 1):
            raise UsageError(f"{name} = {settings[name]!r}: a share, 0 to 1")


def check_weights(settings: Mapping[str, Any], *names: str) -> None:
    """UsageError if a setting is no number of 0 or more."""
    for name in names:
        if not _is_number(settings[name]):
            raise UsageError(f"{name} = {settings[name]!r}: a number, 0 or more")


def check_heads(settings: Mapping[str, Any]) -> None:
    """UsageError if a width, where there are heads, does not divide into heads of even size."""
    width, heads = settings["width"], settings.get("heads")
    if heads and width % (2 * heads):
        raise UsageError(f"width = {width}: a multiple of {2 * heads}, for {heads} heads of even size")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf

"""Plug-in tables: name → "module:attribute", imported only when used."""

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from yaokit.core.errors import UsageError


def resolve(target: str) -> Any:
    """The object that "package.module:attribute" names."""
    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)


def choices(table: Mapping[str, str], group: str) -> dict[str, str]:
    """The table and what other packages add under the entry-point group "yaokit.<group>"."""
    added = {point.name: point.value for point in entry_points(group=f"yaokit.{group}")}
    return {**added, **table}


def pick(table: Mapping[str, str], name: str, group: str) -> Any:
    """The plug-in called `name`; UsageError lists the choices if there is none."""
    known = choices(table, group)
    if name not in known:
        raise UsageError(f"no {group} is called {name!r}; choose one of: {', '.join(sorted(known))}")
    return resolve(known[name])

"""docs/dependencies.md and constraints.txt cover what pyproject.toml asks for."""

import re
import tomllib

import pytest
from docs.examples import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PAGE = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
PINS = (ROOT / "constraints.txt").read_text(encoding="utf-8")


def _name(requirement: str) -> str:
    match = re.match(r"[\w-]+", requirement)
    assert match
    return match[0]


@pytest.mark.parametrize("name", [_name(r) for r in PROJECT["dependencies"]])
def test_every_dependency_is_explained(name: str) -> None:
    assert re.search(rf"^\| [^|]*\b{name}\b", PAGE, re.MULTILINE)


@pytest.mark.parametrize(
    "name", [_name(r) for g in (PROJECT["dependencies"], PROJECT["optional-dependencies"]["dev"]) for r in g]
)
def test_every_dependency_is_pinned(name: str) -> None:
    normal = re.escape(name).replace(r"\-", "[-_]")
    assert re.search(rf"^{normal}==[\d.]+$", PINS, re.MULTILINE | re.IGNORECASE)


def test_torch_has_one_version() -> None:
    setup = (ROOT / "scripts/setup").read_text(encoding="utf-8")
    pinned = re.search(r"^torch==\S+$", PINS, re.MULTILINE)
    assert pinned
    assert pinned[0] in setup

"""docs/reasons.md has every code, and its examples are true."""

import re

import pytest
from docs.examples import ROOT

from yaokit.chem.standardize import Standardizer
from yaokit.core.reasons import REASONS, Failure
from yaokit.data.activity import parse_value

PAGE = (ROOT / "docs/reasons.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
VALUES = re.compile(r"Example: `([^`]*)` in (\w+)$", re.MULTILINE)
STRUCTURES = re.compile(r"Example: `([^`…]*)`(?! in)")


def test_every_code_is_explained() -> None:
    assert set(SECTIONS) == set(REASONS)
    assert all(len(text.split()) > 5 for text in SECTIONS.values())


@pytest.mark.parametrize("code", [c for c in SECTIONS if STRUCTURES.search(SECTIONS[c]) and c != "RAGGED"])
def test_example_structures_are_rejected_with_the_code(code: str) -> None:
    match = STRUCTURES.search(SECTIONS[code])
    assert match
    found = Standardizer()(match[1])
    assert isinstance(found, Failure)
    assert found.code == code


@pytest.mark.parametrize("code", [c for c in SECTIONS if VALUES.search(SECTIONS[c])])
def test_example_values_are_rejected_with_the_code(code: str) -> None:
    match = VALUES.search(SECTIONS[code])
    assert match
    found = parse_value(match[1], match[2])
    assert found is None if code == "VALUE_MISSING" else isinstance(found, Failure) and found.code == code

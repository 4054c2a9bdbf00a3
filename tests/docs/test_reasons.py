"""docs/reasons.md has every code, and its examples are true."""

import re

import pytest
from docs.examples import ROOT
from rdkit import Chem

from yaokit.chem.parse import parse, read
from yaokit.chem.standardize import Standardizer, round_trip
from yaokit.core.reasons import REASONS, Failure
from yaokit.data.curation.activity import parse_value
from yaokit.data.curation.classes import Classes
from yaokit.data.curation.curate import ValueColumn, curate

PAGE = (ROOT / "docs/reasons.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
VALUES = re.compile(r"Example: `([^`]*)` in (\w+)$", re.MULTILINE)
STRUCTURES = re.compile(r"Example: `([^`…]*)`(?! in)")
REPAIRS = re.findall(r"^\| `(.*)` \| `(.*)` \| (.*) \|$", PAGE, re.MULTILINE)
FILES = {
    code: found
    for code, text in SECTIONS.items()
    if (found := re.search(r"```(csv|sdf)\n(.*?)```", text, re.DOTALL))
}
OPTIONS = {
    "CONFLICT": [ValueColumn("active", unit="none", classes=Classes())],
    "GRAY_ZONE": [ValueColumn("active", unit="none", classes=Classes(6.5, 0.5))],
}


def test_every_code_is_explained() -> None:
    assert set(SECTIONS) == set(REASONS)
    assert all(len(text.split()) > 5 for text in SECTIONS.values())


@pytest.mark.parametrize("code", [c for c in SECTIONS if STRUCTURES.search(SECTIONS[c])])
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


@pytest.mark.parametrize("code", FILES)
def test_example_files_have_a_row_rejected_with_the_code(code: str, tmp_path) -> None:
    path = tmp_path / f"example.{FILES[code][1]}"
    path.write_text(FILES[code][2], encoding="utf-8")
    found = curate([path], values=OPTIONS.get(code, []), workers=1)
    assert code in found.summary["codes"]


def test_the_complex_that_reads_as_another_one_still_does() -> None:
    example = re.search(r"METAL:\n`(.*?)`", SECTIONS["ROUND_TRIP"])
    assert example
    found = round_trip(parse(example[1]))
    assert found is not None
    assert found.code == "ROUND_TRIP"


@pytest.mark.parametrize(("written", "becomes", "note"), REPAIRS)
def test_the_repairs_are_what_the_page_says(written: str, becomes: str, note: str) -> None:
    found = read(written.replace("\\|", "|"))
    assert not isinstance(found, Failure)
    assert (Chem.MolToSmiles(found.mol), found.notes) == (Chem.CanonSmiles(becomes), (note,))

"""The files and tables that the pages for contributors name are there."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src/yaokit"
PAGES = ("docs/architecture.md", "CONTRIBUTING.md")


def named(page: str, pattern: str) -> list[str]:
    return sorted(set(re.findall(pattern, (ROOT / page).read_text(encoding="utf-8"))))


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_are_there(page: str):
    names = named(page, r"`((?:\w+/)*\w+\.py)`")
    assert names
    for name in names:
        assert [*PACKAGE.rglob(name), *ROOT.glob(name)], f"{page} names {name}"


def test_tables_of_plug_ins_stand_where_they_are_said_to_be():
    rows = named("CONTRIBUTING.md", r"(`[A-Z_]+`(?: or `[A-Z_]+`)?) in `(\w+/[\w/]+\.py)`")
    assert len(rows) > 10
    for tables, file in rows:
        text = (PACKAGE / file).read_text(encoding="utf-8")
        for table in re.findall(r"[A-Z_]+", tables):
            assert re.search(rf"^{table}\b.*= [{{(]", text, re.MULTILINE), f"no {table} in {file}"


def test_the_table_of_layers_is_the_one_that_is_enforced():
    rows = re.findall(r"^\| (`.*?) \|", (ROOT / "docs/architecture.md").read_text(encoding="utf-8"), re.M)
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    assert [re.findall(r"\w+", row) for row in rows[: len(layers)]] == [
        re.findall(r"\w+", layer) for layer in layers
    ]

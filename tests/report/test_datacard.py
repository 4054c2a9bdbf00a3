"""The data card: whole, self-contained, safe with hostile names, complete for odd tables."""

import re
from pathlib import Path

import pytest

from yaokit.data.curation.classes import Classes
from yaokit.data.curation.curate import ValueColumn, curate_to
from yaokit.report.datacard import write_datacard

NUMBERS = (ValueColumn("A"),)
LABELS = (ValueColumn("A", unit="none", classes=Classes()),)
TABLES = {
    "numbers": (
        "smiles,id,A,assay\nCCO,a,5,x\nOCC,b,7.2,y\nC[C@H](F)Cl,c,4,x\nC[C@@H](F)Cl,d,8,x\nC1,e,5,x\n",
        NUMBERS,
    ),
    "classes": ("smiles,A\nCCO,1\nCCN,0\nOCC,0\nCCC,1\n", LABELS),
    "one row": ("smiles,A\nCCO,5\n", NUMBERS),
    "only bounds": ("smiles,A\nCCO,>5\nCCN,>5\n", NUMBERS),
    "no values": ("smiles,id\nCCO,a\nCCN,b\n", ()),
}


def card(tmp_path: Path, name: str) -> str:
    text, values = TABLES[name]
    path = tmp_path / "in.csv"
    path.write_text(text)
    summary = curate_to(tmp_path / "set.parquet", [path], values=values, workers=1)
    return write_datacard(tmp_path / "set", summary).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TABLES)
def test_every_kind_of_table_has_a_whole_page(name, tmp_path):
    page = card(tmp_path, name)
    for tag in ("html", "section", "div", "svg", "table", "ul", "dl", "figure"):
        assert len(re.findall(rf"<{tag}[ >]", page)) == page.count(f"</{tag}>"), tag
    assert "nan" not in re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL).lower().split()
    assert not re.findall(r'(?:src|href)="(?!#|data:,)', page)
    assert "<script" not in page


def test_it_shows_what_a_chemist_should_look_at(tmp_path):
    page = card(tmp_path, "numbers")
    assert "molecules whose replicates contradict each other" in page
    assert "differ from another in stereochemistry alone" in page
    assert "A 4 and 8; the same graph" in page
    assert page.count('class="mol"') == 3
    assert "not a SMILES" in page
    assert "2 assays in &#39;assay&#39;" in page


def test_names_cannot_run(tmp_path):
    evil = "<script>alert(1)</script>"
    (tmp_path / "in.csv").write_text(f"smiles,id,A,{evil}\nCCO,{evil},5,{evil}\nOCC,b,7,x\nCCN,{evil},6,\n")
    summary = curate_to(tmp_path / "set", [tmp_path / "in.csv"], values=NUMBERS, workers=1)
    assert "<script" not in write_datacard(tmp_path / "set", summary).read_text(encoding="utf-8")


def test_the_same_table_gives_the_same_page(tmp_path):
    assert card(tmp_path, "numbers") == card(tmp_path, "numbers")

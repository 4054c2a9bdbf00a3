import pytest
from rdkit import Chem

from yaokit.chem.marks import contradiction
from yaokit.chem.parse import parse
from yaokit.core.reasons import Failure


@pytest.mark.parametrize("text", [r"F/C(\Cl)=C/F", "C(/F)(/Cl)=C/F", r"F/C(\[H])=C/F"])
def test_both_partners_on_one_side_are_refused(text: str):
    found = parse(text)
    assert isinstance(found, Failure)
    assert found.code == "SYNTAX"
    assert "contradict" in found.message


@pytest.mark.parametrize(
    "text",
    [
        *("F/C(/Cl)=C/F", r"C(/F)(\Cl)=C/F", "F/C=C/C=C/C", "C/C(C)=C(C)C", "C/C", "C/C=C"),
        r"O=C1\C(=C\c2ccccn2)\CNC/C/1=C\c3ccccn3",  # ChEMBL: marks at a carbonyl, and at ring closures
        r"Fc1ccccc1\C=C\2/CNC\C(=C/c3ccccc3F)\C2=O",
    ],
)
def test_marks_that_agree_or_say_nothing_are_fine(text: str):
    assert contradiction(text, Chem.MolFromSmiles(text)) is None
    assert not isinstance(parse(text), Failure)

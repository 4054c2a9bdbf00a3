import pytest
from rdkit import Chem

from yaokit.chem.parse import MAX_HEAVY_ATOMS, MAX_LENGTH, parse, text_failure
from yaokit.core.reasons import REASONS, Failure


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "EMPTY"),
        ("", "EMPTY"),
        (" \t", "EMPTY"),
        ("ＣCO", "NON_ASCII"),
        ("CCО", "NON_ASCII"),  # the last letter is Cyrillic
        ("N/A", "NAME"),
        ("nan", "NAME"),
        ("CCO ethanol", "NAME"),
        ("InChI=1S/CH4/h1H4", "NAME"),
        ("CC>>CO", "REACTION"),
        ("aspirin", "SYNTAX"),
        ("C1CC", "SYNTAX"),
        ("C(C", "SYNTAX"),
        ("C(C)(C)(C)(C)C", "VALENCE"),
        ("c1cccc1", "KEKULIZE"),
        ("C" * (MAX_LENGTH + 1), "TOO_BIG"),
        ("C" * (MAX_HEAVY_ATOMS + 1), "TOO_BIG"),
    ],
)
def test_bad_text_gives_its_reason(text, code, capfd):
    found = parse(text)
    assert isinstance(found, Failure)
    assert found.code == code
    assert code in REASONS
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "text", ["CCO", " CCO\n", "CCO |$R;;$|", "[NH3]->[Pt+2](Cl)(Cl)<-[NH3]", "[2H]C", "[Na+].[Cl-]"]
)
def test_good_text_gives_a_molecule(text):
    assert isinstance(parse(text), Chem.Mol)


def test_the_look_alike_letter_is_named():
    failure = text_failure("ＣCO")
    assert failure is not None
    assert failure.message == "character 1 is 'Ｃ' (fullwidth latin capital letter c), not plain ASCII"

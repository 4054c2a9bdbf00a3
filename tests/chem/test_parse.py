import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rdkit import Chem
from rdkit.Chem import rdDepictor

from yaokit.chem.parse import MAX_HEAVY_ATOMS, MAX_LENGTH, as_smiles, parse, read, text_failure
from yaokit.core.reasons import REASONS, Failure

ETHANOL_BLOCK = Chem.MolToMolBlock(Chem.MolFromSmiles("CCO"))
METHANOL_WITH_STAR = Chem.MolToMolBlock(Chem.MolFromSmiles("*CO"))


def failure(text) -> Failure:
    found = read(text)
    assert isinstance(found, Failure), found
    assert found.code in REASONS
    assert "\n" not in found.message
    return found


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "EMPTY"),
        ("", "EMPTY"),
        (" \t", "EMPTY"),
        ('""', "EMPTY"),
        ("ＣCO", "NON_ASCII"),
        ("CCО", "NON_ASCII"),  # the last letter is Cyrillic
        ("CCO\u00a0", "NON_ASCII"),
        ("C\u200bCO", "NON_ASCII"),
        ("C\x00O", "NON_ASCII"),
        ("CC>>CO", "REACTION"),
        ("CC>O>CO", "REACTION"),
        ("C1CC", "SYNTAX"),
        ("C(C", "SYNTAX"),
        ("CC |foo|", "SYNTAX"),
        ("InChI=1S/nonsense", "SYNTAX"),
        ("C[C@@@H]", "SYNTAX"),
        ("C(C)(C)(C)(C)C", "VALENCE"),
        ("CN(C)(C)C", "VALENCE"),
        ("c1cccc1", "KEKULIZE"),
        ("ccc", "KEKULIZE"),
        ("*CC", "QUERY"),
        ("[R1]CC", "QUERY"),
        ("[#6]C", "QUERY"),
        ("C~C", "QUERY"),
        ("[C,N]C", "QUERY"),
        ("CC[*:1] |$;;R1$|", "QUERY"),
        ("CCO[Al](C)(C)(C)C", "METAL"),
        ("C" * (MAX_LENGTH + 1), "TOO_BIG"),
        ("C" * (MAX_HEAVY_ATOMS + 1), "TOO_BIG"),
    ],
)
def test_bad_text_gives_its_reason(text, code, capfd):
    assert failure(text).code == code
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "text",
    [
        *("NO", "No", "nan", "N/A", "#N/A", "none", "-", "aspirin", "OK", "see paper", "CCO ethanol"),
        *("2-(acetyloxy)benzoic acid", "N,N-dimethylacetamide", "CHEMBL25", "DB00945", "50-78-2", "12.5"),
        *("C9H8O4", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "[C][C][O]", "[C][=C][Ring1][=Branch1]", "QVR BVO1"),
    ],
)
def test_words_names_and_other_notations_are_no_structures(text):
    assert failure(text).code == "NAME"


@pytest.mark.parametrize(
    "text", ["CCO", " CCO\n", "'CCO'", "CCO |$R;;$|", "CN", "CO", "I", "[H][H]", "[2H]C", "[Na+].[Cl-]"]
)
def test_good_text_gives_a_molecule(text):
    found = read(text)
    assert not isinstance(found, Failure)
    assert found.notes == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ＣCO", "character 1 is 'Ｃ' (fullwidth latin capital letter c), which only looks like 'C'"),
        ("CCο", "character 3 is 'ο' (greek small letter omicron), which only looks like 'o'"),
        ("C[N−]", "character 4 is '−' (minus sign), which only looks like '-'"),
        ("C\u00a0", "character 2 is U+00A0 (no-break space), which looks like a space or nothing"),
        ("Cé", "character 2 is 'é' (latin small letter e with acute), not plain ASCII"),
    ],
)
def test_the_look_alike_letter_is_named(text, message):
    found = text_failure(text)
    assert found is not None
    assert found.message == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CC(C", "extra open parentheses at character 3, 'CC('"),
        ("CC=", "SMILES breaks off at character 3, 'CC='"),
        ("CC2CC", "ring 2 is opened but never closed"),
        ("OC(C)(C)(C)C", "C at character 2 has 5 bonds, too many for an atom without charge"),
        ("BrC[NH4+]", "N at character 4 has 5 bonds, too many for charge +1"),
        ("Cc1ccnn1", "write [nH] for the nitrogen that has a hydrogen: characters 6 or 7"),
        ("CC.c1cccc1", "no alternating double bonds fit the aromatic atoms at characters 4, 6, 7, 8 and 9"),
        ("CC>>CO", "a reaction; give one molecule per row, for instance the product, CO"),
    ],
)
def test_the_message_says_where(text, message):
    assert failure(text).message == message


def test_inchi_is_converted_and_said():
    aspirin = Chem.MolFromSmiles("CC(=O)Oc1ccccc1C(=O)O")
    found = read(Chem.MolToInchi(aspirin))
    assert not isinstance(found, Failure)
    assert (Chem.MolToSmiles(found.mol), found.notes) == (Chem.MolToSmiles(aspirin), ("from InChI",))


def test_a_mol_block_is_a_structure_text():
    found = read(ETHANOL_BLOCK)
    assert not isinstance(found, Failure)
    assert (Chem.MolToSmiles(found.mol), found.notes) == ("CCO", ())
    assert found.mol.GetNumConformers() == 0
    assert as_smiles(ETHANOL_BLOCK, found.mol) == "CCO"
    assert as_smiles(" OCC ", found.mol) == "OCC"


@pytest.mark.parametrize("smiles", ["C[C@H](F)Cl", "C[C@@H](F)Cl", "C/C=C/F", "C/C=C\\F"])
@pytest.mark.parametrize("v3000", [False, True])
def test_mol_blocks_keep_stereo_from_their_drawing(smiles, v3000):
    mol = Chem.MolFromSmiles(smiles)
    rdDepictor.Compute2DCoords(mol)
    found = parse(Chem.MolToMolBlock(mol, forceV3000=v3000))
    assert isinstance(found, Chem.Mol)
    assert Chem.MolToSmiles(found) == smiles


def test_a_block_without_coordinates_is_read():
    mol = Chem.MolFromSmiles("C/C=C/C(N)O")
    lines = Chem.MolToMolBlock(mol).splitlines()
    zeros = [f"{0:10.4f}" * 3 + line[30:] if len(line) > 60 else line for line in lines]
    found = parse("\n".join(zeros))
    assert isinstance(found, Chem.Mol)
    assert Chem.MolToSmiles(found) == "CC=CC(N)O"


@pytest.mark.parametrize(
    ("block", "code"),
    [
        (ETHANOL_BLOCK.replace("M  END", ""), "SYNTAX"),
        (ETHANOL_BLOCK.replace("  3  2", "  9  2"), "SYNTAX"),
        (ETHANOL_BLOCK.replace(" O  ", " Xx "), "SYNTAX"),
        (ETHANOL_BLOCK.replace(" O  ", " R# "), "QUERY"),
        (ETHANOL_BLOCK.replace("  2  3  1  0", "  2  3  8  0"), "QUERY"),
        (
            ETHANOL_BLOCK.replace("  1  2  1  0", "  1  2  3  0").replace("  2  3  1  0", "  2  3  2  0"),
            "VALENCE",
        ),
        (METHANOL_WITH_STAR, "QUERY"),
        ("$RXN\n\n\n\n  1  1\n", "REACTION"),
        ("CCO\nCCN\n", "NAME"),
        (Chem.MolToMolBlock(Chem.Mol()), "EMPTY"),
    ],
)
def test_bad_blocks_give_their_reason(block, code, capfd):
    assert failure(block).code == code
    assert capfd.readouterr().err == ""


def test_any_letter_may_stand_in_the_title_of_a_block():
    assert isinstance(parse("Åthanol, Ωμ" + ETHANOL_BLOCK), Chem.Mol)


def test_a_polymer_is_no_single_molecule():
    assert failure("CCO |Sg:n:0,1,2::ht|").code == "QUERY"


def test_parities_tell_stereo_where_there_are_no_coordinates():
    mol = Chem.MolFromSmiles("C[C@H](F)Cl")
    rdDepictor.Compute2DCoords(mol)
    lines = Chem.MolToMolBlock(mol).splitlines()
    zeros = [f"{0:10.4f}" * 3 + line[30:] if len(line) > 60 else line for line in lines]
    zeros[8:-1] = [line[:9] + "  0" for line in zeros[8:-1]]  # bonds without wedges
    center = 5
    both = set()
    for parity in "12":
        zeros[center] = zeros[center][:39] + "  " + parity + zeros[center][42:]
        found = parse("\n".join(zeros))
        assert isinstance(found, Chem.Mol)
        both.add(Chem.MolToSmiles(found))
    assert both == {"C[C@H](F)Cl", "C[C@@H](F)Cl"}


PIECES = st.sampled_from(
    [
        *"CNOPSFIBcnos()[]=#:.-+@/\\%0123456789*~>|$;,! \t\n\x00\u0421Ｃé\"'",
        "Cl",
        "[nH]",
        "InChI=",
        " |",
        "M  END",
    ]
)
TEXTS = ["CC(=O)Oc1ccccc1C(=O)O", "C[C@H](F)/C=C/c1cc[nH]c1.[Na+]", "CN(C)(C)->O |$;;$|", "InChI=1S/CH4/h1H4"]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(TEXTS), st.lists(PIECES, max_size=8), st.integers(0, 99))
def test_damaged_text_never_raises(text, pieces, seed):
    letters = list(text)
    for piece in pieces:
        letters.insert(random.Random(seed).randrange(len(letters) + 1), piece)
    found = read("".join(letters))
    if isinstance(found, Failure):
        assert found.code in REASONS
        assert "\n" not in found.message
        assert len(found.message) < 300


@settings(max_examples=200, deadline=None)
@example([(73, "\xe9"), (74, "\xe9")])
@given(st.lists(st.tuples(st.integers(0, 399), st.characters(max_codepoint=300)), min_size=1, max_size=6))
def test_damaged_blocks_never_raise(changes):
    letters = list(ETHANOL_BLOCK)
    for at, letter in changes:
        letters[at % len(letters)] = letter
    found = read("".join(letters))
    if isinstance(found, Failure):
        assert found.code in REASONS
        assert "\n" not in found.message

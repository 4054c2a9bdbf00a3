"""SMILES as tokens: nothing unknown, nothing lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem
from toy_runs import series

from yaokit.data.augment import randomized
from yaokit.nn.tokenizer import BOS, EOS, MASK, PAD, UNK, pad, smiles_tokenizer

TOKENIZER = smiles_tokenizer()
UNUSUAL = [
    "[13C@@H-](F)Cl",
    "[2H]OC",
    "C1CC%10CCC1CC%10",
    "C%(123)CC%(123)",
    "[Cu-5]",
    "[nH:12]1cccc1",
    "F[Co@OH3](Cl)(Br)(I)(N)O",
    "[NH4+].[Cl-]",
    "C/C=C\\C",
    "[#6]C",
    "*c1ccccc1",
    "[Fe+++]",
    "N->[Pt+2]<-N",
    "[se]1cccc1",
    "[Og]",
]


@pytest.mark.parametrize(
    ("smiles", "wanted"),
    [
        ("CC(=O)Cl", ["C", "C", "(", "=", "O", ")", "Cl"]),
        ("Sc1ccccc1", ["S", "c", "1", "c", "c", "c", "c", "c", "1"]),
        ("C[C@@H](N)Br", ["C", "[C@@H]", "(", "N", ")", "Br"]),
        ("[13C@@H-]", ["[", "1", "3", "C", "@@", "H", "-", "]"]),
        ("[ScH2]", ["[", "Sc", "H", "2", "]"]),
        ("[nH]1%12c", ["[nH]", "1", "%12", "c"]),
        ("%45", ["%", "4", "5"]),
    ],
)
def test_a_token_is_an_atom_or_a_mark(smiles: str, wanted: list[str]):
    assert TOKENIZER.split(smiles) == wanted


@pytest.mark.parametrize("smiles", UNUSUAL)
def test_what_smiles_can_say_comes_back_as_it_was(smiles: str):
    assert TOKENIZER.unknown(smiles) == []
    assert TOKENIZER.decode(TOKENIZER.encode(smiles)) == smiles


def test_measured_molecules_come_back_as_they_were_however_written():
    for smiles in series(60)[0]:
        for text in [smiles, *randomized(smiles, 3, 0)]:
            assert TOKENIZER.unknown(text) == []
            assert TOKENIZER.decode(TOKENIZER.encode(text, ends=True)) == text


@given(st.text())
def test_any_text_splits_into_itself(text: str):
    assert "".join(TOKENIZER.split(text)) == text
    assert len(TOKENIZER.encode(text)) == len(TOKENIZER.split(text))
    assert (TOKENIZER.encode(text) == UNK).sum() == len(TOKENIZER.unknown(text))


def test_a_letter_that_is_no_token_is_told():
    assert TOKENIZER.unknown("C{C}ж") == ["{", "}", "ж"]
    with pytest.raises(ValueError, match="<unk> stands for no part"):
        TOKENIZER.decode(TOKENIZER.encode("C{C}"))


def test_every_element_and_the_first_numbers_have_their_place():
    table = Chem.GetPeriodicTable()
    for number in range(1, 119):
        assert TOKENIZER.unknown(f"[{table.GetElementSymbol(number)}]") == []
    assert [TOKENIZER.tokens[i] for i in (PAD, BOS, EOS, MASK, UNK)] == [
        "<pad>",
        "<bos>",
        "<eos>",
        "<mask>",
        "<unk>",
    ]
    assert len(set(TOKENIZER.tokens)) == len(TOKENIZER) == 308
    assert TOKENIZER.kinds.count("reserve") == 27


@pytest.mark.parametrize(
    "smiles", ["C[C@@H](N)Br", "[13C@@H-](F)Cl", "[2H]OC", "N->[Pt+2]<-N", "*CC%10CC%10"]
)
def test_each_atom_has_its_tokens(smiles: str):
    split, mol = TOKENIZER.split(smiles), Chem.MolFromSmiles(smiles)
    found = TOKENIZER.atom_tokens(smiles)
    assert len(found) == mol.GetNumAtoms()
    for atom, places in zip(mol.GetAtoms(), found, strict=True):
        text = "".join(split[i] for i in places)
        assert atom.GetSymbol().lower() in text.lower()
    others = set(range(len(split))) - set(np.concatenate(found).tolist())
    assert not any(split[i].isalpha() for i in others)


def test_short_sequences_are_filled_up():
    assert pad([np.array([5, 6]), np.array([7])]).tolist() == [[5, 6], [7, PAD]]
    assert pad([]).shape == (0, 0)

"""What is open in a SMILES: nothing at the end of any molecule, and the right things before."""

import hashlib

import numpy as np
import pytest
from rdkit import Chem

from yaokit.chem.syntax import NUMBERS, Syntax, told
from yaokit.data.read.files import read_records
from yaokit.nn.tokenizer import smiles_tokenizer

TOKENIZER = smiles_tokenizer()
MOLECULES = [
    "c1ccc(-c2ccccc2)cc1",
    "c1ccccc1c1ccccc1",
    "O=c1[nH]c2ccccc2[nH]1",
    "N=c1cccc[nH]1",
    "c1(cccc[nH]1)=N",
    "Cn1cnc2c1c(=O)n(C)c(=O)n2C",
    "C[n+]1ccccc1",
    "[O-][n+]1ccccc1",
    "CS(=O)(=O)c1ccco1",
    "[13C@@H](C)(N)C(=O)O",
    "c%10ccccc%10",
    "C12CC1C2",
    "c1ccc2c(c1)CCn1cccc1-2",
    "O=c1ccn2c(c1)Cc1ccccc1-2",
    "[Na+].[Cl-]",
    "C[N+](C)(C)CC(=O)[O-]",
]


def read(smiles: str) -> Syntax:
    found = Syntax()
    for token in TOKENIZER.split(smiles):
        found.add(token)
    return found


def open_at_end(found: Syntax) -> dict[str, bool]:
    """What no molecule may have."""
    return {
        "branches": bool(found.branches),
        "rings": bool(found.rings),
        "bonds": min(found.free) < 0,
        "lacking": any(found.lacking[system] for system in found.system if system >= 0),
    }


def test_nothing_is_open_at_the_end_of_a_molecule_however_it_is_written():
    rows = list(read_records("builtin:zinc250k"))[::250]
    for i, row in enumerate(rows):
        mol = Chem.MolFromSmiles(row.cells["smiles"])
        for smiles in (Chem.MolToSmiles(mol), Chem.MolToRandomSmilesVect(mol, 1, randomSeed=i + 1)[0]):
            assert not any(open_at_end(read(smiles)).values()), smiles
    assert len(rows) > 900


@pytest.mark.parametrize("smiles", MOLECULES)
def test_nothing_is_open_at_the_end(smiles: str):
    assert Chem.MolFromSmiles(smiles) is not None
    assert not any(open_at_end(read(smiles)).values())


@pytest.mark.parametrize(
    ("smiles", "what"),
    [
        ("c1ccnn1", "lacking"),  # wants [nH]
        ("c1cccc1", "lacking"),
        ("CC(=O)(=O)C", "bonds"),
        ("CF=C", "bonds"),
        ("O[nH]1cccc1", "bonds"),
        ("CC(C", "branches"),
        ("C1CC", "rings"),
    ],
)
def test_what_is_wrong_with_a_string_is_told(smiles: str, what: str):
    found = open_at_end(read(smiles))
    assert [name for name, is_open in found.items() if is_open] == [what]


def test_after_a_branch_the_atom_before_it_is_the_last():
    inside, after = told(TOKENIZER.split("CC(=O)"))[-2:]
    assert inside != after
    assert read("CC(=O)").free[read("CC(=O)").last] == 1
    assert read("CC(=O").free[read("CC(=O").last] == 0


def most(left: frozenset[int], near: list[list[int]]) -> int:
    """Pairs of neighbors among these atoms, as many as there can be."""
    if not left:
        return 0
    first = min(left)
    with_it = [1 + most(left - {first, other}, near) for other in near[first] if other in left]
    return max([most(left - {first}, near), *with_it])


def test_as_many_aromatic_atoms_have_a_mate_as_can_at_every_moment():
    n = 0
    for row in list(read_records("builtin:zinc250k"))[::2500]:
        found = Syntax()
        for token in TOKENIZER.split(row.cells["smiles"]):
            found.add(token)
            for system in {its for its in found.system if its >= 0}:
                atoms = [i for i, its in enumerate(found.system) if its == system and found.wants[i]]
                if len(atoms) <= 14:
                    n += 1
                    assert found.lacking[system] == len(atoms) - 2 * most(frozenset(atoms), found.near)
    assert n > 2_000


def test_a_ring_is_told_how_large_it_would_be_and_where_it_cannot_be_closed():
    sizes = slice(16, 21)
    tokens = TOKENIZER.split("C1CCCC")
    assert told(tokens)[-1][sizes] == [False, False, True, False, False]
    could = [row[10] for row in told(tokens)]
    assert could == [False, False, False, True, True, True]


def test_each_token_gets_its_numbers_and_a_bracket_in_pieces_is_one_atom():
    tokens = TOKENIZER.split("C[17C@@H](N)O")
    assert "[" in tokens
    assert [len(row) for row in told(tokens)] == [NUMBERS] * len(tokens)
    assert len(read("C[17C@@H](N)O").free) == 4


def test_what_is_no_smiles_is_read_all_the_same():
    random = np.random.default_rng(0)
    for _ in range(200):
        tokens = [TOKENIZER.tokens[i] for i in random.integers(5, len(TOKENIZER), 30)]
        assert len(told(tokens)) == 30


def test_what_is_told_stays_as_networks_have_learned_it():
    every = np.concatenate([told(TOKENIZER.split(smiles)) for smiles in MOLECULES])
    assert every.shape[1] == NUMBERS == 34
    assert hashlib.sha256(np.packbits(every).tobytes()).hexdigest()[:16] == "9e6dbefb14ffb491"

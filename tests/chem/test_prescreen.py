"""The prescreen never loses a match, whatever the query asks."""

import pytest
from rdkit import Chem

from yaokit.chem.prescreen import Prescreen
from yaokit.chem.querytree import read_query

QUERIES = (
    *(
        "C",
        "c",
        "[#6]",
        "*",
        "[!#6]",
        "[!#6&!#1]",
        "[C,N]",
        "[C;!R]",
        "[R]",
        "[!R]",
        "[R2]",
        "[r5]",
        "[x2]",
        "[D3]",
    ),
    *(
        "[X4]",
        "[v3]",
        "[+]",
        "[!+0]",
        "[-]",
        "[H]",
        "[#1]",
        "[!H]",
        "[NH2]",
        "[h1]",
        "[13C]",
        "[2H]",
        "[a]",
        "[!a]",
    ),
    *(
        "[C@H](N)C",
        "[^2]",
        "[D{2-3}]",
        "[+{1-2}]",
        "[$(C=O)]",
        "[!$(C=O)]",
        "[$(C=O),$(N[$(C#N)])]C",
        "[C;$(C=O)]N",
    ),
    *(
        "[$([C;!$(C=O)]N),Cl]",
        "CC",
        "C-C",
        "C=C",
        "C:C",
        "C~C",
        "C!@C",
        "C-,=C",
        "C-;!@C",
        "C!-C",
        "C\\C=C",
        "N->[Pt]",
    ),
    *(
        "c1ccccc1",
        "C1CC1",
        "CC(=O)[O;H1,-]",
        "C.C",
        "[F,Cl,Br].[F,Cl,Br]",
        "[CX4][F]",
        "FC(F)F",
        "[C,c]=[N,O;!$(N-O)]",
    ),
    *(
        "[$(a1aaaa1),$(a1aaaaa1)]",
        "[$([#7])]~[$([#6])]",
        "[N;!$(N-C=O);!$(N-S)]",
        "[#6]-[#16](=[#8])(=[#8])-[#7]",
    ),
    *("[!C&!c;$(*~[#6]),$(*~[#7])]", "[!$([C,c])]", "[0C]", "[C+0]", "[a;!#6]", "[A]#[A]", "[N&+](=O)[O&-]"),
)
MOLECULES = (
    *(
        "C",
        "[H][H]",
        "[2H]C([2H])([2H])O",
        "CC(=O)Oc1ccccc1C(=O)O",
        "C[N+](C)(C)CC([O-])=O",
        "O=[N+]([O-])c1ccccc1",
    ),
    *(
        "FC(F)(F)CBr",
        "C1CC1",
        "C1CC2CC1CC2",
        "N#CC=C",
        "C[C@H](N)C(=O)O",
        "C/C=C\\C",
        "[Na+].[Cl-]",
        "[13CH4]",
        "*C",
        "",
    ),
    *(
        "N[Pt](N)(Cl)Cl",
        "N->[Pt]",
        "c1ccc2[nH]ccc2c1",
        "O=S(=O)(N)c1ccc(N)cc1",
        "[O-][n+]1ccccc1",
        "CN=[N+]=[N-]",
    ),
    *(
        "OB(O)c1ccccc1",
        "C[Si](C)(C)C",
        "N=C(N)N",
        "CC(C)(C)OC(=O)NC",
        "C#CC",
        "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
        "[H]N([H])C",
    ),
)


def binary(smarts: str) -> bytes:
    return Chem.MolFromSmarts(smarts).ToBinary()


@pytest.mark.parametrize("smiles", MOLECULES)
def test_whatever_matches_is_a_candidate(smiles: str):
    mol = Chem.MolFromSmiles(smiles)
    queries = [Chem.MolFromSmarts(smarts) for smarts in QUERIES]
    matching = {i for i, query in enumerate(queries) if mol.HasSubstructMatch(query)}
    screen = Prescreen([(query.ToBinary(), 1) for query in queries])
    assert matching <= set(screen.candidates(mol))


@pytest.mark.parametrize("smiles", MOLECULES)
def test_explicit_hydrogens_and_queries_from_molecules_lose_nothing(smiles: str):
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    queries = [Chem.MolFromSmiles(text) for text in MOLECULES]
    queries += [Chem.MergeQueryHs(Chem.AddHs(query)) for query in queries]
    matching = {i for i, query in enumerate(queries) if mol.HasSubstructMatch(query)}
    screen = Prescreen([(query.ToBinary(), 1) for query in queries])
    assert matching <= set(screen.candidates(mol))


def test_most_of_what_cannot_match_is_left_out():
    screen = Prescreen([(binary(smarts), 1) for smarts in QUERIES])
    ethane, aspirin = (Chem.MolFromSmiles(text) for text in ("CC", "CC(=O)Oc1ccccc1C(=O)O"))
    left = [QUERIES[i] for i in screen.candidates(ethane)]
    assert "[$(C=O)]" not in left
    assert "[$(C=O),$(N[$(C#N)])]C" not in left
    assert "FC(F)F" not in left
    assert len(left) < 35
    assert "N->[Pt]" not in [QUERIES[i] for i in screen.candidates(aspirin)]


def test_asking_for_many_matches_of_an_atom_counts_atoms():
    screen = Prescreen([(binary("[#6]"), 3), (binary("[#6]"), 4)])
    assert screen.candidates(Chem.MolFromSmiles("CCC")) == [0]


def test_a_query_that_is_not_known_is_always_a_candidate():
    screen = Prescreen([(None, 1), (binary("N"), 1)])
    assert screen.candidates(Chem.MolFromSmiles("C")) == [0]
    assert screen.candidates(Chem.MolFromSmiles("")) == [0]
    assert Prescreen([]).candidates(Chem.MolFromSmiles("C")) == []


def test_nested_recursions_are_read_in_their_places():
    query = read_query(binary("[$(C=O),$(N[$(C#N)])]C[!$(O)]"))
    first, last = query.atoms[0], query.atoms[2]
    assert [len(part.query.atoms) for part in first.parts if part.query] == [2, 2]
    assert first.parts[1].query is not None
    assert first.parts[1].query.atoms[1].query is not None
    assert last.is_negated
    assert last.query is not None

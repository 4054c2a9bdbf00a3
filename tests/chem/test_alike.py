"""Molecules that the fingerprint cannot tell apart are found, and no others."""

from yaokit.chem.alike import alike, without_stereo
from yaokit.chem.fingerprints import morgan_counts, stack

CYCLOHEXANOL = ("N[C@H]1CC[C@H](O)CC1", "N[C@H]1CC[C@@H](O)CC1")  # trans and cis in some order
CYCLOBUTANE = ("N[C@H]1C[C@H](C(=O)O)C1", "N[C@H]1C[C@@H](C(=O)O)C1")
HANDS = ("CCCC[C@H](CCCO)O", "CCCC[C@@H](CCCO)O")
SEEN = ("C[C@H](O)c1ccccc1", "C[C@@H](O)c1ccccc1", "CC=CC", r"C/C=C/C", r"C/C=C\C")


def test_stereoisomers_with_equal_counts_are_pairs():
    smiles = [*SEEN, *CYCLOHEXANOL, *CYCLOBUTANE, *HANDS]
    assert sorted(alike(morgan_counts(smiles), smiles)) == [(5, 6), (7, 8), (9, 10)]
    for one, other in (CYCLOHEXANOL, CYCLOBUTANE, HANDS):
        assert without_stereo(one) == without_stereo(other)


def test_isomers_of_equal_counts_are_pairs_but_no_stereoisomers():
    smiles = ["C1CCCCC1.C1CCCC1.C1CCCCCC1", "C1CCCCC1.C1CCCCC1.C1CCCCC1"]  # 18 equal atoms each
    assert alike(morgan_counts(smiles), smiles) == [(0, 1)]
    assert len(set(map(without_stereo, smiles))) == 2


def test_the_same_smiles_twice_is_no_pair():
    smiles = ["CCO", "CCO", "CCN"]
    assert alike(morgan_counts(smiles), smiles) == []
    assert alike(stack([]), []) == []

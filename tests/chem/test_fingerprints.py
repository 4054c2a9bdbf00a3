"""Morgan counts against RDKit's own."""

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator
from toy_runs import series

from yaokit.chem.fingerprints import SIZE, bits, morgan_counts, morgan_row, stack


@pytest.fixture(scope="module")
def smiles() -> list[str]:
    return series(40)[0]


def test_counts_are_those_of_rdkit(smiles: list[str]):
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048, includeChirality=True)
    wanted = [generator.GetCountFingerprintAsNumPy(Chem.MolFromSmiles(text)) for text in smiles]
    found = morgan_counts(smiles)
    assert found.shape == (40, SIZE)
    assert found.dtype == np.float32
    assert np.array_equal(found.toarray(), np.array(wanted, np.float32))


def test_bits_only_say_whether_something_is_there(smiles: list[str]):
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048, includeChirality=True)
    wanted = [generator.GetFingerprintAsNumPy(Chem.MolFromSmiles(text)) for text in smiles]
    assert np.array_equal(bits(morgan_counts(smiles)).toarray(), np.array(wanted, np.float32))


def test_mirror_images_differ():
    left, right = (morgan_counts([text]).toarray() for text in ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"))
    assert not np.array_equal(left, right)


def test_the_order_of_atoms_does_not_matter(smiles: list[str]):
    mol = Chem.MolFromSmiles(smiles[0])
    turned = Chem.RenumberAtoms(mol, list(range(mol.GetNumAtoms()))[::-1])
    for first, second in zip(morgan_row(mol), morgan_row(turned), strict=True):
        assert first.tolist() == second.tolist()


def test_no_molecules_are_an_empty_matrix():
    assert morgan_counts([]).shape == (0, SIZE)
    assert stack([]).dtype == np.float32


def test_what_does_not_parse_is_named_with_its_place(smiles: list[str]):
    with pytest.raises(ValueError, match="molecule 1 does not parse: 'C1CC'"):
        morgan_counts([smiles[0], "C1CC"])

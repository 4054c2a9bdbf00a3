"""Morgan counts against RDKit's own."""

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Avalon import pyAvalonTools
from rdkit.Chem import AllChem, MACCSkeys, rdFingerprintGenerator
from toy_runs import series

from yaokit.chem.fingerprints import (
    FINGERPRINTS,
    SIZE,
    atom_pairs,
    avalon,
    bits,
    erg,
    maccs,
    morgan,
    morgan_counts,
    morgan_row,
    packed,
    stack,
)


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


@pytest.fixture(scope="module")
def mols(smiles: list[str]) -> list[Chem.Mol]:
    return [Chem.MolFromSmiles(text) for text in smiles]


@pytest.mark.parametrize("name", FINGERPRINTS)
def test_every_fingerprint_has_a_row_for_each_molecule(name: str, mols: list[Chem.Mol]):
    of = FINGERPRINTS[name]
    width = of(mols[:1]).shape[1]
    assert of(mols).shape == (len(mols), width)
    assert of([]).shape == (0, width)
    assert of(mols).dtype == (np.uint8 if name == "maccs" else np.float32)
    assert of(mols).sum() > 0


def test_morgan_counts_with_other_settings_are_rdkits(mols: list[Chem.Mol]):
    atoms = rdFingerprintGenerator.GetMorganFeatureAtomInvGen()
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=3, fpSize=512, atomInvariantsGenerator=atoms)
    wanted = [generator.GetCountFingerprintAsNumPy(mol) for mol in mols]
    found = morgan(mols, size=512, radius=3, chirality=False, functional=True)
    assert np.array_equal(found.toarray(), np.array(wanted))


def test_chirality_is_a_switch():
    pair = [Chem.MolFromSmiles(text) for text in ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O")]
    for of in (morgan, atom_pairs):
        with_it, without = of(pair, chirality=True).toarray(), of(pair, chirality=False).toarray()
        assert not np.array_equal(*with_it)
        assert np.array_equal(*without)


def test_the_other_fingerprints_are_rdkits(mols: list[Chem.Mol]):
    pairs = rdFingerprintGenerator.GetAtomPairGenerator(fpSize=2048, includeChirality=True)
    assert np.array_equal(atom_pairs(mols).toarray(), [pairs.GetCountFingerprintAsNumPy(m) for m in mols])
    assert np.array_equal(
        avalon(mols).toarray(), [list(pyAvalonTools.GetAvalonCountFP(m, 1024)) for m in mols]
    )
    assert np.array_equal(erg(mols), np.float32([AllChem.GetErGFingerprint(m) for m in mols]))
    assert np.array_equal(maccs(mols), [list(MACCSkeys.GenMACCSKeys(m)) for m in mols])


def test_packed_bits_are_those_that_are_set(mols: list[Chem.Mol]):
    for fingerprints in (morgan(mols), maccs(mols)):
        dense = fingerprints if isinstance(fingerprints, np.ndarray) else fingerprints.toarray()
        unpacked = np.unpackbits(packed(fingerprints), axis=1, bitorder="little", count=dense.shape[1])
        assert np.array_equal(unpacked, dense != 0)
    assert packed(morgan([])).shape == (0, SIZE // 8)

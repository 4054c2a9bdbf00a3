"""Fingerprints of molecules as matrices, and packed into bits for searching."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import numpy as np
from rdkit import Chem
from rdkit.Avalon import pyAvalonTools
from rdkit.Chem import rdFingerprintGenerator, rdMolDescriptors, rdReducedGraphs
from scipy.sparse import csr_array

SIZE = 2048
RADIUS = 2
ERG_SIZE = 315
MACCS_SIZE = 167
_BLOCK = 8_192

Row = tuple[np.ndarray, np.ndarray]  # indices (k,) int32, ascending; counts (k,) float32


def morgan_row(mol: Chem.Mol) -> Row:
    """The count fingerprint of one molecule: radius 2, folded to 2048, with chirality."""
    return _row(generator().GetCountFingerprint(mol))


def morgan_counts(smiles: Sequence[str]) -> csr_array:
    """(n, 2048) float32 counts; ValueError names the first SMILES that does not parse."""
    return stack([morgan_row(mol) for mol in _read(smiles)])


def flat_morgan(smiles: Sequence[str]) -> csr_array:
    """The same without chirality: mirror images are alike."""
    return morgan(_read(smiles), chirality=False)


def _read(smiles: Sequence[str]) -> list[Chem.Mol]:
    mols = [Chem.MolFromSmiles(text) for text in smiles]
    for i, mol in enumerate(mols):
        if mol is None:
            raise ValueError(f"molecule {i} does not parse: {smiles[i]!r}")
    return mols


def stack(rows: Sequence[Row], size: int = SIZE) -> csr_array:
    """The rows as one (n, size) matrix."""
    lengths = [len(indices) for indices, _ in rows]
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    if not rows:
        return csr_array((0, size), dtype=np.float32)
    indices = np.concatenate([r[0] for r in rows])
    counts = np.concatenate([r[1] for r in rows])
    return csr_array((counts, indices, indptr), shape=(len(rows), size))


def bits(counts: csr_array) -> csr_array:
    """The same with every count set to 1."""
    return csr_array((np.ones_like(counts.data), counts.indices, counts.indptr), shape=counts.shape)


def packed(fingerprints: csr_array | np.ndarray) -> np.ndarray:
    """(n, size / 8) uint8 bits of what is not 0, the lowest first: what `search` works on."""
    out = np.zeros((fingerprints.shape[0], -(-fingerprints.shape[1] // 8)), np.uint8)
    for start in range(0, len(out), _BLOCK):
        part = fingerprints[start : start + _BLOCK]
        dense = part if isinstance(part, np.ndarray) else part.toarray()
        out[start : start + _BLOCK] = np.packbits(dense != 0, axis=1, bitorder="little")
    return out


def morgan(
    mols: Sequence[Chem.Mol],
    size: int = SIZE,
    radius: int = RADIUS,
    chirality: bool = True,
    functional: bool = False,
) -> csr_array:
    """(n, size) float32 counts of the surroundings of each atom.

    `chirality` tells mirror images apart; `functional` looks at what an atom does (donor, acceptor,
    aromatic, …) in place of which it is. Rogers and Hahn 2010, doi:10.1021/ci100050t.
    """
    return _counted(_morgan(size, radius, chirality, functional).GetCountFingerprint, mols, size)


def atom_pairs(mols: Sequence[Chem.Mol], size: int = SIZE, chirality: bool = True) -> csr_array:
    """(n, size) float32 counts of pairs of atoms and the bonds between (doi:10.1021/ci00046a002)."""
    return _counted(_atom_pairs(size, chirality).GetCountFingerprint, mols, size)


def torsions(mols: Sequence[Chem.Mol], size: int = SIZE, chirality: bool = True) -> csr_array:
    """(n, size) float32 counts of paths of four atoms (doi:10.1021/ci00054a008)."""
    return _counted(_torsions(size, chirality).GetCountFingerprint, mols, size)


def avalon(mols: Sequence[Chem.Mol], size: int = 1024) -> csr_array:
    """(n, size) float32 counts of the features of the Avalon toolkit (doi:10.1021/ci050413p)."""
    return _counted(partial(pyAvalonTools.GetAvalonCountFP, nBits=size), mols, size)


def erg(mols: Sequence[Chem.Mol]) -> np.ndarray:
    """(n, 315) float32: pairs of pharmacophores and how far apart (doi:10.1021/ci050457y)."""
    rows = [rdReducedGraphs.GetErGFingerprint(mol) for mol in mols]
    return np.array(rows, np.float32).reshape(len(rows), ERG_SIZE)


def maccs(mols: Sequence[Chem.Mol]) -> np.ndarray:
    """(n, 167) uint8: the public MACCS keys; bit 0 is never set (doi:10.1021/ci010132r)."""
    out = np.zeros((len(mols), MACCS_SIZE), np.uint8)
    for row, mol in zip(out, mols, strict=True):
        row[list(rdMolDescriptors.GetMACCSKeysFingerprint(mol).GetOnBits())] = 1
    return out


def _morgan_bits(mols: Sequence[Chem.Mol], **settings: Any) -> csr_array:
    return bits(morgan(mols, **settings))


FINGERPRINTS: dict[str, Callable[..., csr_array | np.ndarray]] = {
    "morgan": morgan,
    "morgan_bits": _morgan_bits,
    "feature_morgan": partial(morgan, functional=True),
    "atom_pairs": atom_pairs,
    "torsions": torsions,
    "avalon": avalon,
    "erg": erg,
    "maccs": maccs,
}


def generator(size: int = SIZE) -> rdFingerprintGenerator.FingerprintGenerator64:
    """RDKit's Morgan generator with our settings."""
    return _morgan(size, RADIUS, True, False)


@cache
def _morgan(
    size: int, radius: int, chirality: bool, functional: bool
) -> rdFingerprintGenerator.FingerprintGenerator64:
    atoms = rdFingerprintGenerator.GetMorganFeatureAtomInvGen() if functional else None
    return rdFingerprintGenerator.GetMorganGenerator(
        radius=radius, fpSize=size, includeChirality=chirality, atomInvariantsGenerator=atoms
    )


@cache
def _atom_pairs(size: int, chirality: bool) -> rdFingerprintGenerator.FingerprintGenerator64:
    return rdFingerprintGenerator.GetAtomPairGenerator(fpSize=size, includeChirality=chirality)


@cache
def _torsions(size: int, chirality: bool) -> rdFingerprintGenerator.FingerprintGenerator64:
    return rdFingerprintGenerator.GetTopologicalTorsionGenerator(fpSize=size, includeChirality=chirality)


def _counted(of: Callable[[Chem.Mol], Any], mols: Sequence[Chem.Mol], size: int) -> csr_array:
    return stack([_row(of(mol)) for mol in mols], size)


def _row(fingerprint: Any) -> Row:
    """Of RDKit's sparse counts."""
    counts = fingerprint.GetNonzeroElements()
    indices = np.fromiter(counts.keys(), np.int32, len(counts))
    values = np.fromiter(counts.values(), np.float32, len(counts))
    order = np.argsort(indices)
    return indices[order], values[order]

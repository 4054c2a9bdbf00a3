"""Which atoms stand behind a fingerprint's bits."""

from typing import NamedTuple

from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator

from yaokit.chem.fingerprints import SIZE, generator


class Environment(NamedTuple):
    """One place in a molecule that sets a bit of its Morgan counts."""

    bit: int
    center: int
    radius: int  # bonds around the center
    atoms: frozenset[int]


def environments(mol: Chem.Mol, size: int = SIZE) -> list[Environment]:
    """Every environment that the molecule's counts are made of; a bit's count is how many it has."""
    output = rdFingerprintGenerator.AdditionalOutput()
    output.AllocateBitInfoMap()
    generator(size).GetCountFingerprint(mol, additionalOutput=output)
    places = sorted(output.GetBitInfoMap().items())
    return [
        Environment(bit, center, radius, _atoms_within(mol, center, radius))
        for bit, found in places
        for center, radius in found
    ]


def drawn(mol: Chem.Mol, environment: Environment) -> str:
    """The environment as a SMILES fragment, such as "c(C)(cc)Cl"; neighbors beyond it are left out."""
    bonds = _bonds_within(mol, environment.center, environment.radius)
    return Chem.MolFragmentToSmiles(
        mol, sorted(environment.atoms), bonds, rootedAtAtom=environment.center, canonical=True
    )


def new_atoms(before: Chem.Mol, after: Chem.Mol) -> list[int]:
    """Atoms of `after` whose direct surroundings do not occur in `before`."""
    known = {e.bit for e in environments(before) if e.radius <= 1}
    return sorted({e.center for e in environments(after) if e.radius <= 1 and e.bit not in known})


def _bonds_within(mol: Chem.Mol, center: int, radius: int) -> list[int]:
    return list(Chem.FindAtomEnvironmentOfRadiusN(mol, radius, center)) if radius else []


def _atoms_within(mol: Chem.Mol, center: int, radius: int) -> frozenset[int]:
    atoms = {center}
    for index in _bonds_within(mol, center, radius):
        bond = mol.GetBondWithIdx(index)
        atoms |= {bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()}
    return frozenset(atoms)

"""Of several molecules in one structure, the one that a measurement is about."""

import re
from functools import cache

from rdkit import Chem
from rdkit.Chem.MolStandardize import rdMolStandardize

from yaokit.chem.data import rows
from yaokit.core.reasons import Failure

CARBON = Chem.MolFromSmarts("[#6]")
_ISOTOPE = re.compile(r"\[\d")
LIKE_SIZE = 0.5  # a second molecule with this share of the first one's heavy atoms is no small partner


class Parent:
    """Picks the largest organic fragment that is no known salt former or solvent.

    With `strict`, a Failure where there is no such single molecule: a second one, different and of
    half its size or more, or nothing but several salt formers (data/counterions.csv). Without,
    the largest organic fragment, whatever the others are.
    """

    def __init__(self, strict: bool) -> None:
        self._strict = strict
        self._largest = rdMolStandardize.LargestFragmentChooser(preferOrganic=True)
        self._uncharger = rdMolStandardize.Uncharger()

    def __call__(self, mol: Chem.Mol) -> Chem.Mol | Failure:
        if not self._strict:
            return self._largest.choose(mol)
        organic = [part for part in Chem.GetMolFrags(mol, asMols=True) if part.HasSubstructMatch(CARBON)]
        if len(organic) < 2:
            return self._largest.choose(mol)
        different = {self._neutral(part): part for part in organic}
        if len(different) < 2:
            return organic[0]
        main = {key: part for key, part in different.items() if not _is_partner(key)}
        ranked = sorted(main or different, key=lambda key: (-different[key].GetNumHeavyAtoms(), key))
        first = different[ranked[0]]
        if not main:
            return Failure(
                "MIXTURE", f"only salt formers or solvents: {_listed(ranked)}; give what was measured"
            )
        if len(ranked) > 1 and _is_like(first, different[ranked[1]]):
            return _mixture(ranked)
        return first

    def _neutral(self, part: Chem.Mol) -> str:
        return Chem.MolToSmiles(self._uncharger.uncharge(part))


def _is_partner(key: str) -> bool:
    """Whether a fragment is a known salt former or solvent: listed, or a hydrocarbon without rings."""
    plain = _flat(key)
    return plain in _counterions() or not set(plain) - set("CH()[]=#")


def _is_like(first: Chem.Mol, second: Chem.Mol) -> bool:
    return second.GetNumHeavyAtoms() >= LIKE_SIZE * first.GetNumHeavyAtoms()


def _mixture(ranked: list[str]) -> Failure:
    if _flat(ranked[0]) == _flat(ranked[1]):
        return Failure(
            "MIXTURE", "stereoisomers side by side; write the molecule once, without marks that differ"
        )
    return Failure(
        "MIXTURE", f"several molecules of like size, {_listed(ranked)}; give the one that was measured"
    )


def _listed(smiles: list[str]) -> str:
    return " and ".join(one if len(one) <= 40 else f"{one[:39]}…" for one in smiles[:2])


@cache
def _counterions() -> frozenset[str]:
    return frozenset(Chem.CanonSmiles(row["smiles"]) for row in rows("counterions.csv"))


def _flat(smiles: str) -> str:
    """The SMILES without stereo marks and isotopes."""
    if not (set("@/\\") & set(smiles) or _ISOTOPE.search(smiles)):
        return smiles
    mol = Chem.MolFromSmiles(smiles)
    if mol is None:
        return smiles
    Chem.RemoveStereochemistry(mol)
    for atom in mol.GetAtoms():
        atom.SetIsotope(0)
    return Chem.MolToSmiles(Chem.RemoveHs(mol))

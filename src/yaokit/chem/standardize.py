"""One chemistry policy: the same steps for training, prediction, screening and design."""

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from rdkit import Chem, rdBase
from rdkit.Chem.MolStandardize import rdMolStandardize

from yaokit.chem.parse import parse, quiet_rdkit
from yaokit.core.reasons import Failure

VERSION = 1
_CARBON = Chem.MolFromSmarts("[#6]")


@dataclass(frozen=True)
class Standard:
    """A standardized molecule and what was done to get it."""

    smiles: str
    mol: Chem.Mol = field(compare=False)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Standardizer:
    """Normalize functional groups, keep the largest organic fragment, neutralize charges.

    `tautomer` also picks RDKit's canonical tautomer (about ten times slower). Calling it on its
    own output changes nothing.
    """

    normalize: bool = True
    largest_fragment: bool = True
    uncharge: bool = True
    tautomer: bool = False

    def __call__(self, smiles: str | None) -> Standard | Failure:
        """The standardized molecule, or why there is none."""
        mol = parse(smiles)
        if isinstance(mol, Failure):
            return mol
        return self.of_mol(mol)

    def of_mol(self, mol: Chem.Mol) -> Standard | Failure:
        """The same for a parsed molecule."""
        notes = []
        with quiet_rdkit():
            smiles = Chem.MolToSmiles(mol)
            for note, applies, step in self._steps:
                if applies(mol):
                    mol = step(mol)
                    before, smiles = smiles, Chem.MolToSmiles(mol)
                    if smiles != before:
                        notes.append(note)
            if not mol.HasSubstructMatch(_CARBON):
                return Failure("NO_CARBON", f"no organic fragment, only {smiles}")
        return Standard(smiles, mol, tuple(notes))

    def settings(self) -> dict[str, Any]:
        """What a model folder stores to apply the same policy later."""
        return {**asdict(self), "version": VERSION, "rdkit": rdBase.rdkitVersion}

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> "Standardizer":
        """The standardizer that `settings` describes."""
        return cls(**{k: v for k, v in settings.items() if k not in ("version", "rdkit")})

    @cached_property
    def _steps(self) -> list:
        steps: list = []
        if self.largest_fragment:
            chooser = rdMolStandardize.LargestFragmentChooser(preferOrganic=True)
            steps.append(("largest fragment", _has_parts, chooser.choose))
        if self.normalize:
            steps.append(("normalized", _always, rdMolStandardize.Normalizer().normalize))
        if self.uncharge:
            steps.append(("neutralized", _is_charged, rdMolStandardize.Uncharger().uncharge))
        if self.tautomer:
            steps.append(("tautomer", _always, rdMolStandardize.TautomerEnumerator().Canonicalize))
        return steps

    def __getstate__(self) -> dict[str, Any]:
        return asdict(self)  # RDKit's objects stay behind; a child process makes its own


def _has_parts(mol: Chem.Mol) -> bool:
    return len(Chem.GetMolFrags(mol)) > 1


def _is_charged(mol: Chem.Mol) -> bool:
    return any(atom.GetFormalCharge() for atom in mol.GetAtoms())


def _always(_: Chem.Mol) -> bool:
    return True

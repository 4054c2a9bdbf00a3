"""One chemistry policy: the same steps for training, prediction, screening and design."""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from rdkit import Chem, rdBase
from rdkit.Chem.MolStandardize import rdMolStandardize

from yaokit.chem.parse import parse, quiet_rdkit, text_failure
from yaokit.core.reasons import Failure

VERSION = 1
_CARBON = Chem.MolFromSmarts("[#6]")
# Every functional group that RDKit's normalizer rewrites has one of these; most molecules have none.
# Ammonium and carboxylate are charged but rewritten by none (checked on 38,107 charged molecules).
_UNUSUAL = Chem.MolFromSmarts(
    "[$([!+0;!$([NX4+;!H0]);!$([OX1-]C=O)]),$([S,Se,Te;D3]=O),$([N,P,As,Sb](=*)=*),$(N=*#*),$(n=*)]"
)
_CHARGE = Chem.MolFromSmarts("[!+0]")
_MAX_ROUNDS = 8


@dataclass(frozen=True)
class Standard:
    """A standardized molecule and what was done to get it."""

    mol: Chem.Mol
    notes: tuple[str, ...] = ()

    @cached_property
    def smiles(self) -> str:
        """Canonical; written when first asked for, since screening needs it of the hits only."""
        return Chem.MolToSmiles(self.mol)


@dataclass(frozen=True)
class Standardizer:
    """Normalize functional groups, keep the largest organic fragment, neutralize charges.

    `tautomer` also picks RDKit's canonical tautomer (about ten times slower). The result is a
    fixed point: its SMILES, standardized again, gives itself. A charge that cannot be removed
    without breaking the molecule stays.
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
        with quiet_rdkit():
            result = Standard(mol) if self._is_plain(mol) else self._settled(mol)
            if isinstance(result, Failure):
                return result
            if not result.mol.HasSubstructMatch(_CARBON):
                return Failure("NO_CARBON", f"no organic fragment, only {result.smiles}")
        return result

    def _is_plain(self, mol: Chem.Mol) -> bool:
        """Whether no step could change the molecule."""
        return not any(applies(mol) for _, applies, _ in self._steps)

    def _settled(self, mol: Chem.Mol) -> Standard | Failure:
        """The steps, again and again until they and a round trip through SMILES change nothing."""
        notes: dict[str, None] = {}
        smiles = Chem.MolToSmiles(mol)
        for _ in range(_MAX_ROUNDS):
            mol, written, is_changed = self._once(mol, smiles, notes)
            if not is_changed:
                mol = Chem.MolFromSmiles(written)
                if mol is None:
                    return Failure("ROUND_TRIP", f"written as {written} it cannot be read again")
            smiles = Chem.MolToSmiles(mol)
            if smiles == written and (not is_changed or self._is_plain(mol)):
                return text_failure(smiles) or Standard(mol, tuple(notes))
        return Failure("ROUND_TRIP", f"no stable form; after {_MAX_ROUNDS} rounds it is {smiles}")

    def _once(self, mol: Chem.Mol, smiles: str, notes: dict[str, None]) -> tuple[Chem.Mol, str, bool]:
        """Molecule and SMILES after each step that gives a readable one, and whether any did more
        than nothing; `notes` gains those steps."""
        is_changed = False
        for note, applies, step in self._steps:
            if not applies(mol):
                continue
            written = Chem.MolToSmiles(step(mol))
            if written != smiles and (reread := Chem.MolFromSmiles(written)) is not None:
                mol, smiles, is_changed = reread, written, True
                notes[note] = None
        return mol, smiles, is_changed

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
            steps.append(("normalized", _is_unusual, rdMolStandardize.Normalizer().normalize))
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
    return mol.HasSubstructMatch(_CHARGE)


def _is_unusual(mol: Chem.Mol) -> bool:
    return mol.HasSubstructMatch(_UNUSUAL)


def _always(_: Chem.Mol) -> bool:
    return True

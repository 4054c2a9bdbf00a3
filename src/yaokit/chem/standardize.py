"""One chemistry policy: the same steps for training, prediction, screening and design."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any, NamedTuple

from rdkit import Chem, rdBase
from rdkit.Chem.MolStandardize import rdMolStandardize

from yaokit.chem.diagnosis import METAL
from yaokit.chem.notation import MAX_LENGTH
from yaokit.chem.parents import CARBON, Parent
from yaokit.chem.parse import quiet_rdkit, read
from yaokit.core.errors import UsageError
from yaokit.core.reasons import Failure

VERSION = 2
# Every functional group that RDKit's normalizer rewrites has one of these; most molecules have none. Left
# out are frequent charged groups that it leaves as they are: ammonium, carboxylate, nitro, sulfoxide.
_HYPERVALENT = Chem.MolFromSmarts("[$([S,Se,Te;D3]=O),$([N,P,As,Sb](=*)=*),$(N=*#*),$(n=*)]")
_CHARGED_GROUP = Chem.MolFromSmarts(
    "[!+0;!$([NX4+]);!$([OX1-]C=O);!$([NX3+](=[OX1])([OX1-])[#6]);!$([OX1-][NX3+](=[OX1])[#6]);"
    "!$([SX3+]([OX1-])([#6])[#6]);!$([OX1-][SX3+]([#6])[#6])]"
)
# RDKit's uncharger does nothing without one of these: a cation with hydrogen or an anion, neither of
# them beside an opposite charge as in a nitro group.
_LOOSE_CHARGE = Chem.MolFromSmarts("[!+0;!$([+;H0]);!$([+]~[-]);!$([-]~[+;!$(*(~[-])~[-])])]")
_CHARGE = Chem.MolFromSmarts("[!+0]")
# One look for all that is not an uncharged atom of a common element.
_ODD = Chem.MolFromSmarts("[!+0,!#6&!#7&!#8&!#16&!#9&!#17&!#35&!#53&!#15&!#1&!#5&!#14&!#34]")
_CARBANION = Chem.MolFromSmarts("[#6-;!$([#6-]~[+])]")
_AZIDE = Chem.MolFromSmarts("[N-;D2]-[N+;D2]#[N;D1]")
_ISOTOPE = Chem.MolFromSmarts("[!0*]")
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


class _Step(NamedTuple):
    note: str
    applies: Callable[[Chem.Mol], bool]
    change: Callable[[Chem.Mol], Chem.Mol]


@dataclass(frozen=True)
class Standardizer:
    """Normalize functional groups, keep the molecule of a salt, neutralize charges.

    Off by default: `isotopes` and `stereo` False remove labels and stereo marks, `tautomer` picks
    RDKit's canonical tautomer (about ten times slower). `strict` refuses what has no single organic
    molecule: metal complexes (METAL) and mixtures (MIXTURE); without it a complex is kept as it is
    and the largest organic fragment of any mixture taken. The result is a fixed point: its
    SMILES, standardized again, gives itself. A charge that cannot be removed without breaking the
    molecule stays.
    """

    normalize: bool = True
    largest_fragment: bool = True
    uncharge: bool = True
    isotopes: bool = True
    stereo: bool = True
    tautomer: bool = False
    strict: bool = True

    def __call__(self, text: str | None, *, check: bool = False) -> Standard | Failure:
        """The standardized molecule of any structure text, or why there is none.

        With `check`, ROUND_TRIP also for a molecule that needed no change but, written and read
        again, is another one; others are always checked. It costs about half as much again, and
        nothing for a text that is canonical already.
        """
        parsed = read(text)
        if isinstance(parsed, Failure):
            return parsed
        done = self._of_mol(parsed.mol, text, check)
        if isinstance(done, Failure) or not parsed.notes:
            return done
        return Standard(done.mol, (*parsed.notes, *done.notes))

    def of_mol(self, mol: Chem.Mol, *, check: bool = False) -> Standard | Failure:
        """The same for a parsed molecule."""
        return self._of_mol(mol, None, check)

    def _of_mol(self, mol: Chem.Mol, text: str | None, check: bool) -> Standard | Failure:
        with quiet_rdkit():
            if not self._is_plain(mol):
                result = self._single(mol)
            else:
                result = self._checked(mol, text) if check else Standard(mol)
            if isinstance(result, Failure):
                return result
            if not result.mol.HasSubstructMatch(CARBON):
                return Failure("NO_CARBON", f"no organic fragment, only {result.smiles}")
        return result

    def _checked(self, mol: Chem.Mol, text: str | None) -> Standard | Failure:
        """A plain molecule, written and read again unless that is how it was read."""
        smiles = Chem.MolToSmiles(mol)
        return _written(mol, smiles, ()) if smiles == text else self._settled(mol, {}, smiles)

    def _is_plain(self, mol: Chem.Mol) -> bool:
        """Whether no step could change or refuse the molecule."""
        if self.strict and _bonded_metal(mol):
            return False
        if self.largest_fragment and _has_parts(mol):
            return False
        return not any(step.applies(mol) for step in self._steps)

    def _single(self, mol: Chem.Mol) -> Standard | Failure:
        """The one molecule that counts, settled."""
        chosen = self._parent(mol) if self.largest_fragment and _has_parts(mol) else mol
        if isinstance(chosen, Failure):
            return chosen
        if self.strict and (metal := _complexed_metal(mol)):
            return Failure("METAL", f"{metal} beside its ligands: what was measured is the complex")
        if self.strict and (metal := _bonded_metal(chosen)):
            return Failure("METAL", f"{metal} is bonded to the molecule")
        return self._settled(chosen, {} if chosen is mol else {"largest fragment": None})

    def _settled(
        self, mol: Chem.Mol, notes: dict[str, None], smiles: str | None = None
    ) -> Standard | Failure:
        """The steps, again and again until they and a round trip through SMILES change nothing."""
        for _ in range(_MAX_ROUNDS):
            mol, written, is_changed = self._once(mol, smiles, notes)
            if not is_changed:
                written = written or Chem.MolToSmiles(mol)
                mol = Chem.MolFromSmiles(written)
                if mol is None:
                    return Failure("ROUND_TRIP", f"written as {written} it cannot be read again")
            smiles = Chem.MolToSmiles(mol)
            if smiles == written and (not is_changed or self._is_plain(mol)):
                return _too_long(smiles) or _written(mol, smiles, tuple(notes))
        return Failure("ROUND_TRIP", f"no stable form; after {_MAX_ROUNDS} rounds it is {smiles}")

    def _once(
        self, mol: Chem.Mol, smiles: str | None, notes: dict[str, None]
    ) -> tuple[Chem.Mol, str | None, bool]:
        """Molecule and, where known, SMILES after each step that gives a readable one, and whether any
        did more than nothing; `notes` gains those steps."""
        is_changed = False
        for note, applies, change in self._steps:
            if not applies(mol):
                continue
            changed = change(mol)
            if smiles is None and Chem.GetFormalCharge(changed) == Chem.GetFormalCharge(mol):
                smiles = Chem.MolToSmiles(mol)
            written = Chem.MolToSmiles(changed)
            if written != smiles and (reread := Chem.MolFromSmiles(written)) is not None:
                mol, smiles, is_changed = reread, written, True
                notes[note] = None
        return mol, smiles, is_changed

    def settings(self) -> dict[str, Any]:
        """What a model folder stores to apply the same policy later."""
        return {**asdict(self), "version": VERSION, "rdkit": rdBase.rdkitVersion}

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> "Standardizer":
        """The standardizer that `settings` describes; of version 1 with what it did then.

        UsageError if a newer yaokit wrote them.
        """
        version = settings.get("version", VERSION)
        given = {key: value for key, value in settings.items() if key not in ("version", "rdkit")}
        unknown = sorted(set(given) - {field.name for field in fields(cls)})
        if version > VERSION or unknown:
            what = f"version {version}" if version > VERSION else f"the switch {', '.join(unknown)}"
            raise UsageError(
                f"standardizer settings with {what}, which this yaokit (version {VERSION}) does not know; "
                "update yaokit, or train the model again"
            )
        return cls(**({"strict": False} if version < 2 else {}), **given)

    @cached_property
    def _parent(self) -> Parent:
        return Parent(self.strict)

    @cached_property
    def _steps(self) -> list[_Step]:
        steps = []
        if self.normalize:
            steps.append(_Step("normalized", _is_unusual, _Normalize()))
        if self.uncharge:
            steps.append(_Step("neutralized", _is_charged, rdMolStandardize.Uncharger().uncharge))
        if not self.isotopes:
            steps.append(_Step("isotopes removed", _has_isotopes, _without_isotopes))
        if not self.stereo:
            steps.append(_Step("stereo removed", _has_stereo, _without_stereo))
        if self.tautomer:
            steps.append(_Step("tautomer", _always, rdMolStandardize.TautomerEnumerator().Canonicalize))
        return steps

    def __getstate__(self) -> dict[str, Any]:
        return asdict(self)  # RDKit's objects stay behind; a child process makes its own


def _complexed_metal(mol: Chem.Mol) -> str | None:
    """The symbol of a transition metal's ion, other than the salt formers zinc and silver."""
    numbers = {*range(21, 30), *range(39, 47), *range(57, 81)}
    symbols = [atom.GetSymbol() for atom in mol.GetAtoms() if atom.GetAtomicNum() in numbers]
    with_carbanion = mol.HasSubstructMatch(_CARBANION)
    symbols += [a.GetSymbol() for a in mol.GetAtoms() if with_carbanion and a.GetAtomicNum() in (30, 47)]
    return next(iter(symbols), None)


class _Normalize:
    """RDKit's normalizer, and azides written N-N#N as it writes the others."""

    def __init__(self) -> None:
        self._normalizer = rdMolStandardize.Normalizer()

    def __call__(self, mol: Chem.Mol) -> Chem.Mol:
        mol = self._normalizer.normalize(mol)
        if not (azides := mol.GetSubstructMatches(_AZIDE)):
            return mol
        changed = Chem.RWMol(mol)
        for first, middle, last in azides:
            for atom, charge in ((first, 0), (last, -1)):
                changed.GetAtomWithIdx(atom).SetFormalCharge(charge)
            for pair in ((first, middle), (middle, last)):
                changed.GetBondBetweenAtoms(*pair).SetBondType(Chem.BondType.DOUBLE)
        Chem.SanitizeMol(changed)
        return changed.GetMol()


def round_trip(mol: Chem.Mol) -> Failure | None:
    """ROUND_TRIP if the molecule, written as canonical SMILES and read again, is another one."""
    written = Chem.MolToSmiles(mol)
    with quiet_rdkit():
        again = Chem.MolFromSmiles(written)
    if again is None:
        return Failure("ROUND_TRIP", f"written as {written} it cannot be read again")
    if (rewritten := Chem.MolToSmiles(again)) != written:
        return Failure("ROUND_TRIP", f"written as {written} it reads as {rewritten}")
    return None


def _written(mol: Chem.Mol, smiles: str, notes: tuple[str, ...]) -> Standard:
    """The result with its SMILES, which need not be written again."""
    result = Standard(mol, notes)
    result.__dict__["smiles"] = smiles
    return result


def _too_long(smiles: str) -> Failure | None:
    if len(smiles) > MAX_LENGTH:
        return Failure(
            "TOO_BIG", f"{len(smiles):,} characters once standardized; the limit is {MAX_LENGTH:,}"
        )
    return None


def _bonded_metal(mol: Chem.Mol) -> str | None:
    """The symbol of a metal atom with a bond, None if there is none."""
    if not mol.HasSubstructMatch(_ODD):
        return None
    match = mol.GetSubstructMatch(METAL)
    return mol.GetAtomWithIdx(match[0]).GetSymbol() if match else None


def _has_parts(mol: Chem.Mol) -> bool:
    return len(Chem.GetMolFrags(mol)) > 1


def _is_charged(mol: Chem.Mol) -> bool:
    return mol.HasSubstructMatch(_CHARGE) and mol.HasSubstructMatch(_LOOSE_CHARGE)


def _is_unusual(mol: Chem.Mol) -> bool:
    return mol.HasSubstructMatch(_HYPERVALENT) or (
        mol.HasSubstructMatch(_CHARGE) and mol.HasSubstructMatch(_CHARGED_GROUP)
    )


def _has_isotopes(mol: Chem.Mol) -> bool:
    return mol.HasSubstructMatch(_ISOTOPE)


def _without_isotopes(mol: Chem.Mol) -> Chem.Mol:
    mol = Chem.Mol(mol)
    for atom in mol.GetAtoms():
        atom.SetIsotope(0)
    return Chem.RemoveHs(mol)


def _has_stereo(mol: Chem.Mol) -> bool:
    return any(atom.GetChiralTag() for atom in mol.GetAtoms()) or any(
        bond.GetStereo() or bond.GetBondDir() for bond in mol.GetBonds()
    )


def _without_stereo(mol: Chem.Mol) -> Chem.Mol:
    mol = Chem.Mol(mol)
    Chem.RemoveStereochemistry(mol)
    return mol


def _always(_: Chem.Mol) -> bool:
    return True

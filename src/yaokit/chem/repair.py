"""Known, safe repairs of molecules that are written in a wrong or ambiguous way; each says what it did."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from rdkit import Chem

from yaokit.chem.data import rows

_SALT_BOND = Chem.MolFromSmarts("[#3,#11,#19,#37,#55,#12,#20,#38,#56]-[#7,#8,#16,#9,#17,#35,#53]")
_DATIVE = Chem.MolFromSmarts("[#5,#6,#7,#8,#15,#16,#33,#34]->[#5,#6,#7,#8,#15,#16,#33,#34]")
_OPEN_NITROGEN = Chem.MolFromSmarts("[n;D2;+0;H0]")
_MAX_PLACES = 12
_DATIVE_NOTE = "dative bond written with charges"


@dataclass(frozen=True)
class Parsed:
    """A molecule and the repairs that reading it took."""

    mol: Chem.Mol
    notes: tuple[str, ...] = ()


class _Rule(NamedTuple):
    note: str
    pattern: Chem.Mol
    charges: dict[int, int]  # atom map number → formal charge
    hydrogens: dict[int, int]
    balanced: bool


def tidied(mol: Chem.Mol) -> Parsed:
    """The molecule without what SMILES can say but a molecule does not have.

    Atom map numbers go; salts' metals drawn with a bond, and dative bonds between non-metals, become
    charges; a center that is racemic or of unknown configuration loses its mark.
    """
    notes = []
    for note, change in _TIDY.items():
        changed = Chem.RWMol(mol)
        if change(changed) and not Chem.SanitizeMol(changed, catchErrors=True):
            Chem.AssignStereochemistry(changed, cleanIt=True, force=True)
            mol = changed.GetMol()
            notes.append(note)
    return Parsed(mol, tuple(notes))


def rescued(mol: Chem.Mol) -> Parsed | None:
    """Of an unsanitized molecule with impossible atoms: the one that is meant; None if not known.

    The rewritings and their sources are in data/repairs.csv; besides, a hydrogen missing on an
    aromatic nitrogen is added if only one place (but for symmetry) can take it.
    """
    mol = Chem.RWMol(mol)
    mol.UpdatePropertyCache(strict=False)
    notes = [_DATIVE_NOTE] if _without_datives(mol) else []
    notes += [rule.note for rule in _rules() if _applied(rule, mol)]
    done = _sanitized(mol)
    if done is not None:
        return Parsed(done, tuple(notes)) if notes else None
    places = list(hydrogen_places(mol))
    if len({Chem.MolToSmiles(found) for _, found in places}) != 1:
        return None
    return Parsed(places[0][1], (*notes, "hydrogen added to an aromatic nitrogen"))


def hydrogen_places(mol: Chem.Mol) -> Iterator[tuple[int, Chem.Mol]]:
    """Aromatic nitrogens (atom index) that make the molecule right with one hydrogen more, and how."""
    Chem.FastFindRings(mol)
    for (at,) in mol.GetSubstructMatches(_OPEN_NITROGEN)[:_MAX_PLACES]:
        tried = Chem.Mol(mol)
        tried.GetAtomWithIdx(at).SetNumExplicitHs(1)
        if (done := _sanitized(tried)) is not None:
            yield at, done


def _sanitized(mol: Chem.Mol) -> Chem.Mol | None:
    mol = Chem.Mol(mol)
    if Chem.SanitizeMol(mol, catchErrors=True):
        return None
    Chem.AssignStereochemistry(mol, cleanIt=True, force=True)
    return Chem.MolFromSmiles(Chem.MolToSmiles(mol))


def _applied(rule: _Rule, mol: Chem.Mol) -> bool:
    """Rewrite all matches in place; False if there is none or the charges would not fit."""
    numbers = [atom.GetAtomMapNum() for atom in rule.pattern.GetAtoms()]
    matches = [dict(zip(numbers, match, strict=True)) for match in mol.GetSubstructMatches(rule.pattern)]
    added = {at[n]: charge for at in matches for n, charge in rule.charges.items()}
    if not matches or (rule.balanced and Chem.GetFormalCharge(mol) != -sum(added.values())):
        return False
    for at in matches:
        for n, count in rule.hydrogens.items():
            mol.GetAtomWithIdx(at[n]).SetNumExplicitHs(count)
    for index, charge in added.items():
        mol.GetAtomWithIdx(index).SetFormalCharge(charge)
    mol.UpdatePropertyCache(strict=False)
    return True


def _unnumbered(mol: Chem.RWMol) -> bool:
    atoms = [atom for atom in mol.GetAtoms() if atom.GetAtomMapNum()]
    for atom in atoms:
        atom.SetAtomMapNum(0)
    return bool(atoms)


def _ionized(mol: Chem.RWMol) -> bool:
    matches = mol.GetSubstructMatches(_SALT_BOND)
    for metal, partner in matches:
        mol.RemoveBond(metal, partner)
        for index, step in ((metal, 1), (partner, -1)):
            atom = mol.GetAtomWithIdx(index)
            atom.SetFormalCharge(atom.GetFormalCharge() + step)
            atom.SetNoImplicit(True)
    return bool(matches)


def _without_datives(mol: Chem.RWMol) -> bool:
    matches = mol.GetSubstructMatches(_DATIVE)
    for pair in matches:
        bond = mol.GetBondBetweenAtoms(*pair)
        bond.SetBondType(Chem.BondType.SINGLE)
        for atom, step in ((bond.GetBeginAtom(), 1), (bond.GetEndAtom(), -1)):
            atom.SetFormalCharge(atom.GetFormalCharge() + step)
            if step < 0 and atom.GetAtomicNum() != 5 and not atom.GetNoImplicit():
                atom.SetNumExplicitHs(0)
    return bool(matches)


def _without_racemic_marks(mol: Chem.RWMol) -> bool:
    """A center alone in an and/or group: both configurations or an unknown one, as no mark says."""
    groups = [g for g in mol.GetStereoGroups() if g.GetGroupType() != Chem.StereoGroupType.STEREO_ABSOLUTE]
    alone = [g.GetAtoms()[0] for g in groups if len(g.GetAtoms()) == 1]
    for atom in alone:
        atom.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
    return bool(alone)


def _has_relative_marks(mol: Chem.RWMol) -> bool:
    """Several centers in one and/or group keep their marks, since how they relate is known."""
    return any(
        g.GetGroupType() != Chem.StereoGroupType.STEREO_ABSOLUTE and len(g.GetAtoms()) > 1
        for g in mol.GetStereoGroups()
    )


_TIDY = {
    "atom numbers removed": _unnumbered,
    "bond to a salt's metal made ionic": _ionized,
    _DATIVE_NOTE: _without_datives,
    "mark of a racemic or unknown center removed": _without_racemic_marks,
    "relative configuration written as absolute": _has_relative_marks,
}


@cache
def _rules() -> list[_Rule]:
    return [
        _Rule(
            row["note"],
            Chem.MolFromSmarts(row["smarts"]),
            _numbers(row["charges"]),
            _numbers(row["hydrogens"]),
            row["balanced"] == "yes",
        )
        for row in rows("repairs.csv")
    ]


def _numbers(text: str) -> dict[int, int]:
    """ "1:0 2:1" as {1: 0, 2: 1}."""
    pairs = (part.split(":") for part in text.split())
    return {int(number): int(value) for number, value in pairs}

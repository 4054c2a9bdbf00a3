r"""Stereo marks that contradict each other, which RDKit drops with a line in its log."""

from rdkit import Chem

from yaokit.core.reasons import Failure

_UP, _DOWN = Chem.BondDir.ENDUPRIGHT, Chem.BondDir.ENDDOWNRIGHT
_WRITTEN = Chem.SmilesParserParams()
_WRITTEN.sanitize = _WRITTEN.removeHs = False


def contradiction(text: str, mol: Chem.Mol) -> Failure | None:
    r"""SYNTAX if the `/` and `\` of a SMILES put both partners of an atom on one side.

    `mol` is what RDKit made of it; where its double bonds account for all marks, no more is done.
    """
    n_marks = text.count("/") + text.count("\\")
    if n_marks < 3:  # two at one end of a double bond, one at the other
        return None
    n_labeled = sum(bond.GetStereo() > Chem.BondStereo.STEREOANY for bond in mol.GetBonds())
    if n_marks <= 2 * n_labeled:
        return None
    written = Chem.MolFromSmiles(text, _WRITTEN)
    ends = [
        (bond.GetIdx(), atom.GetIdx())
        for bond in written.GetBonds()
        if bond.GetBondType() == Chem.BondType.DOUBLE
        for atom in (bond.GetBeginAtom(), bond.GetEndAtom())
        if _is_one_sided(atom) and _sides(bond.GetOtherAtom(atom))
    ]
    if not ends:
        return None
    Chem.SanitizeMol(written)
    Chem.AssignStereochemistry(written, cleanIt=True, force=True)
    for bond, atom in ends:  # in ring closures a mark may stand for either direction
        if written.GetBondWithIdx(bond).GetStereo() == Chem.BondStereo.STEREONONE:
            return Failure(
                "SYNTAX", f"the stereo marks / and \\ at atom {atom + 1} contradict each other; draw it again"
            )
    return None


def _is_one_sided(atom: Chem.Atom) -> bool:
    sides = _sides(atom)
    return len(sides) == 2 and sides[0] == sides[1]


def _sides(atom: Chem.Atom) -> list[bool]:
    """For each of its marked bonds whether the partner is above."""
    return [
        (bond.GetBondDir() == _UP) == (bond.GetBeginAtomIdx() == atom.GetIdx())
        for bond in atom.GetBonds()
        if bond.GetBondDir() in (_UP, _DOWN)
    ]

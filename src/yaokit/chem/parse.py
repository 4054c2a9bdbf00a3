"""From the text of a structure to a molecule, or the reason why not."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rdkit import Chem, rdBase

from yaokit.chem.blocks import of_block, open_structure
from yaokit.chem.diagnosis import diagnosis
from yaokit.chem.marks import contradiction
from yaokit.chem.notation import MAX_LENGTH, is_block, text_failure, trimmed
from yaokit.chem.repair import Parsed, rescued, tidied
from yaokit.core.reasons import Failure

__all__ = [
    "MAX_HEAVY_ATOMS",
    "MAX_LENGTH",
    "Parsed",
    "as_smiles",
    "parse",
    "quiet_rdkit",
    "read",
    "text_failure",
]

MAX_HEAVY_ATOMS = 300

_CHARGED = Chem.MolFromSmarts("[!+0]")
_SIGNED = re.compile(r"\[[^\[\]]*[+-]\d*(?::\d+)?\]")
# An allene's axial configuration, which RDKit does not hold: =[C@]= or [C@](=…)=
_ALLENE = re.compile(r"=\[C@{1,2}\]=|\[C@{1,2}\]\(=[^()]*\)=")
# Signs of what `tidied` changes: CX blocks, atom numbers, dative bonds, metals of salts.
_CURIOUS = re.compile(r"[|:<>]|\[\d*(?:Li|Na|K|Rb|Cs|Mg|Ca|Sr|Ba)\]")


@contextmanager
def quiet_rdkit() -> Iterator[None]:
    """RDKit's own log off inside the block."""
    block = rdBase.BlockLogs()
    try:
        yield
    finally:
        del block


def parse(text: str | None) -> Chem.Mol | Failure:
    """The sanitized molecule of any structure text, or why there is none. Never raises, writes no log."""
    found = read(text)
    return found if isinstance(found, Failure) else found.mol


def read(text: str | None) -> Parsed | Failure:
    """The molecule and what was repaired to get it, of a SMILES, CXSMILES, InChI or whole mol block."""
    if failure := text_failure(text):
        return failure
    text = trimmed(text)
    with quiet_rdkit():
        found = _reader(text)(text)
    return found if isinstance(found, Failure) else _size_failure(found.mol) or found


def as_smiles(text: str | None, mol: Chem.Mol) -> str:
    """What to show and store of a structure text: itself, but of a mol block the molecule's SMILES."""
    line = trimmed(text)
    return Chem.MolToSmiles(mol) if is_block(line) else line


def _reader(text: str) -> Callable[[str], Parsed | Failure]:
    return _of_block if is_block(text) else _of_inchi if text.startswith("InChI=") else _of_smiles


def _of_block(text: str) -> Parsed | Failure:
    found = of_block(text)
    return found if isinstance(found, Failure) else _plain(found.mol, found.notes)


def _of_smiles(text: str) -> Parsed | Failure:
    mol = Chem.MolFromSmiles(text)
    if mol is None:
        return _rescued(text)
    if ("/" in text or "\\" in text) and (failure := contradiction(text, mol)):
        return failure
    notes: tuple[str, ...] = ()
    n_charged = len(mol.GetSubstructMatches(_CHARGED))
    if n_charged and n_charged != len(_SIGNED.findall(text)):
        notes = ("charges separated",)
    if "@" in text and _ALLENE.search(text):
        notes = (*notes, "configuration of an allene left out")
    if not _CURIOUS.search(text):
        return Parsed(mol, notes)
    if "|" in text and (failure := open_structure(mol)):
        return failure
    tidy = tidied(mol)
    return _plain(tidy.mol, (*notes, *tidy.notes))


def _of_inchi(text: str) -> Parsed | Failure:
    mol = Chem.MolFromInchi(text)
    if mol is None:
        return Failure("SYNTAX", "RDKit cannot read this InChI; copy it again from its source or give SMILES")
    return _plain(mol, ("from InChI",))


def _rescued(text: str) -> Parsed | Failure:
    mol = Chem.MolFromSmiles(text, sanitize=False)
    found = rescued(mol) if mol is not None else None
    return diagnosis(text, mol) if found is None else Parsed(found.mol, found.notes)


def _plain(mol: Chem.Mol, notes: tuple[str, ...]) -> Parsed | Failure:
    """The molecule as its SMILES gives it: no coordinates, groups or properties of its source."""
    written = Chem.MolToSmiles(mol)
    mol = Chem.MolFromSmiles(written)
    if mol is None:
        return Failure("ROUND_TRIP", f"written as {written} it cannot be read again")
    return Parsed(mol, notes)


def _size_failure(mol: Chem.Mol) -> Failure | None:
    if mol.GetNumAtoms() == 0:
        return Failure("EMPTY", "a structure without atoms")
    if mol.GetNumHeavyAtoms() > MAX_HEAVY_ATOMS:
        return Failure("TOO_BIG", f"{mol.GetNumHeavyAtoms()} heavy atoms; the limit is {MAX_HEAVY_ATOMS}")
    return None

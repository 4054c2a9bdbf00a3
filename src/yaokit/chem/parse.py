"""From a SMILES in a file to a molecule, or the reason why not."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from rdkit import Chem, rdBase

from yaokit.core.reasons import Failure

MAX_LENGTH = 2_000
MAX_HEAVY_ATOMS = 300

_WORDS = {"NO", "YES", "NAN", "NA", "N/A", "NONE", "NULL", "INF", "TRUE", "FALSE", "UNKNOWN", "-", "?"}
_PRINTABLE = re.compile(r"[!-~]+")
_CX = re.compile(r"\s\|[^|]*\|\s*$")
_PROBLEMS = {
    "AtomValenceException": "VALENCE",
    "AtomKekulizeException": "KEKULIZE",
    "KekulizeException": "KEKULIZE",
}


@contextmanager
def quiet_rdkit() -> Iterator[None]:
    """RDKit's own log off inside the block."""
    block = rdBase.BlockLogs()
    try:
        yield
    finally:
        del block


def text_failure(text: str | None) -> Failure | None:
    """What is wrong with the text alone, before any chemistry; None if nothing."""
    stripped = (text or "").strip()
    if not stripped:
        return Failure("EMPTY", "no structure in the cell")
    smiles = _CX.sub("", stripped) if "|" in stripped else stripped
    if len(smiles) > MAX_LENGTH:
        return Failure("TOO_BIG", f"{len(smiles):,} characters; the limit is {MAX_LENGTH:,}")
    if smiles.upper() in _WORDS:
        return Failure("NAME", f"{smiles!r} is a word, not a structure")
    if not _PRINTABLE.fullmatch(smiles):
        return _odd_letter(smiles)
    if smiles.startswith("InChI="):
        return Failure("NAME", "an InChI; give SMILES")
    if ">" in smiles and ">" in smiles.replace("->", ""):  # "->" is a dative bond
        return Failure("REACTION", "a reaction; give one molecule per row")
    return None


def parse(text: str | None) -> Chem.Mol | Failure:
    """The sanitized molecule, or why there is none. Never raises, writes no log."""
    if failure := text_failure(text):
        return failure
    smiles = str(text).strip()
    with quiet_rdkit():
        mol = Chem.MolFromSmiles(smiles)
        if mol is None:
            return _diagnosis(smiles)
    if mol.GetNumAtoms() == 0:
        return Failure("EMPTY", "a structure without atoms")
    if mol.GetNumHeavyAtoms() > MAX_HEAVY_ATOMS:
        return Failure("TOO_BIG", f"{mol.GetNumHeavyAtoms()} heavy atoms; the limit is {MAX_HEAVY_ATOMS}")
    return mol


def _odd_letter(smiles: str) -> Failure:
    import unicodedata

    for i, letter in enumerate(smiles):
        if letter.isspace() and letter.isascii():
            return Failure("NAME", f"text after the SMILES: {smiles[i:].strip()[:40]!r}")
        if not _PRINTABLE.fullmatch(letter):
            name = unicodedata.name(letter, f"U+{ord(letter):04X}").lower()
            return Failure("NON_ASCII", f"character {i + 1} is {letter!r} ({name}), not plain ASCII")
    raise ValueError(smiles)


def _diagnosis(smiles: str) -> Failure:
    """Why RDKit made no molecule of it."""
    mol = Chem.MolFromSmiles(smiles, sanitize=False)
    if mol is None:
        return Failure("SYNTAX", "RDKit cannot read this as SMILES")
    problems = Chem.DetectChemistryProblems(mol)
    if not problems:
        return Failure("SYNTAX", "RDKit cannot make a molecule of it")
    first = problems[0]
    return Failure(_PROBLEMS.get(first.GetType(), "SYNTAX"), first.Message().strip())

"""Why RDKit made no molecule of a SMILES or mol block, in words that say where to look."""

import re

from rdkit import Chem, rdBase

from yaokit.chem.notation import not_smiles
from yaokit.chem.repair import hydrogen_places
from yaokit.core.reasons import Failure

METAL = Chem.MolFromSmarts(  # bonded to something; metalloids (B, Si, Ge, As, Sb, Te) are none
    "[!#0;!#1;!#2;!#5;!#6;!#7;!#8;!#9;!#10;!#14;!#15;!#16;!#17;!#18;!#32;!#33;!#34;!#35;!#36;!#51;!#52;!#53;!#54;"
    "!#85;!#86;!D0]"
)
_ATOM = re.compile(r"\[[^\[\]]*\]|Cl|Br|[BCNOPSFIbcnops*]")
_POSITION = re.compile(r"SMILES Parse Error: (.*?) while parsing.*?position (\d+):", re.DOTALL)
_UNCLOSED = re.compile(r"%\(\d+\)|%\d\d|\d")


def diagnosis(text: str, mol: Chem.Mol | None) -> Failure:
    """What is wrong with a SMILES; `mol` is what it gives unsanitized, None if nothing."""
    if mol is None:
        return not_smiles(text) or _syntax(text)
    return problem(mol, _places(text, mol))


def problem(mol: Chem.Mol, places: list[str]) -> Failure:
    """What is wrong with an unsanitized molecule; `places` says where each atom stands."""
    found = Chem.DetectChemistryProblems(mol)
    if not found:
        return Failure("SYNTAX", "RDKit cannot make a molecule of it")
    first = found[0]
    if first.GetType() == "AtomValenceException":
        return _valence(mol.GetAtomWithIdx(first.GetAtomIdx()), places)
    if first.GetType() == "AtomKekulizeException":
        return Failure(
            "KEKULIZE", f"aromatic {_named(mol.GetAtomWithIdx(first.GetAtomIdx()), places)} is in no ring"
        )
    if first.GetType() == "KekulizeException":
        return _kekulize(mol, list(first.GetAtomIndices()), places)
    return Failure("SYNTAX", " ".join(first.Message().split()))


def _valence(atom: Chem.Atom, places: list[str]) -> Failure:
    n_bonds = int(sum(bond.GetValenceContrib(atom) for bond in atom.GetBonds())) + atom.GetNumExplicitHs()
    what = f"{_named(atom, places)} has {n_bonds} bonds"
    if atom.GetOwningMol().HasSubstructMatch(METAL):
        return Failure("METAL", f"a metal complex that cannot be read: {what}")
    charge = atom.GetFormalCharge()
    return Failure(
        "VALENCE", f"{what}, too many for " + (f"charge {charge:+d}" if charge else "an atom without charge")
    )


def _kekulize(mol: Chem.Mol, atoms: list[int], places: list[str]) -> Failure:
    mol.UpdatePropertyCache(strict=False)
    nitrogens = [at for at, _ in hydrogen_places(mol)]
    if nitrogens:
        return Failure(
            "KEKULIZE", f"write [nH] for the nitrogen that has a hydrogen: {_joined(nitrogens, places, 'or')}"
        )
    return Failure(
        "KEKULIZE", f"no alternating double bonds fit the aromatic atoms at {_joined(atoms, places, 'and')}"
    )


def _joined(atoms: list[int], places: list[str], word: str) -> str:
    """ "characters 1, 3 and 4"; the first six."""
    kind = places[atoms[0]].split()[0]
    numbers = [places[at].split()[1] for at in atoms[:6]]
    if len(atoms) == 1:
        return f"{kind} {numbers[0]}"
    if len(atoms) > 6:
        return f"{kind}s {', '.join(numbers)} …"
    return f"{kind}s {', '.join(numbers[:-1])} {word} {numbers[-1]}"


def _named(atom: Chem.Atom, places: list[str]) -> str:
    return f"{atom.GetSymbol()} at {places[atom.GetIdx()]}"


def _places(text: str, mol: Chem.Mol) -> list[str]:
    """Where in the text each atom stands."""
    starts = [found.start() + 1 for found in _ATOM.finditer(text)]
    if len(starts) < mol.GetNumAtoms():
        return [f"atom {i + 1}" for i in range(mol.GetNumAtoms())]
    return [f"character {start}" for start in starts]


def _syntax(text: str) -> Failure:
    with rdBase.CaptureErrorLog() as log:
        Chem.MolFromSmiles(text, sanitize=False)
    if found := _POSITION.search(log.messages):
        at = int(found[2])
        what = "SMILES breaks off" if at >= len(text) else found[1].replace("syntax error", "not SMILES")
        return Failure("SYNTAX", f"{what} at character {at}, {text[:at][-20:]!r}")
    if "unclosed ring" in log.messages:
        return Failure("SYNTAX", f"ring {_open_ring(text)} is opened but never closed")
    if text.endswith("|"):
        return Failure("SYNTAX", "the part between bars | | is no CXSMILES; leave it out")
    lines = [line.partition("Error: ")[2] for line in log.messages.splitlines() if "Error: " in line]
    return Failure("SYNTAX", lines[0] if lines else "RDKit cannot read this as SMILES")


def _open_ring(text: str) -> str:
    labels = _UNCLOSED.findall(re.sub(r"\[[^\[\]]*\]", "", text.split()[0]))
    return next((label for label in labels if labels.count(label) % 2), "bond")

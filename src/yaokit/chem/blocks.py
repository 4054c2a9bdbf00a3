"""Mol blocks (V2000, V3000): the molecule they hold, stereo from coordinates and wedges."""

import re

import numpy as np
from rdkit import Chem, rdBase

from yaokit.chem.diagnosis import problem
from yaokit.chem.repair import Parsed, rescued, tidied
from yaokit.core.reasons import Failure

_REPEATED = {"SRU", "MON", "MER", "COP", "CRO", "GRA", "MOD", "ANY"}
_STAMP = re.compile(r"^\[[\d:]+\]\s*")


def of_block(text: str) -> Parsed | Failure:
    """The molecule of a whole mol block, as drawn: coordinates and source's properties still on it.

    Where all coordinates are zero, stereo is taken from the atoms' parities.
    """
    text = text.encode("ascii", "replace").decode()  # names may hold any letter; atoms only these
    with rdBase.CaptureErrorLog() as log:
        raw = _molecule(text, sanitize=False)
    if raw is None:
        return Failure("SYNTAX", _first_line(log.messages))
    if failure := open_structure(raw):
        return failure
    mol = _molecule(text, sanitize=True)
    if mol is None:
        places = [f"atom {i + 1}" for i in range(raw.GetNumAtoms())]
        return rescued(raw) or problem(raw, places)
    return tidied(_with_parities(mol))


def open_structure(mol: Chem.Mol) -> Failure | None:
    """The failure of a molecule that stands for many: attachment points, R groups, lists, polymers."""
    for atom in mol.GetAtoms():
        if atom.GetAtomicNum() == 0 or atom.HasQuery():
            return Failure("QUERY", f"atom {atom.GetIdx() + 1} is an R group, attachment point or atom list")
    if any(bond.HasQuery() or bond.HasProp("_MolFileBondEndPts") for bond in mol.GetBonds()):
        return Failure("QUERY", "a bond of several possible orders or places; draw one molecule")
    groups = {group.GetProp("TYPE") for group in Chem.GetMolSubstanceGroups(mol) if group.HasProp("TYPE")}
    if mol.HasProp("_molLinkNodes") or groups & _REPEATED:
        return Failure("QUERY", "a polymer or repeated unit; draw one molecule")
    return None


def _molecule(text: str, sanitize: bool) -> Chem.Mol | None:
    try:
        return Chem.MolFromMolBlock(text, sanitize=sanitize, removeHs=sanitize)
    except RuntimeError:  # RDKit raises on some damaged blocks instead of giving none
        return None


def _with_parities(mol: Chem.Mol) -> Chem.Mol:
    if mol.GetNumConformers() and not np.any(mol.GetConformer().GetPositions()):
        mol = Chem.Mol(mol)
        Chem.AssignAtomChiralTagsFromMolParity(mol)
    return mol


def _first_line(log: str) -> str:
    lines = [_STAMP.sub("", line).strip() for line in log.splitlines()]
    told = next((line for line in lines if line and not line.startswith("*")), "")
    return f"RDKit cannot read this mol block: {told}" if told else "RDKit cannot read this mol block"

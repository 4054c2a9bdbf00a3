"""Murcko scaffolds: ring systems and the chains between them."""

from collections.abc import Sequence

from rdkit import Chem
from rdkit.Chem.Scaffolds import MurckoScaffold


def scaffold(mol: Chem.Mol) -> str:
    """The Murcko scaffold without stereo as SMILES; "" for a molecule without rings.

    Source: Bemis & Murcko 1996, doi:10.1021/jm9602928.
    """
    core = MurckoScaffold.GetScaffoldForMol(mol)
    Chem.RemoveStereochemistry(core)
    return Chem.MolToSmiles(core)


def scaffolds(smiles: Sequence[str]) -> list[str]:
    """`scaffold` of each SMILES; ValueError if one does not parse."""
    out = []
    for i, text in enumerate(smiles):
        mol = Chem.MolFromSmiles(text)
        if mol is None:
            raise ValueError(f"molecule {i} does not parse: {text!r}")
        out.append(scaffold(mol))
    return out

"""Properties of one molecule by name, and the efficiency indices made from them."""

import importlib.util
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from rdkit import Chem, RDConfig
from rdkit.Chem import QED, Crippen, Descriptors
from rdkit.Chem import rdMolDescriptors as rd

from yaokit.core.errors import YaokitError

KCAL_PER_P_UNIT = 1.37  # RT ln 10 at 300 K, kcal/mol


class Property(NamedTuple):
    """How a property is computed, its unit ("" = none) and what it is."""

    of: Callable[[Chem.Mol], float]
    unit: str
    what: str


def properties(mol: Chem.Mol, names: Iterable[str] | None = None) -> dict[str, float]:
    """The properties called `names`, by default all fast ones (QED and SA score are not)."""
    wanted = FAST if names is None else names
    return {name: float(PROPERTIES[name].of(mol)) for name in wanted}


def qed(mol: Chem.Mol) -> float:
    """Quantitative estimate of drug-likeness, 0–1 (Bickerton 2012, doi:10.1038/nchem.1243)."""
    return float(QED.qed(mol))


def sa_score(mol: Chem.Mol) -> float:
    """Synthetic accessibility, 1 (easy) to 10; NaN for a molecule without atoms.

    Ertl and Schuffenhauer 2009, doi:10.1186/1758-2946-1-8, as RDKit's Contrib computes it.
    """
    score = _sascorer().calculateScore(mol)
    return float("nan") if score is None else float(score)


def n_unspecified_stereo(mol: Chem.Mol) -> int:
    """Tetrahedral centers and double bonds that could have stereo but have none given."""
    kinds = (Chem.StereoType.Atom_Tetrahedral, Chem.StereoType.Bond_Double)
    found = Chem.FindPotentialStereo(Chem.Mol(mol), cleanIt=False, flagPossible=True)
    return sum(s.type in kinds and s.specified == Chem.StereoSpecified.Unspecified for s in found)


def ligand_efficiency(p: float, heavy_atoms: float) -> float:
    """Binding free energy per heavy atom, kcal/mol, from a p-scale potency.

    1.37 p / heavy atoms (Hopkins 2004, doi:10.1016/S1359-6446(04)03069-7); arrays work too.
    """
    return KCAL_PER_P_UNIT * p / heavy_atoms


def lipophilic_efficiency(p: float, clogp: float) -> float:
    """p-scale potency minus log P (Leeson and Springthorpe 2007, doi:10.1038/nrd2445)."""
    return p - clogp


PROPERTIES: dict[str, Property] = {
    "mw": Property(Descriptors.MolWt, "g/mol", "molecular weight"),
    "clogp": Property(Crippen.MolLogP, "", "log P by Crippen's atom contributions"),
    "tpsa": Property(rd.CalcTPSA, "Å²", "topological polar surface area (N and O)"),
    "hbd": Property(rd.CalcNumHBD, "", "hydrogen-bond donors"),
    "hba": Property(rd.CalcNumHBA, "", "hydrogen-bond acceptors"),
    "rotatable_bonds": Property(rd.CalcNumRotatableBonds, "", "rotatable bonds, amides not counted"),
    "aromatic_rings": Property(rd.CalcNumAromaticRings, "", "aromatic rings"),
    "heavy_atoms": Property(Chem.Mol.GetNumHeavyAtoms, "", "atoms other than hydrogen"),
    "fsp3": Property(rd.CalcFractionCSP3, "", "share of carbons that are sp3"),
    "formal_charge": Property(Chem.GetFormalCharge, "e", "net formal charge"),
    "nh_oh": Property(rd.CalcNumLipinskiHBD, "", "N–H and O–H bonds (Lipinski's donors)"),
    "n_o": Property(rd.CalcNumLipinskiHBA, "", "nitrogens and oxygens (Lipinski's acceptors)"),
    "atoms": Property(rd.CalcNumAtoms, "", "atoms with hydrogens"),
    "molar_refractivity": Property(Crippen.MolMR, "cm³/mol", "molar refractivity by Crippen"),
    "n_unspecified_stereo": Property(n_unspecified_stereo, "", "stereo elements without a given sense"),
    "qed": Property(qed, "", "drug-likeness, 0–1"),
    "sa_score": Property(sa_score, "", "synthetic accessibility, 1 (easy) to 10"),
}
FAST = tuple(name for name in PROPERTIES if name not in ("n_unspecified_stereo", "qed", "sa_score"))


@cache
def _sascorer() -> Any:
    """RDKit's SA_Score module, which is not an importable package in every build."""
    path = Path(RDConfig.RDContribDir) / "SA_Score" / "sascorer.py"
    if not path.exists():
        raise YaokitError(f"this RDKit has no {path}; install RDKit from PyPI to get the SA score")
    spec = importlib.util.spec_from_file_location("yaokit_sascorer", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

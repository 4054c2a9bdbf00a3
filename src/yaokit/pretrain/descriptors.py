"""Descriptors that cost little: what encoders learn to tell of every molecule of a corpus.

RDKit's 2-D descriptors without those of DEAR, which take nine tenths of the time, and its 42 molecular
quantum numbers (Nguyen 2009, doi:10.1002/cmdc.200900317), which count atoms, bonds, groups and rings.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from rdkit import Chem
from rdkit.Chem import Descriptors
from rdkit.Chem import rdMolDescriptors as rd
from rdkit.Chem.EState.EState import GetPrincipleQuantumNumber as shell
from rdkit.Chem.EState.EState_VSA import estateBins, vsaBins

DEAR = ("Ipc", "BCUT2D_", "EStateIndex", "BertzCT", "qed", "BalabanJ", "SPS")  # parts of names
DEAR += (
    "fr_",
    "FpDensity",
    "Chi0",
    "Chi1",
    "NumValenceElectrons",
    "NumRadicalElectrons",
)  # for what they tell
FAR = 6.0  # scaled values further out are no more than this


def _family(name: str, of: Callable[..., Any], n: int) -> dict[str, tuple[Any, int]]:
    return {f"{name}{i + 1}": (of, i) for i in range(n)}


def _charges(mol: Chem.Mol) -> tuple[float, ...]:
    """Largest and smallest partial charge, then the same of their sizes."""
    found = Descriptors.MaxPartialCharge(mol), Descriptors.MinPartialCharge(mol)
    sizes = [abs(charge) for charge in found]
    return (*found, max(sizes), min(sizes))


def _electrotopological(mol: Chem.Mol) -> list[float]:
    """EState_VSA1 to 11, then VSA_EState1 to 10: E-state by surface, surface by E-state."""
    states, (areas, _) = _states(mol), rd._CalcLabuteASAContribs(mol)
    by_state, by_area = [0.0] * (len(estateBins) + 1), [0.0] * (len(vsaBins) + 1)
    for state, area in zip(states.tolist(), areas, strict=True):
        by_state[bisect_right(estateBins, state)] += area
        by_area[bisect_right(vsaBins, area)] += state
    return by_state + by_area


def _states(mol: Chem.Mol) -> np.ndarray:
    """(atoms,) E-state indices (Hall 1991, doi:10.1021/ci00001a012)."""
    table, own = Chem.GetPeriodicTable(), []
    for atom in mol.GetAtoms():
        degree, number = atom.GetDegree(), atom.GetAtomicNum()
        valence = table.GetNOuterElecs(number) - atom.GetTotalNumHs()
        own.append((4 / shell(number) ** 2 * valence + 1) / degree if degree else 0.0)
    alone = np.array(own)
    steps = Chem.GetDistanceMatrix(mol, useBO=False, useAtomWts=False) + 1
    reach = np.where(steps < 1e6, steps, np.inf) ** -2  # nothing reaches another part of a salt
    return alone + alone * reach.sum(axis=1) - reach @ alone


_TOGETHER: dict[str, tuple[Callable[[Chem.Mol], Sequence[float]], int]] = {
    **_family("PEOE_VSA", rd.PEOE_VSA_, 14),
    **_family("SMR_VSA", rd.SMR_VSA_, 10),
    **_family("SlogP_VSA", rd.SlogP_VSA_, 12),
    **_family("MQN", rd.MQNs_, 42),
    **_family("EState_VSA", _electrotopological, 11),
    **{f"VSA_EState{i + 1}": (_electrotopological, 11 + i) for i in range(10)},
    **{name: (rd.CalcCrippenDescriptors, i) for i, name in enumerate(("MolLogP", "MolMR"))},
    **{
        name: (_charges, i)
        for i, name in enumerate(
            ("MaxPartialCharge", "MinPartialCharge", "MaxAbsPartialCharge", "MinAbsPartialCharge")
        )
    },
}  # name → what computes it with others, and its place there
_ALONE = dict(Descriptors.descList)
CHEAP: tuple[str, ...] = (
    *(name for name in _ALONE if not any(dear in name for dear in DEAR)),
    *(name for name in _TOGETHER if name not in _ALONE),
)


def cheap(mols: Sequence[Chem.Mol]) -> np.ndarray:
    """(n, len(CHEAP)) float32, NaN = failed; about 1 ms a molecule."""
    return np.array([_row(mol) for mol in mols], np.float32).reshape(len(mols), len(CHEAP))


def scaling(values: np.ndarray) -> dict[str, np.ndarray]:
    """`center` and `spread` (k,) float32 of a sample (m, k): mean and deviation without the far ends.

    A column that never varies has spread 0, and is 0 when scaled.
    """
    values = values.astype(np.float64)
    inner = np.clip(values, *np.nanquantile(values, [0.005, 0.995], axis=0))
    center, spread = np.nanmean(inner, axis=0), np.nanstd(inner, axis=0)
    spread = np.where(spread > 0, spread, np.nanstd(values, axis=0))
    return {"center": center.astype(np.float32), "spread": spread.astype(np.float32)}


def scaled(values: np.ndarray, by: Mapping[str, np.ndarray]) -> np.ndarray:
    """(n, k) float32 as `scaling` tells, cut at FAR; NaN stays NaN."""
    spread = by["spread"]
    inverse = np.divide(1, spread, out=np.zeros_like(spread), where=spread > 0)
    return np.clip((values.astype(np.float32) - by["center"]) * inverse, -FAR, FAR)


def _row(mol: Chem.Mol) -> list[float]:
    found: dict[Any, Sequence[float] | None] = {}
    values = []
    for name in CHEAP:
        if name not in _TOGETHER:
            values.append(_or_none(_ALONE[name], mol))
            continue
        of, place = _TOGETHER[name]
        if of not in found:
            found[of] = _or_none(of, mol)
        every = found[of]
        values.append(None if every is None else every[place])
    return [np.nan if value is None else value for value in values]


def _or_none(of: Callable[[Chem.Mol], Any], mol: Chem.Mol) -> Any:
    try:
        return of(mol)
    except Exception:  # RDKit's own rule: a descriptor that cannot be computed is missing
        return None

"""The tables that an explanation is written to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from rdkit import Chem

from yaokit.core.digits import DIGITS, significant
from yaokit.core.reasons import Failure
from yaokit.core.types import Prediction
from yaokit.explain.subject import Subject

N_NEIGHBORS = 5

_WHO = [("row", pa.int64()), ("id", pa.string())]
NEIGHBOR = pa.schema(
    [
        *_WHO,
        ("rank", pa.int64()),
        ("neighbor", pa.string()),
        ("neighbor_smiles", pa.string()),
        ("similarity", pa.float64()),
        ("measured", pa.float64()),
    ]
)
COUNTERFACTUAL = pa.schema(
    [
        *_WHO,
        ("smiles", pa.string()),
        ("mean", pa.float64()),
        ("change", pa.float64()),
        ("similarity", pa.float64()),
        ("n_edits", pa.int64()),
        ("in_domain", pa.bool_()),
    ]
)
PAIR = pa.schema(
    [
        *_WHO,
        ("before", pa.string()),
        ("after", pa.string()),
        ("at", pa.string()),
        ("product", pa.string()),
        ("n_places", pa.int64()),
        ("mean", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("spread", pa.float64()),
        ("n", pa.int64()),
        ("n_effective", pa.float64()),
        ("n_looked_at", pa.int64()),
        ("example", pa.string()),
    ]
)
IMPORTANCE = pa.schema(
    [
        ("kind", pa.string()),
        ("name", pa.string()),
        ("member", pa.string()),
        ("importance", pa.float64()),
        ("share", pa.float64()),
        ("effect", pa.float64()),
        ("n", pa.int64()),
        ("example", pa.string()),
        ("atoms", pa.list_(pa.int64())),
        ("fragment", pa.string()),
    ]
)


@dataclass(frozen=True)
class Molecule:
    """One row that could be read."""

    row: int  # from 1
    id: str
    smiles: str  # canonical; attributions count its atoms
    mol: Chem.Mol
    values: np.ndarray  # (atoms,) float64 what each adds
    rest: float = float("nan")  # what is beyond the mean and no atom's; NaN: values need not add up


def molecules_table(
    about: Subject,
    rows: Sequence[str | Failure],
    names: Sequence[str],
    known: Prediction,
    good: Sequence[int],
    molecules: Sequence[Molecule],
) -> pa.Table:
    """One row per input row: the prediction and how it adds up, or why there is none.

    `molecules` are those of the rows in `good`.
    """
    failed = [f if isinstance(f, Failure) else None for f in rows]
    columns: dict[str, Any] = {
        "row": range(1, len(rows) + 1),
        "id": names,
        "smiles": [None if isinstance(f, Failure) else f for f in rows],
    }
    added = {"atoms_sum": [m.values.sum() for m in molecules], "rest": [m.rest for m in molecules]}
    for name, values in (known.columns() | {name: np.array(its) for name, its in added.items()}).items():
        wide: list[Any] = [None] * len(rows)
        for i, value in zip(good, values.tolist(), strict=True):
            wide[i] = _told(value)
        columns[name] = wide
    if about.stack is None:  # a single model has no domain
        columns["in_domain"] = [None] * len(rows)
    columns["status"] = ["failed" if f else "ok" for f in failed]
    columns["reason"] = [f"{f.code}: {f.message}" if f else None for f in failed]
    return pa.table({name: pa.array(list(values)) for name, values in columns.items()})


def attributions_table(molecules: Sequence[Molecule]) -> pa.Table:
    atoms = [(m, atom) for m in molecules for atom in m.mol.GetAtoms()]
    values = np.concatenate([m.values for m in molecules])
    return pa.table(
        {
            "row": pa.array([m.row for m, _ in atoms], pa.int64()),
            "id": pa.array([m.id for m, _ in atoms], pa.string()),
            "atom": pa.array([atom.GetIdx() for _, atom in atoms], pa.int32()),
            "element": pa.array([atom.GetSymbol() for _, atom in atoms], pa.string()),
            "value": pa.array(_evenly(values), pa.float64()),
        }
    )


def neighbors_table(about: Subject, molecules: Sequence[Molecule], task: int) -> pa.Table:
    found = about.neighbors([m.mol for m in molecules], N_NEIGHBORS, task)
    rows = []
    if found is not None and about.training is not None:
        smiles = dict(zip(about.training.ids, about.training.smiles, strict=True))
        for m, ids, similarity, values in zip(
            molecules, found.ids, found.similarity, found.values, strict=True
        ):
            for rank, (near, s, v) in enumerate(zip(ids, similarity, values[:, task], strict=True), 1):
                about_it = {"neighbor": near, "neighbor_smiles": smiles[near], "similarity": _told(float(s))}
                measured = None if np.isnan(v) else float(v)
                rows.append({"row": m.row, "id": m.id, "rank": rank, **about_it, "measured": measured})
    return pa.Table.from_pylist(rows, NEIGHBOR)


def rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers with DIGITS significant digits, NaN as null."""
    return {name: _told(value) for name, value in values.items()}


def _told(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return None if value != value else significant(value)


def _evenly(values: np.ndarray) -> np.ndarray:
    """The values, the largest with DIGITS significant digits, the others with as many decimals."""
    largest = float(np.abs(values).max(initial=0.0))
    return np.round(values, DIGITS - 1 - int(np.floor(np.log10(largest)))) if largest > 0 else values

"""Everything that can be said about a model's predictions for a file of molecules."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
from rdkit import Chem

from yaokit.chem.parse import parse
from yaokit.chem.standardize import Standard, Standardizer
from yaokit.core.digits import significant
from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.guard import Pool
from yaokit.core.progress import SILENT, Progress
from yaokit.core.reasons import Failure
from yaokit.core.types import Prediction
from yaokit.data.read.columns import roles_of
from yaokit.data.read.files import Record, read_records
from yaokit.explain.attention import Attention, attention
from yaokit.explain.attribution import SMALL, attribute, method_of, undescribed
from yaokit.explain.counterfactuals import Search
from yaokit.explain.importance import Importance, feature_importance, group_importance
from yaokit.explain.pairs import evidence, training_pairs
from yaokit.explain.rest import rest
from yaokit.explain.rules import Rules, find_rules
from yaokit.explain.subject import Subject, subject
from yaokit.explain.tables import (
    COUNTERFACTUAL,
    IMPORTANCE,
    PAIR,
    Molecule,
    attributions_table,
    molecules_table,
    neighbors_table,
    rounded,
)

MAX_ROWS = 10_000
_SAMPLE = 20
_BATCH = 64
_SHOWN_ATTENTION = 3
ATTENTIVE = "transformer"
_REFERENCE = 300  # training molecules on which importance is measured


@dataclass(frozen=True)
class Settings:
    """What to look for, and how much of it."""

    task: str | None = None  # None: the model's first
    top: int = 20  # molecules that get counterfactuals, pairs and a card
    delta: float | None = None  # see counterfactuals.Search
    seed: int = 0
    workers: int = 1

    def __post_init__(self) -> None:
        if self.delta is not None and not (math.isfinite(self.delta) and self.delta > 0):
            raise UsageError(f"a delta of {self.delta:g} cannot be; give a finite number above 0")


@dataclass(frozen=True)
class Explained:
    """All that was found. `tables` are by file name without ending; `top` are places in `molecules`."""

    tables: Mapping[str, pa.Table]
    molecules: Sequence[Molecule]
    top: Sequence[int]
    rules: Rules | None
    summary: dict[str, Any]
    attention: Mapping[int, Attention]  # by place in `molecules`; none without a Transformer
    n_looked_at: Mapping[int, int]  # by place in `molecules`, of the top ones: changes with measured pairs


def explain_file(
    model: Path,
    file: str | Path,
    settings: Settings,
    *,
    smiles: str | None = None,
    id: str | None = None,
    progress: Progress = SILENT,
) -> Explained:
    """Explain a model's predictions for one task, molecule by molecule and as a whole.

    UsageError for a wrong model, file, column or task, or more than 10,000 rows; NothingUsable if no
    row holds a molecule.
    """
    about = subject(model)
    task = about.column(settings.task)
    rows, names = _read(file, about, settings, smiles, id)
    good = [i for i, found in enumerate(rows) if not isinstance(found, Failure)]
    if not good:
        raise NothingUsable(f"{file}: none of its {len(rows)} rows holds a molecule that can be read")
    mols = [Chem.MolFromSmiles(str(rows[i])) for i in good]
    known = about.predict(mols)
    parts = [mols[i : i + _BATCH] for i in range(0, len(mols), _BATCH)]
    values = chain.from_iterable(
        _attributed(about, part, task) for part in progress.track(parts, "attributing", len(parts))
    )
    molecules = [
        Molecule(i + 1, names[i], str(rows[i]), mol, *both)
        for i, mol, both in zip(good, mols, values, strict=True)
    ]
    top = _order(about, known, task)[: settings.top]
    pairs, n_looked_at = _pairs(about, molecules, top, task, settings)
    tables = {
        "molecules": molecules_table(about, rows, names, known, good, molecules),
        "attributions": attributions_table(molecules),
        "neighbors": neighbors_table(about, molecules, task),
        "counterfactuals": _counterfactuals(about, molecules, top, task, settings, progress),
        "pairs": pairs,
    }
    rules, importance = _whole(about, molecules, task, settings)
    tables["importance"] = pa.Table.from_pylist([rounded(asdict(i)) for i in importance], IMPORTANCE)
    summary = _summary(about, task, settings, rows, molecules, tables, rules)
    its = _attention(about, molecules, top, task)
    summary |= {"n_looked_at": sum(n_looked_at.values()), "training_mean": _mean(about, task)}
    return Explained(tables, molecules, top, rules, summary, its, n_looked_at)


def _attributed(about: Subject, mols: Sequence[Chem.Mol], task: int) -> list[tuple[np.ndarray, float]]:
    """Of each molecule what its atoms add, and the rest."""
    values = attribute(about, mols, task)
    return list(zip(values, rest(about, mols, values, task).tolist(), strict=True))


def _mean(about: Subject, task: int) -> float | None:
    """Of the measured training values; of a class the share of 1. None if the model does not keep them."""
    values = np.empty(0) if about.training is None else about.training.values[:, task]
    known = values[~np.isnan(values)]
    return significant(float(known.mean())) if len(known) else None


@dataclass(frozen=True)
class _Reading:
    """A cell → canonical SMILES of the molecule the model sees; what a child process runs."""

    standardizer: Standardizer | None

    def __call__(self, record: tuple[str, Failure | None]) -> str | Failure:
        text, failure = record
        if failure:
            return failure
        found: Any = self.standardizer(text) if self.standardizer else parse(text)
        if isinstance(found, Failure):
            return found
        smiles = Chem.MolToSmiles(found.mol if isinstance(found, Standard) else found)
        again = parse(smiles)
        return again if isinstance(again, Failure) else smiles


def _read(
    file: str | Path, about: Subject, settings: Settings, smiles: str | None, id: str | None
) -> tuple[list[str | Failure], list[str]]:
    """Of each row the molecule's SMILES or why there is none, and its name."""
    table = read_records(file)
    sample = list(islice(table, _SAMPLE))
    if not sample:
        raise NothingUsable(f"{file}: no rows in it")
    structure, name = roles_of(table, sample, smiles, id)
    records: list[Record] = list(islice(chain(sample, table), MAX_ROWS + 1))
    if len(records) > MAX_ROWS:
        raise UsageError(
            f"{file}: more than {MAX_ROWS:,} rows; explain fewer at a time, the best of a screen"
        )
    cells = [(r.cells.get(structure) or "", r.failure) for r in records]
    with Pool(_Reading(about.standardizer), workers=settings.workers) as pool:
        found = list(chain.from_iterable(pool.map(cells[i : i + 500] for i in range(0, len(cells), 500))))
    return found, [(r.cells.get(name) if name else None) or f"row {i}" for i, r in enumerate(records, 1)]


def _order(about: Subject, known: Prediction, task: int) -> list[int]:
    """Best prediction first."""
    minimize = about.stack is not None and about.tasks[task] in about.stack.minimize
    return np.argsort(known.mean[:, task] * (1 if minimize else -1), kind="stable").tolist()


def _counterfactuals(
    about: Subject,
    molecules: Sequence[Molecule],
    top: Sequence[int],
    task: int,
    settings: Settings,
    progress: Progress,
) -> pa.Table:
    """Of the top molecules."""
    changed, chosen = [], [molecules[i] for i in top]
    with Search(about, task, delta=settings.delta, seed=settings.seed, workers=settings.workers) as search:
        for m in progress.track(chosen, "seeking counterfactuals", len(chosen)):
            changed += [{"row": m.row, "id": m.id, **rounded(asdict(c))} for c in search(m.mol)]
    return pa.Table.from_pylist(changed, COUNTERFACTUAL)


def _pairs(
    about: Subject, molecules: Sequence[Molecule], top: Sequence[int], task: int, settings: Settings
) -> tuple[pa.Table, dict[int, int]]:
    """Matched pairs of the top molecules; by place, how many changes were looked at."""
    rows, n_looked_at = [], {}
    if about.training is not None and top:
        measured = training_pairs(about.training, task, settings.seed, settings.workers)
        for i in top:
            m = molecules[i]
            found, n_looked_at[i] = evidence(measured, m.mol)
            for e in found:
                told = {**asdict(e), "n_looked_at": n_looked_at[i], "example": "; ".join(e.example)}
                rows.append({"row": m.row, "id": m.id, **rounded(told)})
    return pa.Table.from_pylist(rows, PAIR), n_looked_at


def _whole(
    about: Subject, molecules: Sequence[Molecule], task: int, settings: Settings
) -> tuple[Rules | None, list[Importance]]:
    """What holds of the model as a whole; on its training molecules where it keeps them."""
    mols: list[Chem.Mol] = [m.mol for m in molecules]
    if about.training is not None:
        mols = [Chem.MolFromSmiles(text) for text in about.training.smiles]
    rules = find_rules(about, mols, task, settings.seed)
    at = np.unique(np.linspace(0, len(mols) - 1, min(len(mols), _REFERENCE)).astype(int))
    features = feature_importance(about, [mols[int(i)] for i in at], task)
    return rules, features + group_importance([m.mol for m in molecules], [m.values for m in molecules])


def _attention(
    about: Subject, molecules: Sequence[Molecule], top: Sequence[int], task: int
) -> dict[int, Attention]:
    """Of the first of the top molecules, the attention of the Transformer with the most weight."""
    weights = zip(about.members.values(), about.weights[:, task], strict=True)
    found = [(w, model) for model, w in weights if model.name == ATTENTIVE and w > 0]
    if not found:
        return {}
    _, model = max(found, key=lambda pair: pair[0])
    return {i: attention(cast(Any, model), molecules[i].mol) for i in top[:_SHOWN_ATTENTION]}


def _summary(
    about: Subject,
    task: int,
    settings: Settings,
    rows: Sequence[str | Failure],
    molecules: Sequence[Molecule],
    tables: Mapping[str, pa.Table],
    rules: Rules | None,
) -> dict[str, Any]:
    n_failed = sum(isinstance(row, Failure) for row in rows)
    notes = []
    if about.training is None:
        notes.append(
            "a single model keeps no training molecules: no neighbors, matched pairs, domain or interval"
        )
    if about.standardizer is None:
        notes.append(
            "the model stands outside its trained folder: molecules are taken as they are written, "
            "with salts and charges"
        )
    if n := undescribed(about, [m.mol for m in molecules], task):
        notes.append(
            f"{n:,} with more than {SMALL} atoms: what descriptors of the molecule add is shared equally"
        )
    if np.isnan([m.rest for m in molecules]).any():
        notes.append("values of atoms rank them; they need not add up to the prediction")
    if rules is None:
        notes.append("too few molecules to find rules from")
    return {
        "task": about.tasks[task],
        "kind": "classification" if about.is_class(task) else "regression",
        "n_in": len(rows),
        "n_ok": len(rows) - n_failed,
        "n_failed": n_failed,
        "members": [
            {"name": label, "weight": round(float(w), 4), "method": method_of(model)}
            for (label, model), w in zip(about.members.items(), about.weights[:, task], strict=True)
        ],
        "top": settings.top,
        "delta": settings.delta,
        "seed": settings.seed,
        "n_found": {name: len(tables[name]) for name in ("counterfactuals", "pairs")},
        "rules": None if rules is None else rules.fidelity,
        "notes": notes,
    }

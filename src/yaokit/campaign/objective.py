"""The campaign's objective: the user's terms, or sensible ones made from the measured values."""

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from yaokit.core.guard import Pool
from yaokit.core.table import MolTable
from yaokit.score.objective import Objective, Scores, TermSettings
from yaokit.score.terms import Alerts, PerMolecule, Property

_BATCH = 64
_OF_MODEL = ("model", "domain")


def campaign_objective(
    terms: Sequence[TermSettings], model: Path, tasks: Sequence[Mapping[str, Any]], table: MolTable
) -> Objective:
    """The objective of `terms`; where one needs a model or a task, the campaign's is filled in."""
    chosen = [term.model_dump(exclude_none=True) for term in terms] or default_terms(tasks, table)
    return Objective.of({"terms": [_filled(term, model, tasks[0]["name"]) for term in chosen]})


def score_pool(objective: Objective, pool: pa.Table, catalogs: Sequence[str], workers: int) -> Scores:
    """The objective on profiled molecules; what the profile holds already is not computed again."""
    smiles = pool["smiles"].to_pylist()
    per_molecule = {t.name: t.score for t in objective.terms if isinstance(t.score, PerMolecule)}
    columns = {name: _profiled(score, pool, catalogs) for name, score in per_molecule.items()}
    if all(values is not None for values in columns.values()):
        measured = [{name: values[i] for name, values in columns.items()} for i in range(len(pool))]  # type: ignore[index]
        return objective.combine(smiles, measured)
    batches = (smiles[i : i + _BATCH] for i in range(0, len(smiles), _BATCH))
    with Pool(objective.measure, workers=workers) as guarded:
        return objective.combine(smiles, list(chain.from_iterable(guarded.map(batches))))


def _profiled(score: PerMolecule, pool: pa.Table, catalogs: Sequence[str]) -> np.ndarray | None:
    """The pool's column for a term, or None if it has none."""
    if isinstance(score, Property) and score.name in pool.column_names:
        return pool[score.name].to_numpy()
    if isinstance(score, Alerts) and set(score.catalogs) == set(catalogs):
        return pool["n_alerts"].to_numpy()
    return None


def default_terms(tasks: Sequence[Mapping[str, Any]], table: MolTable) -> list[dict[str, Any]]:
    """Cautious potency first, then drug-likeness, synthesis, alerts, novelty; inside the domain."""
    terms = [_potency(task, table, main=i == 0) for i, task in enumerate(tasks)]
    return [
        *terms,
        {"score": "qed", "desirability": {"shape": "up", "low": 0.1, "high": 0.7}},
        {"score": "sa_score", "desirability": {"shape": "down", "low": 2.5, "high": 5.0}},
        {"score": "alerts", "desirability": {"shape": "down", "low": 0, "high": 6}, "weight": 0.5},
        {"score": "novelty", "desirability": {"shape": "up", "low": 0.0, "high": 0.2}, "weight": 0.5},
        {"score": "domain", "settings": {"floor": 0.1}, "role": "limit"},
    ]


def _potency(task: Mapping[str, Any], table: MolTable, main: bool) -> dict[str, Any]:
    """The cautious end of the prediction, from the worst to the best twentieth of what was measured.

    Of a class it is a probability, from 0 to 1.
    """
    values = table.column(task["name"])
    low, high = np.nanquantile(values, [0.05, 0.95])
    if task.get("unit") == "class":
        low, high = 0.0, 1.0
    elif low == high:
        low, high = low - 0.5, high + 0.5
    minimize = task["goal"] == "minimize"
    return {
        "score": "model",
        "name": task["name"],
        "settings": {"task": task["name"], "quantity": "high" if minimize else "low"},
        "desirability": {"shape": "down" if minimize else "up", "low": float(low), "high": float(high)},
        "weight": 3.0 if main else 2.0,
    }


def _filled(term: Mapping[str, Any], model: Path, main: str) -> dict[str, Any]:
    settings = dict(term.get("settings", {}))
    if term["score"] in _OF_MODEL:
        settings = {"folder": str(model), "task": main, **settings}
    elif term["score"] == "novelty" and "smiles" not in settings:
        settings = {"folder": str(model), **settings}
    return {**term, "settings": settings}

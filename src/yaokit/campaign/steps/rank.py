"""The pool → a short, diverse, explained list of candidates."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field

from yaokit.campaign.objective import campaign_objective, score_pool
from yaokit.campaign.step import Inputs, Settings, Step
from yaokit.chem.fingerprints import morgan_counts
from yaokit.core.store import writing
from yaokit.core.table import MolTable
from yaokit.explain.masking import atom_contributions
from yaokit.models import load
from yaokit.models.trusted import Trusted
from yaokit.score.objective import TermSettings
from yaokit.score.pareto import diverse_pick, pareto_front


class RankSettings(Settings):
    candidates: int = Field(default=60, ge=1)
    per_scaffold: int = Field(default=3, ge=1)
    max_similarity: float = Field(default=0.9, gt=0, le=1)
    objective: tuple[TermSettings, ...] = ()


def _run(out: Path, inputs: Inputs, settings: RankSettings) -> dict[str, Any]:
    source = inputs.one("curate")
    tasks = source.summary["tasks"]
    profile = inputs.one("profile")
    pool = pq.read_table(profile.path / "pool.parquet")
    folder = inputs.one("train").path / "model"
    table = MolTable.read(source.path / "table")
    objective = campaign_objective(settings.objective, folder, tasks, table)
    scores = score_pool(objective, pool, profile.summary["catalogs"], inputs.workers)
    total = np.round(scores.total, 4)
    fronts = _fronts(pool, tasks)
    order = _best_first(pool, total, tasks[0])
    picked = diverse_pick(
        order,
        pool["scaffold"].to_pylist(),
        settings.candidates,
        settings.per_scaffold,
        morgan_counts(pool["smiles"].to_pylist()),
        settings.max_similarity,
    )
    wanted = {f"d_{name}": np.round(values[picked], 4) for name, values in scores.desirability.items()}
    candidates = pool.take(pa.array(picked))
    front = {
        "rank": np.arange(1, len(picked) + 1),
        "desirability": total[picked],
        "pareto_front": fronts[picked],
    }
    columns = {name: candidates[name] for name in candidates.column_names}
    explained = _contributions(load(folder), columns["smiles"].to_pylist(), tasks[0]["name"])  # type: ignore[arg-type]
    candidates = pa.table({**front, **columns, **wanted, "contributions": explained})
    with writing(out / "candidates.parquet") as part:
        pq.write_table(candidates, part)
    return _summary(pool, order, candidates)


def _fronts(pool: pa.Table, tasks: list[dict[str, Any]]) -> np.ndarray:
    """Pareto fronts over each task's cautious end, QED and SA score."""
    values, maximize = [], []
    for task in tasks:
        minimize = task["goal"] == "minimize"
        values.append(pool[f"{task['name']}_{'high' if minimize else 'low'}"].to_numpy())
        maximize.append(not minimize)
    values += [pool["qed"].to_numpy(), pool["sa_score"].to_numpy()]
    return pareto_front(np.stack(values, axis=1), [*maximize, True, False])


def _best_first(pool: pa.Table, total: np.ndarray, task: dict[str, Any]) -> list[int]:
    """Row numbers by falling desirability; ties by the cautious end, then by id. Failed ones are left out."""
    minimize = task["goal"] == "minimize"
    lead = pool[f"{task['name']}_{'high' if minimize else 'low'}"].to_numpy() * (-1 if minimize else 1)
    ids = pool["id"].to_pylist()
    known = np.flatnonzero(~np.isnan(total))
    return sorted(known.tolist(), key=lambda i: (-total[i], -lead[i], ids[i]))


def _contributions(model: Trusted, smiles: list[str], task: str) -> pa.Array:
    values = atom_contributions(model, smiles, task)
    return pa.array([np.round(v, 4).tolist() for v in values], pa.list_(pa.float64()))


def _summary(pool: pa.Table, order: list[int], candidates: pa.Table) -> dict[str, Any]:
    inside = int(np.sum(candidates["in_domain"].to_numpy(zero_copy_only=False)))
    failed = len(pool) - len(order)
    dropped = {"CRASH": failed} if failed else {}
    if below := len(order) - len(candidates):
        dropped["BELOW_TOP"] = below
    notes = []
    if inside < len(candidates):
        notes.append(
            f"{len(candidates) - inside} of {len(candidates)} candidates lie outside the model's domain"
        )
    if stereo := int(np.sum(candidates["n_unspecified_stereo"].to_numpy() > 0)):
        notes.append(f"candidates with unspecified stereo centers: {stereo}")
    return {
        "n_in": len(pool),
        "n_out": len(candidates),
        "n_in_domain": inside,
        "dropped": dropped,
        "notes": notes,
    }


RANK = Step("rank", _run, RankSettings, after=("curate", "train", "profile"))

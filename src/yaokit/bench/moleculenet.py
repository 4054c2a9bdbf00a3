"""MoleculeNet: each architecture a column, so that the reader sees which wins where.

Wu et al. 2018, doi:10.1039/C7SC02664A. The scaffold split is theirs: groups of one Murcko scaffold
(without stereo), the largest first, fill the training part to 80 %, then the validation part to 90 %,
then the test part; seeds change the models only. Models learn from the training part alone, with
their own defaults; the validation part is not used.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from yaokit.bench.data import rows as listed
from yaokit.bench.fits import Learning, Place
from yaokit.bench.pages import plus_minus, table_of
from yaokit.bench.rows import molecules, table
from yaokit.bench.scores import MEASURES, Measure
from yaokit.chem.folds import Folds
from yaokit.chem.scaffold import scaffolds
from yaokit.core.seed import derived
from yaokit.models.targets import Targets

Row = dict[str, Any]
TASKS = {row["task"]: row for row in listed("moleculenet.csv")}
MEMBERS = (
    *("nearest", "forest", "forest:full", "boosting", "boosting:full", "svm", "gp", "mlp", "mlp:full"),
    *("cnn", "rnn", "transformer", "gnn"),
)
SLOW = {"rnn": 5_000, "transformer": 5_000, "cnn": 10_000, "gnn": 10_000, "svm": 10_000, "gp": 10_000}
TRAIN, VALID, TEST = range(3)


class MoleculeNet:
    """`yaokit bench moleculenet`."""

    name: ClassVar[str] = "moleculenet"
    labels: ClassVar[Sequence[str]] = MEMBERS
    seeds: ClassVar[int] = 3
    tasks: ClassVar[Sequence[str]] = tuple(TASKS)

    def __init__(self, data: Path, place: Place, members: Sequence[str] = ()) -> None:
        self.folder, self.place, self.members = data / "moleculenet", place, tuple(members) or MEMBERS

    def measure(self, task: str, seed: int) -> Row:
        """Every architecture learns from the training part and answers the test part."""
        about = TASKS[task]
        found = table(self.folder / about["file"])
        everything = molecules(found, about["smiles"], columns_of(about, found[0]))
        smiles, values = everything.parsed()
        parts = scaffold_parts(smiles)
        train, test = np.flatnonzero(parts == TRAIN), np.flatnonzero(parts == TEST)
        y = Targets.of(values[train], [about["kind"]] * values.shape[1])
        folds = Folds.cross(np.zeros(len(train), np.int64))
        learned = [smiles[i] for i in train]
        learning = Learning(task, learned, y, folds, derived(seed, task), self.place)
        labels = [label for label in self.members if len(train) <= SLOW.get(label, len(train))]
        said = learning.asked(labels, "linear", [smiles[i] for i in test])
        measure = MEASURES[about["metric"]]
        found = {label: score(measure, values[test], mean) for label, mean in said.items()}
        best = max(found, key=lambda label: found[label] if measure.higher else -found[label])
        return {
            "n": len(everything),
            "n_unread": len(everything) - len(smiles),
            "n_parts": np.bincount(parts, minlength=3).tolist(),
            "n_tasks": values.shape[1],
            "found": found,
            "fit_seconds": {label: round(learning.seconds(label), 1) for label in labels},
            "told": f"best {best}, {measure.label} {found[best]:.3f}",
        }

    def rows(self, parts: Mapping[tuple[str, int], Row]) -> list[Row]:
        found = []
        for task in self.tasks:
            mine = [part for (name, _), part in sorted(parts.items()) if name == task]
            if mine:
                found.append(_row(TASKS[task], mine))
        return found

    def summary(self, rows: Sequence[Row]) -> Row:
        wins: dict[str, int] = {}
        for row in rows:
            wins[row["best"]] = wins.get(row["best"], 0) + 1
        return {"tasks": len(rows), "wins": dict(sorted(wins.items(), key=lambda item: (-item[1], item[0])))}

    def page(self, results: Row) -> str:
        rows = results["rows"]
        labels = list(dict.fromkeys(label for row in rows for label in row["models"]))
        columns = {
            "Model": lambda label: label,
            **{
                f"{row['task']}, {row['metric']} {'↑' if row['better'] == 'higher' else '↓'}": (
                    lambda label, row=row: _cell(row, label)
                )
                for row in rows
            },
        }
        return "\n\n".join(
            [
                "# MoleculeNet",
                f"`{results['command']}`, yaokit {results['version']}, {len(results['seeds'])} seed(s), "
                f"{results['seconds']:,.0f} s. How it is measured stands in [benchmarks](../benchmarks.md).",
                "Each row one architecture with its defaults, alone: no stack, no tuning. Mean ± standard "
                "deviation over seeds; the best of a column is bold, and so is what lies within one standard "
                "deviation of it. A dash: too slow for a set of this size on two cores.",
                table_of(columns, labels),
                table_of(SETS, rows),
                "",
            ]
        )


def columns_of(about: Mapping[str, str], first: Mapping[str, str | None]) -> list[str]:
    """The columns of a set's tasks."""
    if about["columns"] != "*":
        return about["columns"].split(";")
    return [name for name in first if name not in about["not"].split()]


def scaffold_parts(smiles: Sequence[str]) -> np.ndarray:
    """(n,) TRAIN, VALID or TEST: 80, 10 and 10 %, the largest scaffolds first, of like ones the last row."""
    groups: dict[str, list[int]] = {}
    for i, core in enumerate(scaffolds(smiles)):
        groups.setdefault(core, []).append(i)
    parts, n = np.full(len(smiles), TEST), [0, 0]
    for rows in sorted(groups.values(), key=lambda rows: (-len(rows), -rows[0])):
        if n[TRAIN] + len(rows) <= 0.8 * len(smiles):
            parts[rows], n[TRAIN] = TRAIN, n[TRAIN] + len(rows)
        elif n[TRAIN] + n[VALID] + len(rows) <= 0.9 * len(smiles):
            parts[rows], n[VALID] = VALID, n[VALID] + len(rows)
    return parts


def score(measure: Measure, values: np.ndarray, predicted: np.ndarray) -> float:
    """The mean over tasks of the measure of the known values; tasks with a single class are left out."""
    found = []
    for y, p in zip(values.T, predicted.T, strict=True):
        known = ~np.isnan(y)
        if known.any() and y[known].min() < y[known].max():
            found.append(measure.of(y[known], p[known]))
    return float(np.mean(found))


def _row(about: Mapping[str, str], parts: Sequence[Row]) -> Row:
    measure = MEASURES[about["metric"]]
    models = {}
    for label in parts[0]["found"]:
        values = [part["found"][label] for part in parts]
        models[label] = {
            "mean": float(np.mean(values)),
            "sd": float(np.std(values, ddof=1)) if len(values) > 1 else None,
            "values": values,
            "cpu_seconds": float(np.mean([part["fit_seconds"][label] for part in parts])),
        }
    best = max(models, key=lambda label: models[label]["mean"] * (1 if measure.higher else -1))
    same = ("n", "n_unread", "n_parts", "n_tasks")
    return {
        "task": about["task"],
        "what": about["what"],
        "metric": measure.label,
        "better": "higher" if measure.higher else "lower",
        **{key: parts[0][key] for key in same},
        "best": best,
        "models": models,
        "cpu_seconds": sum(sum(part["fit_seconds"].values()) for part in parts) / len(parts),
    }


def _cell(row: Row, label: str) -> str:
    if label not in row["models"]:
        return "–"
    mine, best = row["models"][label], row["models"][row["best"]]
    text = plus_minus(mine["mean"], mine["sd"])
    return f"**{text}**" if abs(mine["mean"] - best["mean"]) <= (best["sd"] or 0.0) else text


SETS = {
    "Set": lambda r: f"{r['task']}: {r['what']}",
    "Rows": lambda r: f"{r['n']:,}",
    "Do not parse": lambda r: r["n_unread"],
    "Tasks": lambda r: r["n_tasks"],
    "Train, valid, test": lambda r: ", ".join(f"{n:,}" for n in r["n_parts"]),
    "Best": lambda r: r["best"],
}

"""MoleculeACE: 24 targets with activity cliffs, the given split, against ECFP + SVR in the same run.

van Tilborg et al. 2022, doi:10.1021/acs.jcim.2c01073. The split puts like molecules on both sides, so
the stack's weights come from random folds of the training part.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from yaokit.bench.data import rows as listed
from yaokit.bench.fits import Learning, Place
from yaokit.bench.pages import number, plus_minus, table_of
from yaokit.bench.rows import molecules, table
from yaokit.bench.scores import MEASURES
from yaokit.bench.stack import choose
from yaokit.bench.svr import svr
from yaokit.chem.folds import Folds
from yaokit.chem.split import random_folds
from yaokit.core.digits import significant
from yaokit.core.seed import derived
from yaokit.models.paired import compare_rows
from yaokit.models.targets import REGRESSION, Targets

Row = dict[str, Any]
FOLDS = 5
MEMBERS = ("svm:wide", "gp:wide", "gp", "boosting:full", "mlp:full")  # by cross-validation of training parts
RMSE = MEASURES["rmse"]


class MoleculeAce:
    """`yaokit bench moleculeace`."""

    name: ClassVar[str] = "moleculeace"
    labels: ClassVar[Sequence[str]] = MEMBERS
    seeds: ClassVar[int] = 1
    tasks: ClassVar[Sequence[str]] = tuple(row["task"] for row in listed("moleculeace.csv"))

    def __init__(self, data: Path, place: Place, members: Sequence[str] = ()) -> None:
        self.folder, self.place, self.members = data / "moleculeace", place, tuple(members) or MEMBERS

    def measure(self, task: str, seed: int) -> Row:
        """Both learn from the training part, then answer the test part."""
        found = table(self.folder / f"{task}.csv")
        learning = self.learning([row for row in found if row["split"] == "train"], task, seed)
        chosen = choose(learning, self.members, ("linear",), RMSE)
        asked = [row for row in found if row["split"] == "test"]
        test = molecules(asked, "smiles", ["y"])
        smiles, _ = test.parsed()
        said = learning.asked(list(chosen.weights), chosen.scale, smiles)
        ours = chosen.combine({label: mean[:, 0] for label, mean in said.items()})
        theirs, settings = svr(learning.smiles, learning.y.values[:, 0], smiles)
        ours, theirs = (
            _placed(part, test.read, float(np.mean(learning.y.values))) for part in (ours, theirs)
        )
        y = test.values[:, 0]
        return {
            **chosen.settings(),
            "members": list(self.members),
            "n_train": len(learning.smiles),
            "predicted": [significant(p) for p in ours],
            "peer": [significant(p) for p in theirs],
            "peer_settings": settings,
            "unread": int((~test.read).sum()),
            "fit_seconds": {label: round(learning.seconds(label), 1) for label in self.members},
            "told": f"RMSE {RMSE.of(y, ours):.3f}, peer {RMSE.of(y, theirs):.3f}",
        }

    def learning(self, found: Sequence[dict[str, str | None]], task: str, seed: int) -> Learning:
        """The training part in random folds."""
        smiles, values = molecules(found, "smiles", ["y"]).parsed()
        folds = Folds.cross(random_folds(smiles, FOLDS, derived(seed, task, "folds")))
        y = Targets.of(values, [REGRESSION])
        return Learning(task, smiles, y, folds, derived(seed, task), self.place)

    def rows(self, parts: Mapping[tuple[str, int], Row]) -> list[Row]:
        names = {row["task"]: row["target"] for row in listed("moleculeace.csv")}
        found = []
        for task in self.tasks:
            mine = [part for (name, _), part in sorted(parts.items()) if name == task]
            if mine:
                mine = [{**part, **self.measured(task)} for part in mine]
                found.append({"task": task, "target": names[task], **_row(mine)})
        return found

    def measured(self, task: str) -> Row:
        """What was measured of the test rows: it stands in the data, parts hold only what is ours."""
        rows = [row for row in table(self.folder / f"{task}.csv") if row["split"] == "test"]
        return {
            "y": [float(row["y"] or "nan") for row in rows],
            "cliff": [row["cliff_mol"] == "1" for row in rows],
        }

    def summary(self, rows: Sequence[Row]) -> Row:
        mean = {key: float(np.mean([row[key] for row in rows])) for key in KEYS}
        return {
            "tasks": len(rows),
            **{key: round(value, 4) for key, value in mean.items()},
            "below_peer": round(1 - mean["rmse"] / mean["peer_rmse"], 4),
            "below_peer_cliff": round(1 - mean["rmse_cliff"] / mean["peer_rmse_cliff"], 4),
            "better": sum(row["rmse"] < row["peer_rmse"] for row in rows),
            "better_beyond_noise": sum(row["p"] < 0.05 and row["rmse"] < row["peer_rmse"] for row in rows),
            "worse_beyond_noise": sum(row["p"] < 0.05 and row["rmse"] > row["peer_rmse"] for row in rows),
            "asked_below_peer": 0.05,
            "aimed_below_peer": 0.08,
        }

    def page(self, results: Row) -> str:
        said = results["summary"]
        return "\n\n".join(
            [
                "# MoleculeACE",
                f"`{results['command']}`, yaokit {results['version']}, {len(results['seeds'])} seed(s), "
                f"{results['seconds']:,.0f} s. How it is measured stands in [benchmarks](../benchmarks.md).",
                f"Mean RMSE over {said['tasks']} targets: {said['rmse']:.3f} against "
                f"{said['peer_rmse']:.3f} of ECFP + SVR in the same run, {said['below_peer']:.1%} lower "
                "(asked: 5 %, aimed at: 8 %); on "
                f"activity-cliff compounds {said['rmse_cliff']:.3f} against {said['peer_rmse_cliff']:.3f}, "
                f"{said['below_peer_cliff']:.1%} lower. Better on {said['better']} targets, on "
                f"{said['better_beyond_noise']} of them beyond the noise (paired bootstrap of test rows, "
                f"p < 0.05); worse beyond the noise on {said['worse_beyond_noise']}.",
                table_of(COLUMNS, results["rows"]),
                "",
            ]
        )


KEYS = ("rmse", "peer_rmse", "rmse_cliff", "peer_rmse_cliff")


def _placed(values: np.ndarray, read: np.ndarray, other: float) -> np.ndarray:
    """(n,) with the values where a molecule was read, `other` elsewhere."""
    out = np.full(len(read), other)
    out[read] = values
    return out


def _row(parts: Sequence[Row]) -> Row:
    """One target over seeds; the comparison is of the mean of the seeds' predictions."""
    y, cliff = np.array(parts[0]["y"]), np.array(parts[0]["cliff"], bool)
    ours, theirs = (np.array([part[key] for part in parts]) for key in ("predicted", "peer"))
    values = [RMSE.of(y, run) for run in ours]
    test = compare_rows(y, ours.mean(axis=0), theirs.mean(axis=0))
    return {
        "n_train": parts[0]["n_train"],
        "n_test": len(y),
        "n_cliff": int(cliff.sum()),
        "unread": parts[0]["unread"],
        "rmse": float(np.mean(values)),
        "sd": float(np.std(values, ddof=1)) if len(values) > 1 else None,
        "peer_rmse": float(np.mean([RMSE.of(y, run) for run in theirs])),
        "rmse_cliff": float(np.mean([RMSE.of(y[cliff], run[cliff]) for run in ours])),
        "peer_rmse_cliff": float(np.mean([RMSE.of(y[cliff], run[cliff]) for run in theirs])),
        "difference": test.difference,
        "low": test.low,
        "high": test.high,
        "p": test.p,
        "peer_settings": parts[0]["peer_settings"],
        "out_of_fold": float(np.mean([part["score"] for part in parts])),
        "alone": {label: float(np.mean([p["alone"][label] for p in parts])) for label in parts[0]["members"]},
        "weights": {
            label: float(np.mean([part["weights"].get(label, 0.0) for part in parts]))
            for label in parts[0]["members"]
        },
        "cpu_seconds": sum(sum(part["fit_seconds"].values()) for part in parts) / len(parts),
    }


COLUMNS = {
    "Target": lambda r: f"{r['target']} ({r['task']})",
    "n train, test, cliff": lambda r: f"{r['n_train']:,}, {r['n_test']:,}, {r['n_cliff']:,}",
    "RMSE": lambda r: plus_minus(r["rmse"], r["sd"]),
    "ECFP + SVR": lambda r: number(r["peer_rmse"]),
    "Lower by": lambda r: f"{1 - r['rmse'] / r['peer_rmse']:.1%}",
    "Difference, 95 %": lambda r: f"{number(r['low'])} to {number(r['high'])}",
    "RMSE, cliffs": lambda r: number(r["rmse_cliff"]),
    "ECFP + SVR, cliffs": lambda r: number(r["peer_rmse_cliff"]),
}

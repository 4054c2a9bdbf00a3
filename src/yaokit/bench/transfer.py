"""What pre-training gives: the same network from its weights and from scratch, on the same few molecules.

Six tasks of the ADMET group and four of MoleculeACE with their given test parts. Training rows are drawn
from the training part by the seed; no setting is chosen. Both networks read what the encoder reads and no
more: descriptors beside it, which a gnn has when none says otherwise, know much of what pre-training teaches.
The same two with descriptors stand beside them, as do the encoder's embedding, frozen, under support vectors
and a Gaussian process, the network as it is when nothing is asked for, and a forest of fingerprints.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from yaokit.bench.admet_group import TASKS as GROUP_TASKS
from yaokit.bench.audit import GROUP
from yaokit.bench.fits import Learning, Place
from yaokit.bench.rows import Molecules, molecules, stored, table
from yaokit.bench.scores import MEASURES, Measure
from yaokit.chem.folds import Folds
from yaokit.core.errors import UsageError
from yaokit.core.seed import derived, rng
from yaokit.models.encoders import STARTS
from yaokit.models.paired import compare_rows
from yaokit.models.targets import REGRESSION, Targets
from yaokit.nn.pretrained import ENCODERS, keep, open_pretrained, shipped

Row = dict[str, Any]
ADMET = (
    "caco2_wang",
    "lipophilicity_astrazeneca",
    "solubility_aqsoldb",
    "bioavailability_ma",
    "herg",
    "bbb_martins",
)
ACTIVITY = ("CHEMBL2047_EC50", "CHEMBL4203_Ki", "CHEMBL1862_Ki", "CHEMBL2971_Ki")
SIZES = (100, 500)  # molecules to learn from
ALL = range(600, 1_001)  # and all, if they are so many: fewer say the same as 500, more take hours
FOREST = "forest"


class Transfer:
    """`yaokit bench transfer`."""

    name: ClassVar[str] = "transfer"
    labels: ClassVar[Sequence[str]] = (
        FOREST,
        *("gnn", "gnn~graph:graph", "gnn@graph:graph", "gnn~graph", "gnn@graph"),
        *("svm:embedded@graph", "gp:embedded@graph"),
        *("transformer", "transformer~masked", "transformer@masked"),
        *("svm:embedded@masked", "gp:embedded@masked"),
    )
    seeds: ClassVar[int] = 3
    tasks: ClassVar[Sequence[str]] = (*ADMET, *ACTIVITY)

    def __init__(
        self,
        data: Path,
        place: Place,
        members: Sequence[str] = (),
        encoders: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        """`encoders`: a name in the table → its kind, and a shipped name or a folder."""
        if members:
            raise UsageError("transfer compares what its table says, with each shipped encoder: no --members")
        self.data, self.folder, self.place = data, data / GROUP, place
        self.sources = [path for path in map(stored, map(self.file, self.tasks)) if path]
        there = {name: (card["kind"], name) for name, card in shipped().items() if card["kind"] in ENCODERS}
        self.encoders = there if encoders is None else encoders
        if not self.encoders:
            raise UsageError("no pre-trained encoder is shipped with this version: nothing can be measured")

    def measure(self, task: str, seed: int) -> Row:
        """Each model learns from each number of molecules, then answers the test part."""
        train, test, measure = self.parts(task)
        smiles, values = train.parsed()
        labels = [FOREST, *(label for uses in self.uses().values() for label in uses.values())]
        scores: dict[str, dict[str, float]] = {}
        seconds: dict[str, dict[str, float]] = {}
        beyond: dict[str, dict[str, bool]] = {}
        for size in sizes(len(smiles)):
            rows = drawn(len(smiles), size, derived(seed, task))
            learning = self.learning([smiles[i] for i in rows], values[rows], task, size, seed)
            said = answered(learning, list(dict.fromkeys(labels)), test)
            scores[str(size)] = {label: measure.of(test.values[:, 0], mean) for label, mean in said.items()}
            beyond[str(size)] = {
                name: compare_rows(
                    test.values[:, 0], said[ways["tuned"]], said[ways["scratch"]], metric_of(task)
                ).better
                for name, ways in self.uses().items()
            }
            seconds[str(size)] = {label: round(learning.seconds(label), 1) for label in said}
        return {
            "n_train": len(smiles),
            "n_test": len(test),
            "unread": int((~test.read).sum()),
            "scores": scores,
            "fit_seconds": seconds,
            "beyond": beyond,
            "held_out": {name: _holds_out(source) for name, (_, source) in self.encoders.items()},
            "uses": self.uses(),
            "told": self._told(scores, measure),
        }

    def file(self, task: str) -> Path:
        """Where a task's data stand."""
        return self.data / (GROUP if task in ADMET else "moleculeace") / f"{task}.csv"

    def parts(self, task: str) -> tuple[Molecules, Molecules, Measure]:
        """Training and test part of a task, and its measure."""
        if task in ADMET:
            found, names = table(self.file(task)), ("Drug", "Y", "train_val")
        else:
            found, names = table(self.file(task)), ("smiles", "y", "train")
        parts = [[row for row in found if row["split"] == part] for part in (names[2], "test")]
        train, test = (molecules(part, names[0], [names[1]]) for part in parts)
        return train, test, MEASURES[metric_of(task)]

    def learning(
        self, smiles: Sequence[str], values: np.ndarray, task: str, size: int, seed: int
    ) -> Learning:
        """Some rows; nothing is fitted out of fold."""
        kind = GROUP_TASKS[task]["kind"] if task in ADMET else REGRESSION
        folds = Folds.cross(np.zeros(len(smiles), np.int64))
        seed = derived(seed, task, size)
        return Learning(f"{task}-{size}", smiles, Targets.of(values, [kind]), folds, seed, self.place)

    def uses(self) -> dict[str, dict[str, str]]:
        """Of each encoder, the label of each way to use it and of what it is compared with."""
        found = {}
        for name, (kind, source) in self.encoders.items():
            member, network = STARTS[kind], keep(source, ENCODERS)
            alone = ":graph" if kind == "graph" else ""  # no descriptors beside it
            found[name] = {
                "usual": member,
                "scratch": f"{member}~{network}{alone}",
                "tuned": f"{member}@{network}{alone}",
                "svm": f"svm:embedded@{network}",
                "gp": f"gp:embedded@{network}",
            }
            if alone:
                described = {
                    "scratch_described": f"{member}~{network}",
                    "tuned_described": f"{member}@{network}",
                }
                found[name] |= described
        return found

    def _told(self, scores: dict[str, dict[str, float]], measure: Measure) -> str:
        return "; ".join(
            f"{name}, {size} molecules: {measure.label} {found[uses['tuned']]:.3f}, "
            f"from scratch {found[uses['scratch']]:.3f}"
            for name, uses in self.uses().items()
            for size, found in scores.items()
        )

    def rows(self, parts: Mapping[tuple[str, int], Row]) -> list[Row]:
        from yaokit.bench.transfer_page import task_rows

        found = []
        for task in self.tasks:
            mine = [part for (name, _), part in sorted(parts.items()) if name == task]
            if mine:
                found += task_rows(task, MEASURES[metric_of(task)], mine)
        return found

    def summary(self, rows: Sequence[Row]) -> Row:
        from yaokit.bench.transfer_page import summary

        return summary(rows)

    def page(self, results: Row) -> str:
        from yaokit.bench.transfer_page import page

        return page(results)


def answered(learning: Learning, labels: Sequence[str], test: Molecules) -> dict[str, np.ndarray]:
    """(m,) of each label; a row that does not parse gets the mean of what was learned from."""
    smiles, _ = test.parsed()
    found = {}
    for label, mean in learning.asked(labels, "linear", smiles).items():
        found[label] = np.full(len(test), learning.y.values.mean())
        found[label][test.read] = mean[:, 0]
    return found


def metric_of(task: str) -> str:
    return GROUP_TASKS[task]["metric"] if task in ADMET else "rmse"


def _holds_out(source: str) -> bool:
    """Whether an encoder's card names molecules that its corpus was made without."""
    return bool(open_pretrained(source, ENCODERS).card.get("corpus", {}).get("excluded"))


def sizes(n: int) -> list[int]:
    """Numbers of molecules to learn from, of n that there are."""
    return sorted({*(min(n, size) for size in SIZES), *([n] if n in ALL else [])})


def drawn(n: int, size: int, seed: int) -> np.ndarray:
    """(size,) row numbers; those of a smaller size stand in every larger one."""
    return np.sort(rng(seed, "drawn").permutation(n)[:size])

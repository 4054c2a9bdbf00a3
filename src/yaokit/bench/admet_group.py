"""The 22 tasks of the TDC ADMET group: official test parts, everything else chosen out of fold.

Huang et al. 2021, doi:10.48550/arXiv.2102.09548. Of each task, members learn from train_val only:
scaffold folds give their weights and, for skewed values, the scale; then those that count learn from
all of train_val and answer the test part, which is read once for a part of the report. Each seed draws
folds and models anew; where there are many molecules, the folds of the first seed choose for all.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from yaokit.bench.audit import GROUP, held_out, shared
from yaokit.bench.data import rows as listed
from yaokit.bench.fits import Label, Learning, Place
from yaokit.bench.rows import Molecules, molecules, table
from yaokit.bench.scores import MEASURES
from yaokit.bench.stack import Choice, choose, raw, scales_for
from yaokit.chem.folds import Folds
from yaokit.chem.split import scaffold_folds
from yaokit.core.digits import significant
from yaokit.core.seed import derived
from yaokit.models.targets import CLASSIFICATION, REGRESSION, Targets
from yaokit.nn.pretrained import shipped

Row = dict[str, Any]
FOLDS = 5  # 3 for a large task
LARGE = 4_000  # molecules
TASKS = {row["task"]: row for row in listed("admet_group.csv")}
# Members, chosen out of fold on train_val of six tasks: with classes kernels of fingerprints alone helped
# too, with numbers the network; forests and other models of fingerprints hardly ever did.
BOTH = ("boosting:full", "svm:full", "gp:full")
CLASSES, NUMBERS = ("svm", "gp"), ("mlp:full",)
PRETRAINED = ("svm:embedded@graph", "gp:rich@graph")  # if that encoder is shipped


class AdmetGroup:
    """`yaokit bench admet_group`."""

    name: ClassVar[str] = "admet_group"
    labels: ClassVar[Sequence[str]] = (*BOTH, *CLASSES, *NUMBERS, *PRETRAINED)
    seeds: ClassVar[int] = 5
    tasks: ClassVar[Sequence[str]] = tuple(TASKS)

    def __init__(self, data: Path, place: Place, members: Sequence[str] = ()) -> None:
        self.folder, self.place, self.members = data / GROUP, place, tuple(members)

    def measure(self, task: str, seed: int) -> Row:
        """Choose on train_val, then answer the test part."""
        learning, labels, n_dropped = self.learning(task, seed)
        chooser = learning if len(learning.smiles) <= LARGE else self.learning(task, 0)[0]
        chosen = self.choose(chooser, labels, task)
        plain = [label for label in labels if Label.of(label).read is None]
        without = self.choose(chooser, plain, task) if 0 < len(plain) < len(labels) else None
        test = held_out(self.folder, task)
        predicted = self.answer(learning, chosen, test, task)
        measure = MEASURES[TASKS[task]["metric"]]
        found = measure.of(test.values[:, 0], predicted)
        return {
            **chosen.settings(),
            "members": list(labels),
            "n_train": len(learning.smiles),
            "n_train_dropped": n_dropped,
            "predicted": [significant(p) for p in predicted],
            "without_pretrained": without
            and {
                **without.settings(),
                "predicted": [significant(p) for p in self.answer(learning, without, test, task)],
            },
            "unread": np.flatnonzero(~test.read).tolist(),
            "shared": np.flatnonzero(shared(learning.smiles, test.smiles)).tolist(),
            "fit_seconds": fit_seconds(labels, [learning, chooser]),
            "told": f"{measure.label} {found:.3f}, out of fold {chosen.score:.3f}",
        }

    def learning(self, task: str, seed: int) -> tuple[Learning, Sequence[str], int]:
        """train_val in scaffold folds, the members for it, and how many of its rows do not parse."""
        found = [row for row in table(self.folder / f"{task}.csv") if row["split"] == "train_val"]
        train = molecules(found, "Drug", ["Y"])
        smiles, values = train.parsed()
        y = Targets.of(values, [TASKS[task]["kind"]])
        k = FOLDS if len(smiles) <= LARGE else 3
        folds = Folds.cross(scaffold_folds(smiles, k, derived(seed, task, "folds")))
        learning = Learning(task, smiles, y, folds, derived(seed, task), self.place)
        labels = self.members or members_for(TASKS[task]["kind"], len(smiles))
        return learning, labels, len(train) - len(smiles)

    def choose(self, learning: Learning, labels: Sequence[str], task: str) -> Choice:
        """Scale and weights from out-of-fold predictions of train_val."""
        is_number = TASKS[task]["kind"] == REGRESSION
        scales = scales_for(learning.y.values[:, 0]) if is_number else ("linear",)
        return choose(learning, labels, scales, MEASURES[TASKS[task]["metric"]])

    def answer(self, learning: Learning, chosen: Choice, test: Molecules, task: str) -> np.ndarray:
        """(m,) predictions; a row that does not parse gets the middle of what was learned from."""
        smiles, _ = test.parsed()
        said = learning.asked(list(chosen.weights), chosen.scale, smiles)
        together = chosen.combine({label: mean[:, 0] for label, mean in said.items()})
        measure = MEASURES[TASKS[task]["metric"]]
        y = learning.y.values[:, 0]
        on_scale = learning.scaled(chosen.scale).forward(y)
        middle = np.median(on_scale) if TASKS[task]["kind"] == REGRESSION else np.mean(on_scale)
        out = np.full(len(test), middle)
        out[test.read] = together
        return limited(raw(learning, chosen.scale, out, measure), task) if not measure.ranks else out

    def rows(self, parts: Mapping[tuple[str, int], Row]) -> list[Row]:
        from yaokit.bench.admet_page import task_row

        found = []
        for task in self.tasks:
            mine = [part for (name, _), part in sorted(parts.items()) if name == task]
            if mine:
                mine = [{**part, "y": self.measured(task)} for part in mine]
                found.append(task_row(TASKS[task], mine, published(self.folder)[TASKS[task]["published"]]))
        return found

    def measured(self, task: str) -> list[float]:
        """What was measured of the test rows: it stands in the data, parts hold only what is ours."""
        rows = table(self.folder / f"{task}.csv")
        return [float(row["Y"] or "nan") for row in rows if row["split"] == "test"]

    def summary(self, rows: Sequence[Row]) -> Row:
        from yaokit.bench.admet_page import summary

        return summary(rows)

    def page(self, results: Row) -> str:
        from yaokit.bench.admet_page import page

        return page(results)


def members_for(kind: str, n: int) -> tuple[str, ...]:
    """The members of the stack for a kind of task and a number of molecules."""
    own = CLASSES if kind == CLASSIFICATION and n <= LARGE else NUMBERS
    return (*BOTH, *own, *(label for label in PRETRAINED if Label.of(label).read in shipped()))


def fit_seconds(labels: Sequence[str], learned: Sequence[Learning]) -> dict[str, float]:
    """CPU seconds of all fits of each member; what stands twice in `learned` counts once."""
    each = {learning.seed: learning for learning in learned}.values()
    return {label: round(sum(learning.seconds(label) for learning in each), 1) for label in labels}


def limited(predicted: np.ndarray, task: str) -> np.ndarray:
    """Values that cannot be, cut to the limits of the task."""
    low, high = (TASKS[task][name] for name in ("low", "high"))
    return np.clip(predicted, float(low) if low else -np.inf, float(high) if high else np.inf)


def published(group: Path) -> dict[str, dict[str, str | None]]:
    """The published rows that stand beside the data, by task."""
    return {str(row["task"]): row for row in table(group / "published.csv")}

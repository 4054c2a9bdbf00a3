"""What a child process does with a piece of a library: standardize, predict, keep the best."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import pyarrow as pa

from yaokit.chem.parse import as_smiles, parse
from yaokit.chem.standardize import Standard, Standardizer
from yaokit.core.reasons import Failure
from yaokit.core.types import Prediction
from yaokit.models import load
from yaokit.models.trusted import Trusted

SIMILARITY_EDGES = np.round(np.arange(0, 1.01, 0.05), 2)
_NOT_FINITE = Failure("CRASH", "the model's prediction is not a finite number")
DIGITS = 4  # scores are rounded before they are compared, so that every machine ranks alike


class Entry(NamedTuple):
    """One line of a library; `smiles` is its structure text."""

    line: int
    id: str
    smiles: str
    source: str = ""
    failure: Failure | None = None  # why the line could not be split into cells


@dataclass(frozen=True)
class Standardize:
    """Entry → its standardized molecule; a hang or crash costs this entry only."""

    standardizer: Standardizer

    def __call__(self, entry: Entry) -> Standard | Failure:
        return entry.failure or self.standardizer(entry.smiles)


@dataclass
class Tally:
    """Counts that add up over pieces of a library."""

    n_in: int = 0
    n_scored: int = 0
    n_in_domain: int = 0
    codes: Counter = field(default_factory=Counter)
    similarity: np.ndarray = field(default_factory=lambda: np.zeros(len(SIMILARITY_EDGES) - 1, np.int64))

    def add(self, other: "Tally") -> None:
        self.n_in += other.n_in
        self.n_scored += other.n_scored
        self.n_in_domain += other.n_in_domain
        self.codes.update(other.codes)
        self.similarity = self.similarity + other.similarity

    def to_json(self) -> dict[str, Any]:
        counts = {"n_in": self.n_in, "n_scored": self.n_scored, "n_in_domain": self.n_in_domain}
        return counts | {"codes": dict(self.codes), "similarity": self.similarity.tolist()}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Tally":
        similarity = np.array(value["similarity"], np.int64)
        return cls(
            value["n_in"], value["n_scored"], value["n_in_domain"], Counter(value["codes"]), similarity
        )


@dataclass
class Piece:
    """The outcome of one piece: its best hits and where they stood in it, rejected lines, counts."""

    hits: pa.Table
    places: list[int]
    rejects: list[dict[str, Any]]
    tally: Tally


class Score:
    """Entries and what standardizing made of them → Piece; the model is loaded once per process."""

    def __init__(self, model: Path, top: int) -> None:
        self.folder, self.top = model, top
        self._model: Trusted | None = None

    def __call__(self, entries: Sequence[Entry], found: Sequence[Standard | Failure]) -> Piece:
        model = self._model = self._model or cast(Trusted, load(self.folder))
        found, known = predicted(model, found)
        standards = [i for i, f in enumerate(found) if isinstance(f, Standard)]
        good = [(entries[i], cast(Standard, found[i])) for i in standards]
        columns = {k: _rounded(v) for k, v in known.items()}
        score = lead(columns, model.tasks[0], model.tasks[0] in model.minimize)
        best, n_same = best_distinct(
            score, [entry.id for entry, _ in good], lambda i: good[i][1].smiles, self.top
        )
        hits = {
            "id": pa.array([good[i][0].id for i in best], pa.string()),
            "smiles": pa.array([good[i][1].smiles for i in best], pa.string()),
            "input_smiles": pa.array([shown(good[i][0].smiles) for i in best], pa.string()),
            "source": pa.array([good[i][0].source for i in best], pa.string()),
            "line": pa.array([good[i][0].line for i in best], pa.int64()),
            "score": pa.array(score[best]),
            **{k: pa.array(v[best]) for k, v in columns.items()},
        }
        rejects = [
            {
                "source": entry.source,
                "line": entry.line,
                "id": entry.id,
                "smiles": entry.smiles if is_line(entry.smiles) else "",
                "code": failure.code,
                "message": failure.message,
            }
            for entry, failure in zip(entries, found, strict=True)
            if isinstance(failure, Failure)
        ]
        tally = Tally(len(entries), len(good), int(columns["in_domain"].sum()))
        tally.codes.update(row["code"] for row in rejects)
        tally.codes.update({"DUPLICATE": n_same} if n_same else {})
        tally.similarity = np.histogram(known["nearest_similarity"], SIMILARITY_EDGES)[0]
        return Piece(pa.table(hits), [standards[i] for i in best], rejects, tally)

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder, "top": self.top, "_model": None}


def predicted(
    model: Trusted, found: Sequence[Standard | Failure]
) -> tuple[list[Standard | Failure], dict[str, np.ndarray]]:
    """What was found, a Failure where a prediction is not finite, and the columns of those that are left."""
    known = model.predict_mols([f.mol for f in found if isinstance(f, Standard)])
    is_number = np.asarray(np.isfinite(known.mean).all(axis=1))
    left = iter(is_number.tolist())
    told = [f if isinstance(f, Failure) or next(left) else _NOT_FINITE for f in found]
    return told, {name: values[is_number] for name, values in columns_of(known).items()}


def columns_of(known: Prediction) -> dict[str, np.ndarray]:
    """The columns of a prediction; of several tasks also whether a molecule is in the domain of each."""
    if len(known.tasks) == 1:
        return known.columns()
    lasts = [f"{task}_set" if task in known.classes else f"{task}_high" for task in known.tasks]
    out: dict[str, np.ndarray] = {}
    for name, values in known.columns().items():
        out[name] = values
        if name in lasts:
            j = lasts.index(name)
            out[f"{known.tasks[j]}_in_domain"] = known.in_domain[:, j]
    return out


def shown(text: str) -> str:
    """A structure text as one line: itself, or the SMILES of a mol block ("" if it cannot be read)."""
    if is_line(text):
        return text
    mol = parse(text)
    return "" if isinstance(mol, Failure) else as_smiles(text, mol)


def is_line(text: str) -> bool:
    """Whether a structure text is no mol block."""
    return "\n" not in text and "\r" not in text


def lead(columns: dict[str, np.ndarray], task: str, minimize: bool) -> np.ndarray:
    """(n,) what hits are ranked by: the cautious end of the interval, higher is better."""
    return -columns[f"{task}_high"] if minimize else columns[f"{task}_low"]


def best_distinct(
    score: np.ndarray, ids: Sequence[str], smiles_of: Callable[[int], str], top: int
) -> tuple[list[int], int]:
    """Row numbers of the `top` best molecules, each once, and how many repeats that passed over."""
    found: dict[str, int] = {}
    n_seen = 0
    for i in best_first(score, ids):
        if len(found) == top:
            break
        found.setdefault(smiles_of(i), i)
        n_seen += 1
    return list(found.values()), n_seen - len(found)


def best_first(score: np.ndarray, ids: Sequence[str]) -> list[int]:
    """Row numbers by falling score; ties and NaN (last) by id."""
    keys = np.where(np.isnan(score), np.inf, -score)
    return sorted(range(len(ids)), key=lambda i: (keys[i], ids[i]))


def _rounded(values: np.ndarray) -> np.ndarray:
    return np.round(values, DIGITS) if values.dtype.kind == "f" else values

"""The one loop of ask, score and tell, with budget, memory, history and resume for any generator.

While it runs, `out` holds rounds/NNNN.parquet (what a round scored; written last, so that it
stands for the whole round) and state/NNNN/ (the generator after it). A run that was killed goes on
after the last whole round and gives the same files. At the end only designs.csv and
history.parquet remain.
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from yaokit.chem.standardize import Standard, Standardizer
from yaokit.core.errors import UsageError
from yaokit.core.guard import Pool
from yaokit.core.progress import Progress, Silent
from yaokit.core.reasons import Failure
from yaokit.core.store import content_key, publish, read_json, write_json, writing
from yaokit.generate.base import Generator
from yaokit.generate.diversity import ScaffoldMemory
from yaokit.score.objective import Objective, Scores

DECIMALS = 4
_CHUNK = 25  # molecules per batch of scoring: fixed, so that the number of workers changes nothing
_DRY_ROUNDS = 5


def design(
    objective: Objective,
    generator: Generator,
    *,
    out: Path,
    budget: int = 2000,
    known: Sequence[str] = (),
    standardizer: Standardizer | None = None,
    batch: int = 100,
    per_scaffold: int = 10,
    workers: int = 2,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Search until `budget` distinct new molecules are scored; gives what summary.json shows.

    `known` molecules (standardized) are never scored. `per_scaffold` good ones of a scaffold are
    rewarded in full, see ScaffoldMemory. A molecule whose scoring fails has used its call. Writes
    history.parquet (call, round, id, smiles, score, failure, each term's value) and designs.csv
    (rank, id, smiles, score, …; best first). UsageError: `out` holds a design with other settings.
    """
    if budget < 1 or batch < 1:
        raise UsageError(f"design: budget ({budget}) and batch ({batch}) must be at least 1")
    cleaner = standardizer or Standardizer()
    settings = {"objective": repr(objective), "generator": type(generator).__name__, "budget": budget}
    settings |= {"known": sorted(known), "standardizer": cleaner.settings()}
    _claim(out, content_key(settings | {"batch": batch, "per_scaffold": per_scaffold}))
    if not (out / "history.parquet").exists():
        search = _Search(
            objective, generator, out, budget, frozenset(known), batch, ScaffoldMemory(per_scaffold)
        )
        search.resume()
        with (
            Pool(_Clean(cleaner)) as clean,
            Pool(objective.measure, _Finish(objective), workers=workers) as score,
        ):
            for _ in (progress or Silent()).track(search.run(clean, score), "design", total=budget):
                pass
        _conclude(out, objective, search)
    for name in ("rounds", "state"):
        shutil.rmtree(out / name, ignore_errors=True)
    return json.loads(pq.read_schema(out / "history.parquet").metadata[b"summary"])


@dataclass
class _Search:
    """What the loop knows; all of it can be had from `out` again."""

    objective: Objective
    generator: Generator
    out: Path
    budget: int
    known: frozenset[str]
    batch: int
    memory: ScaffoldMemory

    def __post_init__(self) -> None:
        self.rounds: list[pa.Table] = []
        self.dropped: Counter[str] = Counter()
        self.scored: set[str] = set()
        self.n_asked = self.n_dry = 0

    def resume(self) -> None:
        """Go to the state after the last whole round in `out`."""
        for folder in ("rounds", "state"):
            (self.out / folder).mkdir(exist_ok=True)
        for path in sorted((self.out / "rounds").glob("*.parquet")):
            table = pq.read_table(path)
            self.memory.penalized(table["smiles"].to_pylist(), table["score"].to_numpy())
            self._count(table)
        if self.rounds:
            self.generator = type(self.generator).load(self._state(len(self.rounds) - 1))

    def run(self, clean: Pool, score: Pool) -> Iterator[str]:
        """Every molecule scored, also those of the rounds before; a round is on disk when it is given."""
        yield from self.scored
        while len(self.scored) < self.budget and self.n_dry < _DRY_ROUNDS:
            asked = self.generator.ask(min(self.batch, self.budget - len(self.scored)))
            new, dropped = self._sift(_flat(clean.map(_chunks(asked))))
            table = self._table(new, list(score.map(_chunks(new))), {"asked": len(asked), "dropped": dropped})
            self.generator.tell(new, self.memory.penalized(new, table["score"].to_numpy()))
            self._keep(table)
            self._count(table)
            yield from new

    def _sift(self, cleaned: Iterable[str | Failure]) -> tuple[list[str], dict[str, int]]:
        """Molecules to score, and how many are not, by reason."""
        new: dict[str, None] = {}
        dropped: Counter[str] = Counter()
        for item in cleaned:
            if isinstance(item, Failure):
                dropped[item.code] += 1
            elif item in self.known:
                dropped["MEASURED"] += 1
            elif item in self.scored or item in new:
                dropped["DUPLICATE"] += 1
            else:
                new[item] = None
        return list(new), dict(dropped)

    def _table(self, smiles: list[str], found: list["_Scored"], counts: dict[str, Any]) -> pa.Table:
        calls = len(self.scored) + 1 + np.arange(len(smiles))
        scores = [part.scores for part in found]
        columns = {
            "call": pa.array(calls, pa.int64()),
            "round": pa.array([len(self.rounds)] * len(smiles), pa.int64()),
            "id": pa.array([f"design-{call}" for call in calls], pa.string()),
            "smiles": pa.array(smiles, pa.string()),
            "score": _rounded([part.total for part in scores]),
            "failure": pa.array([code for part in found for code in part.failures], pa.string()),
        }
        terms = {t.name: _rounded([part.raw[t.name] for part in scores]) for t in self.objective.terms}
        columns |= {_column(name, columns): values for name, values in terms.items()}
        return pa.table(columns).replace_schema_metadata({"counts": json.dumps(counts)})

    def _keep(self, table: pa.Table) -> None:
        """The generator's state first: the round's file says that the round is whole."""
        number = len(self.rounds)
        part = self._state(number).with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        self.generator.save(part)
        publish(part, self._state(number))
        with writing(self.out / "rounds" / f"{number:04}.parquet") as path:
            pq.write_table(table, path)
        if number:
            shutil.rmtree(self._state(number - 1), ignore_errors=True)

    def _count(self, table: pa.Table) -> None:
        counts = json.loads(table.schema.metadata[b"counts"])
        self.rounds.append(table)
        self.scored |= set(table["smiles"].to_pylist())
        self.n_asked += counts["asked"]
        self.dropped.update(counts["dropped"])
        self.dropped.update(code for code in table["failure"].to_pylist() if code)
        self.n_dry = 0 if len(table) else self.n_dry + 1

    def _state(self, number: int) -> Path:
        return self.out / "state" / f"{number:04}"


@dataclass(frozen=True)
class _Clean:
    """Standardized SMILES, without the molecule that need not cross the process border."""

    standardizer: Standardizer

    def __call__(self, smiles: str) -> str | Failure:
        found = self.standardizer(smiles)
        return found.smiles if isinstance(found, Standard) else found


@dataclass(frozen=True)
class _Scored:
    """The scores of a chunk, and the reason code of each molecule that has none."""

    scores: Scores
    failures: list[str | None]


@dataclass(frozen=True)
class _Finish:
    objective: Objective

    def __call__(self, smiles: list[str], measured: list[Any]) -> _Scored:
        scores = self.objective.combine(smiles, measured)
        failed = [m.code if isinstance(m, Failure) else "CRASH" for m in measured]
        return _Scored(
            scores, [code if np.isnan(t) else None for code, t in zip(failed, scores.total, strict=True)]
        )


def _conclude(out: Path, objective: Objective, search: _Search) -> None:
    """designs.csv, then history.parquet, which says that all is done."""
    history = pa.concat_tables([table.replace_schema_metadata(None) for table in search.rounds])
    score = history["score"].to_numpy()
    order = np.lexsort((history["smiles"].to_numpy(zero_copy_only=False), -score))[
        : int((score == score).sum())
    ]
    designs = history.take(pa.array(order)).add_column(0, "rank", pa.array(np.arange(1, len(order) + 1)))
    first = ["rank", "id", "smiles", "score"]
    designs = designs.select(first + [n for n in designs.column_names if n not in (*first, "failure")])
    with writing(out / "designs.csv") as path:
        pacsv.write_csv(designs, path)
    summary = _summary(search, designs)
    with writing(out / "history.parquet") as path:
        pq.write_table(history.replace_schema_metadata({"summary": json.dumps(summary)}), path)


def _summary(search: _Search, designs: pa.Table) -> dict[str, Any]:
    notes = []
    if len(search.scored) < search.budget:
        notes.append(
            f"the generator found nothing new in {_DRY_ROUNDS} rounds and was stopped after "
            f"{len(search.scored)} of {search.budget} molecules"
        )
    top = designs["score"].to_numpy()[:10]
    return {
        "n_in": search.n_asked,
        "n_out": len(designs),
        "dropped": dict(sorted(search.dropped.items())),
        "notes": notes,
        "n_scored": len(search.scored),
        "rounds": len(search.rounds),
        "best": float(top[0]) if len(top) else None,
        "mean_top_10": round(float(top.mean()), DECIMALS) if len(top) else None,
    }


def _claim(out: Path, key: str) -> None:
    """Mark `out` as the place of this design, or refuse one that belongs to another."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / "design.json"
    if path.exists() and read_json(path)["key"] != key:
        raise UsageError(f"{out} holds a design with other settings: choose another folder or delete it")
    write_json(path, {"key": key})


def _chunks(items: Sequence[str]) -> list[Sequence[str]]:
    return [items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK)]


def _flat(chunks: Iterable[list[Any]]) -> Iterator[Any]:
    for chunk in chunks:
        yield from chunk


def _rounded(parts: Sequence[np.ndarray]) -> pa.Array:
    """One column; NaN stays NaN, -0.0 becomes 0.0."""
    values = np.concatenate(parts) if parts else np.zeros(0)
    return pa.array(np.round(values, DECIMALS) + 0.0, pa.float64())


def _column(name: str, taken: Iterable[str]) -> str:
    """A term's column, renamed if it has the name of one of ours."""
    return f"{name}_value" if name in taken else name

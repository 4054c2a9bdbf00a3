"""What curation did, in numbers and sentences."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yaokit.data.catalog.builtin import builtin, is_builtin
from yaokit.data.curation.chunks import DECIMAL_COMMA, UNREADABLE, WITH_ERROR
from yaokit.data.curation.context import Context
from yaokit.data.curation.drops import Drops
from yaokit.data.curation.groups import Groups
from yaokit.data.curation.ids import UniqueIds
from yaokit.data.curation.issues import MAX_MOLECULES, Issue, cliffs, stereoisomers
from yaokit.data.curation.measurements import ValueColumn
from yaokit.data.curation.shards import Shards
from yaokit.data.curation.sources import Source

_TOP = 10  # issues of each kind that the summary shows


class Tally:
    """Gathers, part by part, what the summary tells."""

    def __init__(self, shards: Shards, sources: Sequence[Source], values: Sequence[ValueColumn]) -> None:
        self._values = values
        self._codes: Counter[str] = Counter()
        self._repairs: Counter[str] = Counter()
        self._rows = np.zeros(len(sources), np.int64)
        self._flags: list[Counter[int]] = [Counter() for _ in values]
        self._found: list[list[np.ndarray]] = [[] for _ in values]
        self._exact: list[list[np.ndarray]] = [[] for _ in values]
        self._context = Context(sources, shards.carried, values)
        self._drops = Drops(values[0].classes is not None) if values else None
        self._small: list[pa.Table] | None = [] if values else None
        self.n_kept = self.n_rejected = 0

    def add(self, rows: pa.Table, kept: pa.Table, rejected: pa.Table) -> None:
        """All rows of a shard, its molecules, and the rows that leave."""
        self.n_kept += len(kept)
        self.n_rejected += len(rejected)
        self._codes.update(_counts(rejected["code"]))
        self._rows += np.bincount(rows["source"].to_numpy(), minlength=len(self._rows))
        usable = rows.filter(pc.invert(pc.is_in(rows["row"], rejected["row"].combine_chunks())))
        for notes, n in _counts(usable["notes"]).items():
            self._repairs.update(dict.fromkeys(filter(None, notes.split("; ")), n))
        for j, value in enumerate(self._values):
            self._flags[j].update(_counts(usable[f"f{j}"]))
            known = kept[value.task].is_valid()
            self._found[j].append(kept[value.task].filter(known).cast(pa.float64()).to_numpy())
            self._exact[j].append(pc.equal(kept[f"{value.task}_relation"].filter(known), "=").to_numpy())
        if self._drops:
            is_usable = pc.is_in(rows["row"], usable["row"].combine_chunks())
            codes = pc.if_else(is_usable, pa.scalar(None, pa.string()), pc.coalesce(rows["code"], "CONFLICT"))
            self._drops.add(rows["v0"], codes)
        self._context.add(usable)
        self._keep_small(kept)

    def _keep_small(self, kept: pa.Table) -> None:
        """Ids, structures and values of all molecules, as long as they are few enough to compare."""
        if self._small is not None and self.n_kept <= MAX_MOLECULES:
            self._small.append(kept.select(["row", "id", "smiles", *(v.task for v in self._values)]))
        else:
            self._small = None

    def issues(self, groups: Groups, names: dict[int, tuple[str, str]], ids: UniqueIds) -> list[Issue]:
        """What to look at; `names` gives id and SMILES of the conflicts' rows."""
        found = []
        for row, width, task, values in groups.conflicts:
            shown = ", ".join(values)
            id, smiles = names[row]
            found.append(Issue("CONFLICT", id, None, f"{task} {shown}: spread {width:.2f}", width, smiles))
        if self._small:
            table = pa.concat_tables(self._small)
            for value in self._values:
                if value.on_p_scale:
                    numbers = table[value.task].to_numpy()
                    found += cliffs(table["id"].to_pylist(), table["smiles"].to_pylist(), numbers, value.task)
            first = self._values[0].task
            numbers = table[first].cast(pa.float64()).to_numpy()
            found += stereoisomers(table["id"].to_pylist(), table["smiles"].to_pylist(), numbers, first)
        told = "was the id of a molecule before; it is now called"
        return found + [Issue("SAME_ID", old, new, f"{old!r} {told} {new!r}", 0) for old, new in ids.renamed]

    def summary(
        self, sources: Sequence[Source], groups: Groups, issues: Sequence[Issue], ids: UniqueIds
    ) -> dict[str, Any]:
        """Counts of rows and codes, tasks, noise, issues, repairs, files and notes."""
        n_in = len(groups.first)
        n_merged = n_in - self.n_kept - self.n_rejected
        codes = dict(sorted(self._codes.items(), key=lambda item: (-item[1], item[0])))
        tasks = [self._task(j, value, groups) for j, value in enumerate(self._values)]
        drops = self._drops.told(self._values[0].task) if self._drops else None
        counts = Counter(issue.kind for issue in issues)
        return {
            "n_in": n_in,
            "n_kept": self.n_kept,
            "n_merged": n_merged,
            "n_rejected": self.n_rejected,
            "codes": codes,
            "n_out": self.n_kept,
            "dropped": {**({"MERGED": n_merged} if n_merged else {}), **codes},
            "tasks": tasks,
            "noise": tasks[0]["noise"] if tasks else None,
            "conflicts": groups.n_conflicts,
            "issues": {"counts": dict(counts), "top": _top(issues)},
            "drops": drops,
            "context": self._context.told(),
            "repaired": dict(self._repairs.most_common()),
            "files": self._files(sources),
            "roles": {source.name: source.roles_told() for source in sources},
            "notes": list(self._notes(sources, groups, ids, drops)),
        }

    def _files(self, sources: Sequence[Source]) -> list[dict[str, Any]]:
        pairs = zip(sources, self._rows.tolist(), strict=True)
        return [{**info, "rows": n} for source, n in pairs for info in source.hashes()]

    def _task(self, j: int, value: ValueColumn, groups: Groups) -> dict[str, Any]:
        numbers = np.concatenate([np.zeros(0), *self._found[j]])
        exact = np.concatenate([np.zeros(0, bool), *self._exact[j]])
        is_class = value.classes is not None
        variance = float(numbers[exact].var()) if exact.sum() > 1 else None
        about: dict[str, Any] = {
            "name": value.task,
            "column": value.column,
            "unit": "class" if is_class else "p" if value.on_p_scale else value.unit,
            "input_unit": value.unit if value.unit_column is None else f"column {value.unit_column}",
            "unit_where_empty": value.unit,
            "n": len(numbers),
            "n_censored": int((~exact).sum()),
            "min": float(numbers.min()) if len(numbers) else None,
            "max": float(numbers.max()) if len(numbers) else None,
            "median": float(np.median(numbers)) if len(numbers) else None,
            "noise": None if is_class else groups.noise[j].told(int(exact.sum()), variance),
        }
        if value.classes is not None:
            about["classes"] = {str(k): int((numbers == k).sum()) for k in (0, 1)}
            about |= {"threshold": value.classes.threshold, "gray": value.classes.gray}
        return about

    def _notes(
        self, sources: Sequence[Source], groups: Groups, ids: UniqueIds, drops: dict[str, Any] | None
    ) -> Iterator[str]:
        for source in sources:
            yield from source.notes()
        for value, flags in zip(self._values, self._flags, strict=True):
            if _n(flags, DECIMAL_COMMA):
                yield f"{value.column}: commas are read as decimal points"
        for value in self._values:
            if told := value.unit_of_name:
                yield f"{value.column}: its name says {told}, but it is read as --unit {value.unit}"
        if n := self._codes["VALUE_RANGE"]:
            units = " or ".join(dict.fromkeys(value.unit for value in self._values))
            yield f"{n:,} rows have a value that --unit {units} does not allow; is the unit another?"
        for value, flags in zip(self._values, self._flags, strict=True):
            if n := _n(flags, UNREADABLE):
                left = "cells could not be read; their rows are kept for their other values"
                yield f"{value.column}: {n} {left}"
            if n := _n(flags, WITH_ERROR):
                yield f"{value.column}: {n} cells give an error after ±; it is not used"
        if n := groups.n_conflicts:
            have = "molecule has" if n == 1 else "molecules have"
            yield f"{n:,} {have} replicates that contradict each other; they are listed as CONFLICT"
        yield from self._context.warnings()
        if drops and drops["warning"]:
            yield drops["warning"]
        if ids.n_renamed:
            yield f"{ids.n_renamed} molecules share their id with a different one; a number was added to it"
        if self._values and self._small is None:
            yield f"cliffs and stereoisomers are not listed for more than {MAX_MOLECULES:,} molecules"


def _n(flags: Counter[int], flag: int) -> int:
    return sum(n for bits, n in flags.items() if bits & flag)


def _counts(column: pa.ChunkedArray) -> dict[Any, int]:
    """How often each value occurs, null left out."""
    found = pc.value_counts(column.drop_null())
    return {entry["values"]: entry["counts"] for entry in found.to_pylist()}


def _top(issues: Sequence[Issue]) -> dict[str, list[dict[str, Any]]]:
    shown: dict[str, list[dict[str, Any]]] = {}
    for issue in issues:
        of_kind = shown.setdefault(issue.kind, [])
        if len(of_kind) < _TOP:
            of_kind.append(issue.told())
    return shown


def origin(files: Sequence[str | Path]) -> dict[str, str | None]:
    """Where the data are from and under which licence; None where nothing is known of it."""
    known = [builtin(path) for path in files if is_builtin(path)]
    own = [Path(path).name for path in files if not is_builtin(path)]
    return {
        "source": "; ".join([*(entry.source for entry in known), *own]),
        "licence": "; ".join(entry.licence for entry in known) or None,
    }

"""Whether measurements that should not be mixed are: kinds, assays, organisms, cell units."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from yaokit.data.curation.measurements import ValueColumn
from yaokit.data.curation.sources import Source

_ROLES = ("measurement_type", "organism", "assay")
_MAX = 10_000  # different entries that are told apart
_SHOWN = 5


class Context:
    """Counts what the columns of measurement type, organism and assay hold in the usable rows."""

    def __init__(
        self, sources: Sequence[Source], carried: Sequence[str], values: Sequence[ValueColumn]
    ) -> None:
        self._columns: dict[str, tuple[str, int]] = {}
        for role in _ROLES if values else ():
            names = (getattr(source.roles, role, None) for source in sources)
            found = next((name for name in names if name in carried), None)
            if found is not None:
                self._columns[role] = found, carried.index(found)
        self._counts: dict[str, Counter[str]] = {role: Counter() for role in self._columns}
        self._n = 0

    def add(self, rows: pa.Table) -> None:
        """Usable rows of a shard."""
        self._n += len(rows)
        for role, (_, i) in self._columns.items():
            counts = self._counts[role]
            for entry in pc.value_counts(rows[f"c{i}"].drop_null()).to_pylist():
                if entry["values"] in counts or len(counts) < _MAX:
                    counts[entry["values"]] += entry["counts"]

    def told(self) -> dict[str, dict[str, Any]]:
        """By role: its column, how many different entries, and the most frequent ones with counts."""
        return {
            role: {
                "column": self._columns[role][0],
                "n_different": len(counts),
                "top": dict(counts.most_common(_SHOWN)),
            }
            for role, counts in self._counts.items()
            if counts
        }

    def warnings(self) -> Iterator[str]:
        """A sentence for each role with more than one entry."""
        for role, about in self.told().items():
            if about["n_different"] > 1:
                yield _SENTENCES[role](about, self._n)


def _kinds(about: dict[str, Any], n: int) -> str:
    names, counts = list(about["top"]), list(about["top"].values())
    more = f" and {about['n_different'] - len(names)} more" if about["n_different"] > len(names) else ""
    shown = ", ".join(f"{name} ({count:,} rows)" for name, count in zip(names, counts, strict=True))
    return f"unlike measurements are mixed in {about['column']!r}: {shown}{more}; keep one kind if you can"


def _many(noun: str, about: dict[str, Any], n: int) -> str:
    name, count = next(iter(about["top"].items()))
    found = f"{about['n_different']:,} {noun} in {about['column']!r}, the largest {name[:40]!r}"
    return f"{found} with {count / max(n, 1):.0%} of the rows"


_SENTENCES = {
    "measurement_type": _kinds,
    "organism": lambda about, n: _many("organisms", about, n),
    "assay": lambda about, n: _many("assays", about, n),
}

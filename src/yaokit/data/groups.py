"""Rows of one molecule brought together under its standardized SMILES."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from yaokit.core.reasons import Failure
from yaokit.data.activity import Measured
from yaokit.data.measurements import Row
from yaokit.data.replicates import spread


class Clean(NamedTuple):
    """A standardized SMILES and what was done to get it."""

    smiles: str
    notes: str


class Group(NamedTuple):
    """The rows of one standardized molecule, in input order; the first is the one that is kept."""

    id: str
    clean: Clean
    rows: list[Row]

    def measured(self, j: int) -> list[Measured]:
        """All values for the j-th value column."""
        return [value for row in self.rows if (value := row.values[j]) is not None]

    def spread(self, tasks: Iterable[int]) -> float | None:
        """The largest difference between exact replicates of any of these value columns."""
        spreads = [width for j in tasks if (width := spread(self.measured(j))) is not None]
        return max(spreads, default=None)


def grouped(
    rows: Sequence[Row], clean: Mapping[str, Clean | Failure]
) -> tuple[list[Group], list[tuple[Row, Failure]]]:
    """Groups in the order of their first rows, and the rows that cannot be used."""
    groups: dict[str, Group] = {}
    failed = []
    for row in rows:
        found = row.failure or clean[str(row.smiles)]
        if isinstance(found, Failure):
            failed.append((row, found))
        else:
            groups.setdefault(found.smiles, Group(row.id, found, [])).rows.append(row)
    return list(groups.values()), failed


def with_unique_ids(groups: Sequence[Group]) -> tuple[list[Group], list[str]]:
    """The groups with a number added to ids that stand for several molecules, and a note if any."""
    taken, out = {group.id for group in groups}, []
    seen: set[str] = set()
    for group in groups:
        name, k = group.id, 2
        if name in seen:
            while name in taken:
                name, k = f"{group.id}_{k}", k + 1
            taken.add(name)
        seen.add(group.id)
        out.append(group._replace(id=name))
    repeated = sum(new.id != old.id for new, old in zip(out, groups, strict=True))
    note = f"{repeated} molecules share their id with a different one; a number was added to it"
    return out, [note] if repeated else []

"""Structural alerts and drug-likeness rules."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from rdkit import Chem
from rdkit.Chem import FilterCatalog

from yaokit.chem.data import rows
from yaokit.chem.prescreen import Prescreen

DEFAULT_CATALOGS = ("PAINS", "BRENK", "NIH")


def catalog_names() -> list[str]:
    """Names of the alert catalogs RDKit carries."""
    return sorted(set(FilterCatalog.FilterCatalogParams.FilterCatalogs.names) - {"ALL"})


def alerts(mol: Chem.Mol, catalogs: Sequence[str] = DEFAULT_CATALOGS) -> list[str]:
    """The alerts a molecule matches as "CATALOG:name", sorted; below a millisecond.

    The same as asking RDKit's catalogs entry by entry, but entries that need what the molecule
    lacks are left out (`prescreen`). KeyError lists the catalogs if one is unknown. PAINS:
    doi:10.1021/jm901137j; BRENK: doi:10.1002/cmdc.200700139; NIH: doi:10.1021/jm901070c,
    doi:10.1039/C4OB02287D.
    """
    return _alarm(tuple(catalogs))(mol)


def rules(properties: Mapping[str, float]) -> dict[str, int | bool]:
    """lipinski_violations (0–4), veber_ok, ghose_ok, egan_ok, lead_like.

    `properties` is what `descriptors.properties` gives; NaN meets no limit. Limits and their
    sources are in data/rules.csv.
    """
    violations: dict[str, int] = {}
    for column, name, low, high in _limits():
        violations[column] = violations.get(column, 0) + (not low <= properties[name] <= high)
    return {column: n if column.endswith("_violations") else n == 0 for column, n in violations.items()}


class _Alarm:
    """The entries of some catalogs; those that ask the same are asked once."""

    def __init__(self, catalogs: Sequence[str]) -> None:
        self._entries: dict[Any, tuple[FilterCatalog.FilterCatalogEntry, list[str]]] = {}
        queries = []
        for name in catalogs:
            for i, entry in enumerate(_entries(name)):
                query = _query_of(entry)
                names = self._entries.setdefault(query or (name, i), (entry, []))[1]
                if not names:
                    queries.append((query[0], query[1]) if query else (None, 1))
                names.append(f"{name}:{entry.GetDescription()}")
        self._distinct = list(self._entries.values())
        self._prescreen = Prescreen(queries)

    def __call__(self, mol: Chem.Mol) -> list[str]:
        found: set[str] = set()
        for i in self._prescreen.candidates(mol):
            entry, names = self._distinct[i]
            if entry.HasFilterMatch(mol):
                found.update(names)
        return sorted(found)


_alarm = cache(_Alarm)


def _entries(name: str) -> list[FilterCatalog.FilterCatalogEntry]:
    if name not in catalog_names():
        raise KeyError(f"no alert catalog is called {name!r}; choose from: {', '.join(catalog_names())}")
    known = FilterCatalog.FilterCatalogParams.FilterCatalogs.names
    catalog = FilterCatalog.FilterCatalog(FilterCatalog.FilterCatalogParams(known[name]))
    return [catalog.GetEntry(i) for i in range(catalog.GetNumEntries())]


def _query_of(entry: FilterCatalog.FilterCatalogEntry) -> tuple[bytes, int, int] | None:
    """The one query of an entry in binary form, how many matches it needs at least and at most.

    None for an entry that is put together of several or cannot be read: it is then always asked.
    RDKit gives these only in an entry's own archive: "… LENGTH BYTES LEAST MOST 0 0 …".
    """
    archive = entry.Serialize()
    start = re.search(rb" (\d+) (?=\xef\xbe\xad\xde)", archive)
    if start is None:
        return None
    end = start.end() + int(start[1])
    counts = re.match(rb" (\d+) (\d+) 0 0 ", archive[end:])
    if counts is None or int(counts[1]) < 1 or b"\xef\xbe\xad\xde" in archive[end:]:
        return None
    return archive[start.end() : end], int(counts[1]), int(counts[2])


@cache
def _limits() -> list[tuple[str, str, float, float]]:
    return [
        (row["column"], row["property"], float(row["low"] or "-inf"), float(row["high"] or "inf"))
        for row in rows("rules.csv")
    ]

"""Structural alerts and drug-likeness rules."""

from collections.abc import Mapping, Sequence
from functools import cache

from rdkit import Chem
from rdkit.Chem import FilterCatalog

from yaokit.chem.data import rows

DEFAULT_CATALOGS = ("PAINS", "BRENK", "NIH")


def catalog_names() -> list[str]:
    """Names of the alert catalogs RDKit carries."""
    return sorted(set(FilterCatalog.FilterCatalogParams.FilterCatalogs.names) - {"ALL"})


def alerts(mol: Chem.Mol, catalogs: Sequence[str] = DEFAULT_CATALOGS) -> list[str]:
    """The alerts a molecule matches as "CATALOG:name", sorted; several ms with large catalogs.

    KeyError lists the catalogs if one is unknown. PAINS: doi:10.1021/jm901137j; BRENK:
    doi:10.1002/cmdc.200700139; NIH: doi:10.1021/jm901070c, doi:10.1039/C4OB02287D.
    """
    return sorted(
        {f"{name}:{hit.GetDescription()}" for name in catalogs for hit in _catalog(name).GetMatches(mol)}
    )


def rules(properties: Mapping[str, float]) -> dict[str, int | bool]:
    """lipinski_violations (0–4), veber_ok, ghose_ok, egan_ok, lead_like.

    `properties` is what `descriptors.properties` gives; NaN meets no limit. Limits and their
    sources are in data/rules.csv.
    """
    violations: dict[str, int] = {}
    for column, name, low, high in _limits():
        violations[column] = violations.get(column, 0) + (not low <= properties[name] <= high)
    return {column: n if column.endswith("_violations") else n == 0 for column, n in violations.items()}


@cache
def _catalog(name: str) -> FilterCatalog.FilterCatalog:
    if name not in catalog_names():
        raise KeyError(f"no alert catalog is called {name!r}; choose from: {', '.join(catalog_names())}")
    known = FilterCatalog.FilterCatalogParams.FilterCatalogs.names
    return FilterCatalog.FilterCatalog(FilterCatalog.FilterCatalogParams(known[name]))


@cache
def _limits() -> list[tuple[str, str, float, float]]:
    return [
        (row["column"], row["property"], float(row["low"] or "-inf"), float(row["high"] or "inf"))
        for row in rows("rules.csv")
    ]

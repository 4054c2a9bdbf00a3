"""Measured values: numbers with units and relations, concentrations on the p-scale."""

import math
import re
from collections.abc import Iterable
from typing import NamedTuple

from yaokit.core.errors import UsageError
from yaokit.core.reasons import Failure

MOLAR = {"pm": 1e-12, "nm": 1e-9, "um": 1e-6, "mm": 1e-3, "m": 1.0}
UNITS = ("p", "pM", "nM", "uM", "mM", "M", "%", "none")

_MISSING = {"", "na", "n/a", "#n/a", "nan", "none", "null", "nd", "n.d.", "nt", "n.t.", "-", "--", "?"}
_FLIPPED = {"=": "=", "<": ">", ">": "<"}
_RELATIONS = {
    **dict.fromkeys(("", "=", "==", "~", "≈", "~=", "equal", "nan"), "="),
    **dict.fromkeys((">", ">=", ">>", "≥", "=>"), ">"),
    **dict.fromkeys(("<", "<=", "<<", "≤", "=<"), "<"),
}
_SPELLINGS = {
    "": "none",
    "none": "none",
    "p": "p",
    "-logm": "p",
    "-log10m": "p",
    "%": "%",
    **dict.fromkeys(("percent", "pct"), "%"),
    **{f"{unit}ol/l": unit for unit in MOLAR},
    **{f"{unit}olar": unit for unit in MOLAR},
    **dict.fromkeys(("mol/l", "molar"), "m"),
    **dict.fromkeys(("mmol/l", "millimolar"), "mm"),
    **dict.fromkeys(("umol/l", "micromolar"), "um"),
    **dict.fromkeys(("nmol/l", "nanomolar"), "nm"),
    **dict.fromkeys(("pmol/l", "picomolar"), "pm"),
    **{unit: unit for unit in MOLAR},
}
_CELL = re.compile(
    r"(?P<relation>[<>=~≤≥≈]*)\s*(?P<number>[+-]?[\d.,]+(?:e[+-]?\d+)?)\s*(?P<unit>\D.*)?", re.I
)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?(e[+-]?\d+)?", re.I)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(e[+-]?\d+)?", re.I)


class Measured(NamedTuple):
    """One value and whether it is exact ("=") or a bound (">", "<")."""

    value: float
    relation: str


def known_unit(unit: str | None) -> str:
    """The unit in our spelling ("nM", "p", "%", "none"); UsageError lists the choices."""
    found = _unit(unit)
    if found is None:
        raise UsageError(f"unknown unit {unit!r}; choose one of: {', '.join(UNITS)}")
    return {"m": "M"}.get(found, found[0] + "M" if found in MOLAR else found)


def is_concentration(unit: str | None) -> bool:
    """Whether values in this unit go onto the p-scale."""
    return _unit(unit) in MOLAR


def parse_value(
    text: str | None,
    unit: str = "p",
    relation: str | None = None,
    *,
    decimal_comma: bool = False,
) -> Measured | Failure | None:
    """A cell's value, None if the cell holds none, or why it cannot be used.

    Concentrations (pM … M) become p = -log10(mol/L), which flips the relation; "p", "%" and
    "none" stay as they are. A relation or a unit in the cell goes before the arguments.
    """
    cell = (text or "").replace("−", "-").strip()
    if cell.lower() in _MISSING:
        return None
    match = _CELL.fullmatch(cell)
    number = _number(match["number"], decimal_comma) if match else None
    if match is None or number is None:
        return Failure("VALUE_TEXT", f"{cell[:40]!r} is not a number")
    sign = _relation(match["relation"] or relation)
    if sign is None:
        return Failure("VALUE_TEXT", f"{relation!r} is not a relation; use =, < or >")
    actual = _actual_unit(match["unit"], unit)
    if isinstance(actual, Failure):
        return actual
    return _scaled(number, sign, actual)


def has_decimal_commas(cells: Iterable[str | None]) -> bool:
    """Whether a column's commas are decimal points: some cell ("0,5") fits no other reading."""
    for cell in cells:
        match = _CELL.fullmatch((cell or "").strip())
        if match and _DECIMAL_COMMA.fullmatch(match["number"]) and not _THOUSANDS.fullmatch(match["number"]):
            return True
    return False


def _scaled(number: float, sign: str, unit: str) -> Measured | Failure:
    if not math.isfinite(number):
        return Failure("VALUE_RANGE", "the number is too large")
    if unit not in MOLAR:
        return Measured(number, sign)
    if number <= 0:
        return Failure("VALUE_RANGE", f"a concentration must be above 0, not {number:g} {known_unit(unit)}")
    return Measured(-math.log10(number) - math.log10(MOLAR[unit]), _FLIPPED[sign])


def _actual_unit(written: str | None, declared: str) -> str | Failure:
    """The unit of a cell: what is written in it, checked against what was declared."""
    expected, found = _unit(declared), _unit(written) if written else None
    if expected is None:
        return Failure("UNIT", f"unknown unit {declared!r}; known are {', '.join(UNITS)}")
    if not written:
        return expected
    if found is None:
        return Failure("VALUE_TEXT", f"{written[:40]!r} after the number is no known unit")
    if found == expected or (found in MOLAR and expected in MOLAR):
        return found
    return Failure("UNIT", f"the cell is in {written!r} where {known_unit(declared)!r} was expected")


def _unit(text: str | None) -> str | None:
    plain = re.sub(r"[\s\[\]()']", "", text or "").replace("µ", "u").replace("μ", "u")
    if plain == "m":  # milli of nothing; only a capital M is molar
        return None
    return _SPELLINGS.get(plain.lower())


def _relation(text: str | None) -> str | None:
    return _RELATIONS.get((text or "").strip(" '\"").lower())


def _number(text: str, decimal_comma: bool) -> float | None:
    if decimal_comma and _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    elif _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    try:
        return float(text)
    except ValueError:
        return None

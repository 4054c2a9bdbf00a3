"""Measured values: numbers with units and relations, concentrations on the p-scale."""

import math
import re
from collections.abc import Iterable
from typing import NamedTuple

from yaokit.core.reasons import Failure
from yaokit.data.curation import units
from yaokit.data.curation.units import FLIPPED, MOLAR, is_concentration, known_unit, unit_key

__all__ = [
    "Measured",
    "has_decimal_commas",
    "has_error",
    "is_concentration",
    "known_unit",
    "parse_value",
]

P_RANGE = (-3.0, 15.0)  # a -log10 molar outside of it is a wrong unit, not a potency

_MISSING = {
    *("", "na", "n/a", "#n/a", "nan", "none", "null", "nd", "n.d.", "n.d", "nt", "n.t.", "-", "--", "?"),
    *("n.a.", "not determined", "not tested", "missing", "—", "–"),
}
_NUMBER = r"[+-]?[\d.,]*\d[\d.,]*(?:e[+-]?\d+)?"
_CELL = re.compile(
    rf"(?P<relation>ca\.?|approx\.|[<>=~≤≥≈]*)\s*(?P<number>{_NUMBER})"
    rf"(?:\s*(?:±|\+/-|\+-)\s*(?P<error>[\d.,]*\d[\d.,]*(?:e[+-]?\d+)?))?\s*(?P<unit>[^\d\s].*)?",
    re.I | re.A,
)
_ERROR = re.compile(r"±|\+/-|\+-")
_RANGE_END = re.compile(r"(?:-|–|—|/|\.\.|to\b)\s*\w", re.I)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?(e[+-]?\d+)?", re.I | re.A)
_POINTS = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d*)?(e[+-]?\d+)?", re.I | re.A)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(e[+-]?\d+)?", re.I | re.A)


class Measured(NamedTuple):
    """One value and whether it is exact ("=") or a bound (">", "<")."""

    value: float
    relation: str


def parse_value(
    text: str | None,
    unit: str = "p",
    relation: str | None = None,
    *,
    decimal_comma: bool = False,
) -> Measured | Failure | None:
    """A cell's value, None if the cell holds none, or why it cannot be used.

    Concentrations (pM … M) become p = -log10(mol/L), which flips the relation; "p", "%" and
    "none" stay as they are. A relation or a unit in the cell goes before the arguments. The error
    after "±" is not used. A p-value outside -3 … 15 is a Failure.
    """
    cell = text.strip() if text else ""
    number = None if decimal_comma and "." in cell else _plain(cell)
    if number is not None:
        sign, actual = units.relation(relation), unit_key(unit)
        if sign is not None and actual is not None:
            return _scaled(number, sign, actual, cell)
    return _parsed(cell.replace("−", "-"), unit, relation, decimal_comma)


def has_decimal_commas(cells: Iterable[str | None]) -> bool:
    """Whether a column's commas are decimal points: some cell ("0,5") fits no other reading."""
    for cell in cells:
        match = _CELL.fullmatch(cell.strip()) if cell and "," in cell else None
        if match and _is_decimal_comma(match["number"]):
            return True
    return False


def has_error(cell: str | None) -> bool:
    """Whether an error follows the value ("5.2 ± 0.3")."""
    return bool(cell) and _ERROR.search(cell) is not None


def _is_decimal_comma(number: str) -> bool:
    if "." in number:
        return bool(_POINTS.fullmatch(number)) and "," in number
    return bool(_DECIMAL_COMMA.fullmatch(number)) and not _THOUSANDS.fullmatch(number)


def _plain(cell: str) -> float | None:
    """The number of a cell that is nothing but a usual one; the quick way through most cells."""
    if "_" in cell or not cell.isascii():
        return None
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _parsed(cell: str, unit: str, relation: str | None, decimal_comma: bool) -> Measured | Failure | None:
    if cell.lower() in _MISSING:
        return None
    match = _CELL.fullmatch(cell)
    number = _number(match["number"], decimal_comma) if match else None
    if match is None or number is None:
        return Failure("VALUE_TEXT", _not_a_number(cell, decimal_comma))
    sign = units.relation(match["relation"] or relation)
    if sign is None:
        return Failure("VALUE_TEXT", f"{relation!r} is not a relation; use =, < or >")
    actual = _actual_unit(match["unit"], unit)
    if isinstance(actual, Failure):
        return actual
    return _scaled(number, sign, actual, cell)


def _not_a_number(cell: str, decimal_comma: bool) -> str:
    if decimal_comma and _POINTS.fullmatch(cell):
        return f"{cell[:40]!r}: is the point a thousands mark, as commas are decimal points in this column?"
    return f"{cell[:40]!r} is not a number"


def _scaled(number: float, sign: str, unit: str, cell: str) -> Measured | Failure:
    if not math.isfinite(number):
        return Failure("VALUE_RANGE", f"{cell[:40]!r} is too large for a number")
    if unit == "p":
        return _on_p_scale(number, sign, cell)
    if unit not in MOLAR:
        return Measured(number, sign)
    if number <= 0:
        return Failure("VALUE_RANGE", f"a concentration must be above 0, not {number:g} {units.shown(unit)}")
    p = -math.log10(number) - math.log10(MOLAR[unit])
    return _on_p_scale(p, FLIPPED[sign], f"{cell} in {units.shown(unit)}")


def _on_p_scale(p: float, sign: str, cell: str) -> Measured | Failure:
    if P_RANGE[0] <= p <= P_RANGE[1]:
        return Measured(p, sign)
    why = f"{cell[:40]!r} gives {p:g}, which no -log10 molar is"
    ask = "is the comma a decimal point, or the unit another" if "," in cell else "is the unit right"
    return Failure("VALUE_RANGE", f"{why} ({P_RANGE[0]:g} to {P_RANGE[1]:g}); {ask}?")


def _actual_unit(written: str | None, declared: str) -> str | Failure:
    """The unit of a cell: what is written in it, checked against what was declared."""
    expected, found = unit_key(declared), unit_key(written) if written else None
    if expected is None:
        return Failure("UNIT", f"unknown unit {declared!r}; {units.advice(declared)}")
    if not written:
        return expected
    if found is None:
        told = units.advice(written)
        if told.startswith("a mass"):
            return Failure("UNIT", f"the cell is in {written!r}, {told}")
        what = _RANGE_END.match(written) and "the second half of a range or date; give one value or a bound"
        return Failure("VALUE_TEXT", f"{written[:40]!r} after the number is {what or 'no known unit'}")
    if found == expected or (found in MOLAR and expected in MOLAR):
        return found
    return Failure("UNIT", f"the cell is in {written!r} where {known_unit(declared)!r} was expected")


def _number(text: str, decimal_comma: bool) -> float | None:
    if decimal_comma and _POINTS.fullmatch(text):
        if "," not in text:
            return None
        text = text.replace(".", "")
    if decimal_comma and _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    elif _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    try:
        return float(text)
    except ValueError:
        return None

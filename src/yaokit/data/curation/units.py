"""Units and relations of measured values in all their usual spellings."""

import re
from functools import lru_cache

from yaokit.core.errors import UsageError

MOLAR = {"pm": 1e-12, "nm": 1e-9, "um": 1e-6, "mm": 1e-3, "m": 1.0}
UNITS = ("p", "pM", "nM", "uM", "mM", "M", "%", "none")
FLIPPED = {"=": "=", "<": ">", ">": "<"}

_SPELLINGS = {
    "": "none",
    "none": "none",
    **dict.fromkeys(("p", "-logm", "-log10m", "-logmolar", "-log10molar"), "p"),
    **dict.fromkeys(("pic50", "pec50", "pki", "pkd", "pchembl"), "p"),
    **dict.fromkeys(("%", "percent", "pct"), "%"),
    **{f"{unit}ol/l": unit for unit in MOLAR},
    **{f"{unit}olar": unit for unit in MOLAR},
    **dict.fromkeys(("mol/l", "molar"), "m"),
    **dict.fromkeys(("mmol/l", "millimolar"), "mm"),
    **dict.fromkeys(("umol/l", "micromolar"), "um"),
    **dict.fromkeys(("nmol/l", "nanomolar"), "nm"),
    **dict.fromkeys(("pmol/l", "picomolar"), "pm"),
    **{unit: unit for unit in MOLAR},
}
_MASS = re.compile(r"[munp]?g/(m|u|d)?l|[munp]?g\.?(m|u|d)?l-1|ppm|ppb", re.I)
_RELATIONS = {
    **dict.fromkeys(("", "=", "==", "~", "≈", "~=", "equal", "nan", "ca", "ca.", "c.", "approx."), "="),
    **dict.fromkeys((">", ">=", ">>", "≥", "=>"), ">"),
    **dict.fromkeys(("<", "<=", "<<", "≤", "=<"), "<"),
}


@lru_cache(maxsize=1024)
def unit_key(text: str | None) -> str | None:
    """The unit in lower case ("nm", "p", "%", "none"); None if it is not known."""
    plain = re.sub(r"[\s\[\]()']", "", text or "").replace("µ", "u").replace("μ", "u")
    if plain == "m":  # milli of nothing; only a capital M is molar
        return None
    return _SPELLINGS.get(plain.lower())


def known_unit(unit: str | None) -> str:
    """The unit in our spelling ("nM", "p", "%", "none"); UsageError lists the choices."""
    found = unit_key(unit)
    if found is None:
        raise UsageError(f"unknown unit {unit!r}; {advice(unit)}")
    return shown(found)


def shown(key: str) -> str:
    """The unit of a key in our spelling."""
    return {"m": "M"}.get(key, key[0] + "M" if key in MOLAR else key)


def advice(unit: str | None) -> str:
    """What to do about a unit that is not known."""
    if _MASS.fullmatch(re.sub(r"[\s\[\]()']", "", unit or "").replace("µ", "u").replace("μ", "u")):
        return "a mass concentration: divide by the molecular weight to have a molar one"
    return f"choose one of: {', '.join(UNITS)}"


def is_concentration(unit: str | None) -> bool:
    """Whether values in this unit go onto the p-scale."""
    return unit_key(unit) in MOLAR


@lru_cache(maxsize=256)
def relation(text: str | None) -> str | None:
    """ "=", "<" or ">" for any spelling; None if it is no relation."""
    return _RELATIONS.get((text or "").strip(" '\"").lower())

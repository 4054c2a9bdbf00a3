"""Numbers as they are written into tables and JSON."""

import math
from collections.abc import Mapping
from typing import Any

DIGITS = 6  # significant ones: enough in every unit


def significant(value: float, digits: int | None = DIGITS) -> float:
    """The value with so many significant digits; None: as it is."""
    return value if digits is None else float(f"{value:.{digits}g}")


def finite(value: Any) -> Any:
    """JSON with NaN and infinity as null."""
    if isinstance(value, Mapping):
        return {k: finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value

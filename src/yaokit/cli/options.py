"""Options that several commands share."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter, Token

from yaokit.core.errors import TooManyRejects


def _whole(_: Any, tokens: Sequence[Token]) -> int:
    try:
        return int(tokens[0].value.replace("_", ""))
    except ValueError:
        raise ValueError(f"{tokens[0].value!r} is not a whole number") from None


def _positive(_: Any, value: Any) -> None:
    if value is not None and value < 1:
        raise ValueError("must be 1 or more")


def _no_option(_: Any, values: str | Sequence[str]) -> None:
    for value in [values] if isinstance(values, str) else values:
        if value.startswith("-") and value != "-":
            raise ValueError(f"there is no option {value}")


def _not_negative(_: Any, value: Any) -> None:
    if value is not None and value < 0:
        raise ValueError("must be 0 or more")


def cores() -> int:
    """The processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def too_many(n_rejected: int, limit: int | None) -> TooManyRejects | None:
    """The error of --max-rejects, if the limit is passed."""
    if limit is None or n_rejected <= limit:
        return None
    return TooManyRejects(f"{n_rejected:,} rows rejected, more than --max-rejects {limit:,}")


Dash = Parameter(allow_leading_hyphen=True, validator=_no_option)  # "-" is standard input
Inputs = Annotated[list[str], Parameter(name="IN"), Dash]
Out = Annotated[Path, Parameter(name=["--out", "-o"])]
Column = Annotated[str, Parameter(metavar="COL")]
Columns = Annotated[Sequence[str], Parameter(metavar="COL")]
Count = Annotated[int, Parameter(converter=_whole, validator=_positive)]
Limit = Annotated[int, Parameter(converter=_whole, validator=_not_negative)]
Hidden = Parameter(parse=False)  # filled in by the program, not on the command line

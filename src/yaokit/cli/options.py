"""Options that several commands share."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter, Token


def _whole(_: Any, tokens: Sequence[Token]) -> int:
    try:
        return int(tokens[0].value.replace("_", ""))
    except ValueError:
        raise ValueError(f"{tokens[0].value!r} is not a whole number") from None


def _positive(_: Any, value: Any) -> None:
    if value is not None and value < 1:
        raise ValueError("must be 1 or more")


def cores() -> int:
    """The processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


Inputs = Annotated[list[str], Parameter(name="IN")]
Out = Annotated[Path, Parameter(name=["--out", "-o"])]
Column = Annotated[str, Parameter(metavar="COL")]
Columns = Annotated[Sequence[str], Parameter(metavar="COL")]
Count = Annotated[int, Parameter(converter=_whole, validator=_positive)]
Limit = Annotated[int, Parameter(converter=_whole)]  # 0 is allowed
Hidden = Parameter(parse=False)  # filled in by the program, not on the command line

"""What a command gives back, and how it is printed."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from yaokit.core.errors import YaokitError


@dataclass(frozen=True)
class Result:
    """A command's result: `data` for machines, `facts` and `notes` for people.

    `error` is raised after the printing, for commands that are done but not content.
    """

    data: Mapping[str, Any]
    facts: Sequence[tuple[str, Any]] = ()
    notes: Sequence[str] = field(default_factory=tuple)
    error: YaokitError | None = None


def show(result: Result, *, as_json: bool) -> None:
    """Print the result; a reader that has gone away is no error, the work is done."""
    try:
        _print_json(result.data) if as_json else _print_facts(result)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def listed(counts: Mapping[str, int]) -> str:
    """ "3 SYNTAX, 1 VALENCE", or "none"."""
    return ", ".join(f"{n:,} {name}" for name, n in counts.items()) or "none"


def _print_json(data: Mapping[str, Any]) -> None:
    print(json.dumps(data, indent=1, ensure_ascii=False, default=str))


def _print_facts(result: Result) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(soft_wrap=True, highlight=False)
    width = max((len(label) for label, _ in result.facts), default=0) + 2
    for label, value in result.facts:
        text = f"{value:,}" if isinstance(value, int) else str(value)
        console.print(Text.assemble((label.ljust(width), "bold"), text))
    for note in result.notes:
        console.print(Text(f"note: {note}"))

"""How the benchmarks of this folder write what they measured."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rdkit import rdBase

from yaokit import __version__
from yaokit.core.store import write_json, write_text


def write_results(
    name: str, out: Path, about: Mapping[str, Any], page: Callable[[dict[str, Any]], str]
) -> None:
    """OUT/NAME.json, and OUT/NAME.md as `page` tells it."""
    results = {"benchmark": name, "version": __version__, "rdkit": rdBase.rdkitVersion, **about}
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / f"{name}.json", results)
    write_text(out / f"{name}.md", page(results))


def how(results: Mapping[str, Any]) -> str:
    """The line of a page that says what was run, of which versions, and for how long."""
    return (
        f"`{results['command']}`, yaokit {results['version']}, RDKit {results['rdkit']}, "
        f"{results['seconds']:.0f} s."
    )

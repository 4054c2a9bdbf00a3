"""How the benchmarks of this folder write what they measured."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rdkit import rdBase

from yaokit import __version__
from yaokit.core.store import content_key, read_json, write_json, write_text

BUILD = Path(__file__).parents[1] / "build" / "bench"


def kept(name: str, version: str, key: Any, measure: Callable[[], list[dict[str, Any]]]) -> dict[str, Any]:
    """The rows of a part and the seconds they took, measured once by a version of the code."""
    path = BUILD / name / version / f"{content_key(key)}.json"
    if not path.exists():
        start = time.monotonic()
        part = {"rows": measure(), "seconds": time.monotonic() - start}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, part)
    return read_json(path)


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

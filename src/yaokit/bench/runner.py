"""Runs a benchmark part by part; finished parts are kept, so that the same command continues."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, ClassVar, Protocol

from yaokit import __version__
from yaokit.bench.codehash import code_hash, files
from yaokit.bench.fits import Place, files_of
from yaokit.bench.rows import stored
from yaokit.core.cache import cache_folder
from yaokit.core.errors import UsageError
from yaokit.core.lazy import pick
from yaokit.core.progress import SILENT, Progress
from yaokit.core.store import content_key, file_hash, locked, read_json, write_json, write_text
from yaokit.models.card import PACKAGES

BENCHMARKS = {
    "admet_group": "yaokit.bench.admet_group:AdmetGroup",
    "moleculeace": "yaokit.bench.moleculeace:MoleculeAce",
    "moleculenet": "yaokit.bench.moleculenet:MoleculeNet",
    "retrieval": "yaokit.bench.retrieval:Retrieval",
    "transfer": "yaokit.bench.transfer:Transfer",
}

Row = dict[str, Any]


class Benchmark(Protocol):
    """Tasks, each measured with several seeds, and what is said of all of them."""

    name: ClassVar[str]
    labels: ClassVar[Sequence[str]]  # the members it may choose itself
    seeds: ClassVar[int]  # as many as are asked for if nobody says
    tasks: ClassVar[Sequence[str]]
    folder: Path  # of its data; one that reads more names all files and folders in `sources`

    def __init__(self, data: Path, place: Place, members: Sequence[str]) -> None: ...

    def measure(self, task: str, seed: int) -> Row:
        """JSON of one part."""
        ...

    def rows(self, parts: Mapping[tuple[str, int], Row]) -> list[Row]:
        """The lines of the result, from the parts of each task and seed."""
        ...

    def summary(self, rows: Sequence[Row]) -> Row: ...

    def page(self, results: Row) -> str:
        """The result in Markdown."""
        ...


def run(
    name: str,
    data: Path,
    out: Path,
    *,
    tasks: Sequence[str] = (),
    seeds: int | None = None,
    members: Sequence[str] = (),
    workers: int = 1,
    progress: Progress = SILENT,
) -> Row:
    """Measure a benchmark and write OUT/NAME.json and .md; gives what is in the JSON.

    Without `tasks` all of them, without `seeds` as many as the benchmark asks for, without `members`
    those it chooses itself. Parts stand below OUT/parts and belong to the result; fits stand in the cache,
    by versions of packages. Both are under the name of the code that made them: they serve only that code,
    a fit that of its member.
    """
    kind = pick(BENCHMARKS, name, "benchmark")
    names = _tasks(kind, tasks)
    n_seeds = seeds or kind.seeds
    version = hash_of(name, members)
    out.mkdir(parents=True, exist_ok=True)
    fits = cache_folder() / "fits" / name / content_key({each: installed(each) for each in PACKAGES})
    fits.mkdir(parents=True, exist_ok=True)
    with locked(out), locked(fits):
        bench = kind(data, Place(fits, cache_folder(), workers), members)
        read = _hashes(bench.folder, getattr(bench, "sources", ()))
        kept = out / "parts" / name / content_key([version, list(members), read])
        kept.mkdir(parents=True, exist_ok=True)
        wanted = [(task, seed) for seed in range(n_seeds) for task in names]
        parts = dict(_parts(bench, wanted, kept, progress))
        rows = bench.rows(parts)
        results = {
            "benchmark": name,
            "command": _command(name, tasks, seeds, members),
            "version": __version__,
            "code_hash": version,
            "parts": kept.relative_to(out).as_posix(),
            "seeds": list(range(n_seeds)),
            "seconds": round(sum(part["seconds"] for part in parts.values()), 1),
            "rows": rows,
            "summary": bench.summary(rows),
        }
        write_json(out / f"{name}.json", results)
        write_text(out / f"{name}.md", bench.page(results))
    return results


def hash_of(name: str, members: Sequence[str] = ()) -> str:
    """The code that a benchmark's numbers come from: its own, and that of its members."""
    labels = members or pick(BENCHMARKS, name, "benchmark").labels
    return code_hash(*files(BENCHMARKS[name]), *(file for label in labels for file in files_of(label)))


def _tasks(kind: Any, asked: Sequence[str]) -> list[str]:
    if unknown := sorted(set(asked) - set(kind.tasks)):
        raise UsageError(f"{kind.name} has no task {unknown[0]!r}; it has: {', '.join(kind.tasks)}")
    return [task for task in kind.tasks if not asked or task in asked]


def _hashes(folder: Path, sources: Sequence[Path]) -> dict[str, str]:
    """What the data are, file by file; UsageError if there are none in one of the places."""
    found: dict[str, str] = {}
    for place in sources or [folder]:
        one = stored(place)
        paths = [one] if one else [path for path in sorted(place.glob("*")) if path.is_file()]
        if not paths:
            raise UsageError(f"no files in {place}; give --data the folder that holds {folder.name}/")
        found |= {
            str(path.relative_to(folder.parent)) if sources else path.name: file_hash(path) for path in paths
        }
    return found


def _parts(
    bench: Benchmark, wanted: Sequence[tuple[str, int]], kept: Path, progress: Progress
) -> Iterator[tuple[tuple[str, int], Row]]:
    done = [key for key in wanted if _file(kept, key).exists()]
    if done:
        progress.say(f"  {len(done):,} of {len(wanted):,} parts are there already")
    todo = [key for key in wanted if key not in done]
    for key in progress.track(todo, bench.name, len(todo)):
        start = time.perf_counter()
        part = bench.measure(*key)
        part["seconds"] = round(time.perf_counter() - start, 1)
        write_text(_file(kept, key), json.dumps(part, ensure_ascii=False, allow_nan=False) + "\n")
        progress.say(f"  {key[0]}, seed {key[1]}: {part.get('told', 'done')}")
    for key in wanted:
        yield key, read_json(_file(kept, key))


def _file(kept: Path, key: tuple[str, int]) -> Path:
    return kept / f"{key[0]}-{key[1]}.json"


def _command(name: str, tasks: Sequence[str], seeds: int | None, members: Sequence[str]) -> str:
    words = [f"yaokit bench {name} --data DIR -o DIR"]
    words += [f"--tasks {','.join(tasks)}"] if tasks else []
    words += [f"--seeds {seeds}"] if seeds else []
    words += [f"--members {','.join(members)}"] if members else []
    return " ".join(words)

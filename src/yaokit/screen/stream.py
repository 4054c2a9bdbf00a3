"""Screening: a library of any size through a model, in flat memory, resumable."""

import json
import shutil
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from yaokit import __version__
from yaokit.chem.standardize import Standardizer
from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.guard import Pool
from yaokit.core.progress import SILENT, Progress
from yaokit.core.reasons import Failure
from yaokit.core.store import content_key, file_hash, read_json, write_json, writing
from yaokit.data.catalog.builtin import is_builtin, source_files
from yaokit.data.export import csv_writer, write_csv
from yaokit.data.read.library import count_lines, molecules
from yaokit.data.read.records import source_of
from yaokit.models import load, read_card
from yaokit.models.trusted import Trusted
from yaokit.screen.shard import SIMILARITY_EDGES, Entry, Piece, Score, Standardize, Tally, best_distinct

PIECE = 2_048  # molecules a child works on at a time
SHARD = 8 * PIECE  # molecules between two checkpoints

REJECTS = pa.schema(
    [
        ("source", pa.string()),
        ("line", pa.int64()),
        ("id", pa.string()),
        ("smiles", pa.string()),
        ("code", pa.string()),
        ("message", pa.string()),
    ]
)
OTHERS = "others"  # of a hit in a shard: its further cells as JSON, columns of their own in the end
_MERGE = 32  # shards whose hits are compared at a time


def screen_files(
    files: Sequence[str | Path],
    model: Path,
    out: Path,
    *,
    top: int,
    name: str | None = None,
    workers: int = 2,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """The `top` molecules of the files by the cautious end of the predicted interval.

    Writes hits.parquet, hits.csv, rejects.csv and summary.json (which is also returned) into
    `out`; finished shards there are not done again. Hits carry every other column of the library,
    as text, "input_" before a name that is taken. UsageError for a file that cannot be read,
    NothingUsable if no line holds a molecule.
    """
    predictor = load(model)
    if not isinstance(predictor, Trusted):
        raise UsageError(
            f"{model} is a bare {getattr(predictor, 'name', 'model')}; screen with a trained folder"
        )
    out.mkdir(parents=True, exist_ok=True)
    shards = _claim(out / "shards", files, model, top)
    total = sum(count_lines(file) for file in files)
    source = chain.from_iterable(_entries(file) for file in files)
    paths = list(_shards(source, predictor, model, shards, top, total, workers, progress))
    hits, n_same = _best_of(paths, top)
    hits, refused = _checked(hits, predictor, workers)
    tally = _write_rejects(paths, refused, out / "rejects.csv")
    if not tally.n_in:
        raise NothingUsable(f"{', '.join(map(str, files))}: no molecules in it")
    summary = _summary(name or ", ".join(map(str, files)), tally, hits, n_same, predictor, top)
    hits = _with_others(hits)
    with writing(out / "hits.parquet") as part:
        pq.write_table(hits, part)
    write_csv(hits, out / "hits.csv")
    write_json(out / "summary.json", summary)
    return summary


def own(out: Path) -> None:
    """Make the folder; UsageError if what lies in it is not a screen's."""
    out.mkdir(parents=True, exist_ok=True)
    names = {path.name for path in out.iterdir() if path.name != ".lock"}
    if names and not names & {"shards", "hits.parquet"}:
        some = ", ".join(sorted(names)[:3])
        raise UsageError(f"{out} holds other files ({some}); choose a new or empty folder")


def _entries(file: str | Path) -> Iterator[tuple[Entry, dict[str, str | None] | None]]:
    name = source_of(file) if not is_builtin(file) else str(file)
    for line, id_, smiles, others, failure in molecules(file):
        yield Entry(line, id_, smiles, name, failure), others


def _claim(shards: Path, files: Sequence[str | Path], model: Path, top: int) -> Path:
    """The folder for shards, emptied if what lies there is of another screen."""
    hashes = [file_hash(path) for file in files for path in source_files(file)]
    key = content_key([hashes, read_card(model), top, PIECE, SHARD, __version__])
    claim = shards / "claim.json"
    if not claim.exists() or read_json(claim) != key:
        shutil.rmtree(shards, ignore_errors=True)
        shards.mkdir(parents=True)
        write_json(claim, key)
    return shards


def _shards(
    source: Iterator[tuple[Entry, dict[str, str | None] | None]],
    predictor: Trusted,
    model: Path,
    folder: Path,
    top: int,
    total: int,
    workers: int,
    progress: Progress,
) -> Iterator[Path]:
    """The parquet file of each shard, made now or by a run before this one."""
    done = 0
    while all((folder / f"{done:06d}.{kind}").exists() for kind in ("json", "parquet")):
        yield folder / f"{done:06d}.parquet"
        done += 1
    if done:
        next(islice(source, done * SHARD - 1, done * SHARD), None)  # skip what is done
    left = max(total - done * SHARD, 0)
    waiting: deque[list[dict[str, str | None] | None]] = deque()
    pieces = _pieces(source, waiting)
    with Pool(Standardize(predictor.standardizer), Score(model, top), workers=workers) as pool:
        results: Iterator[Piece] = pool.map(pieces)
        counted = progress.track(results, "screening", left, weigh=lambda piece: piece.tally.n_in)
        while group := list(islice(counted, SHARD // PIECE)):
            path = folder / f"{done:06d}.parquet"
            _write_shard(path, [_carrying(piece, waiting.popleft()) for piece in group], top)
            yield path
            done += 1


def _pieces(
    source: Iterator[tuple[Entry, dict[str, str | None] | None]],
    waiting: deque[list[dict[str, str | None] | None]],
) -> Iterator[list[Entry]]:
    """Batches of entries; their other cells wait in `waiting` until the answer comes."""
    while piece := list(islice(source, PIECE)):
        waiting.append([others for _, others in piece])
        yield [entry for entry, _ in piece]


def _carrying(piece: Piece, others: list[dict[str, str | None] | None]) -> Piece:
    """The piece, its hits with their other cells."""
    found = [others[at] for at in piece.places]
    cells = [json.dumps(cell, ensure_ascii=False) if cell else None for cell in found]
    return replace(piece, hits=piece.hits.append_column(OTHERS, pa.array(cells, pa.string())))


def _write_shard(path: Path, pieces: Sequence[Piece], top: int) -> None:
    tally, rejects = Tally(), []
    for piece in pieces:
        tally.add(piece.tally)
        rejects += piece.rejects
    hits, n_same = _best([piece.hits for piece in pieces], top)
    tally.codes.update({"DUPLICATE": n_same} if n_same else {})
    write_json(path.with_suffix(".json"), {"tally": tally.to_json(), "rejects": rejects})
    with writing(path) as part:
        pq.write_table(hits, part)


class _Check:
    """What a guarded child asks of a hit: is it, written and read again, the same molecule?"""

    def __init__(self, standardizer: Standardizer) -> None:
        self.standardizer = standardizer

    def __call__(self, smiles: str) -> Failure | None:
        found = self.standardizer(smiles, check=True)
        if isinstance(found, Failure) or found.smiles == smiles:
            return found if isinstance(found, Failure) else None
        return Failure("ROUND_TRIP", f"written as {smiles} it reads as {found.smiles}")


def _checked(hits: pa.Table, predictor: Trusted, workers: int) -> tuple[pa.Table, list[dict[str, Any]]]:
    """The hits that hold in every check of chemistry, and the others as rejects."""
    smiles = hits["smiles"].to_pylist()
    batches = (smiles[i : i + PIECE] for i in range(0, len(smiles), PIECE))
    with Pool(_Check(predictor.standardizer), workers=min(workers, 1 + len(smiles) // PIECE)) as pool:
        failures = list(chain.from_iterable(pool.map(batches)))
    refused = [
        {"source": h["source"], "line": h["line"], "id": h["id"], "smiles": h["input_smiles"]}
        | {"code": failure.code, "message": failure.message}
        for h, failure in zip(hits.to_pylist(), failures, strict=True)
        if failure
    ]
    return hits.filter(pa.array([failure is None for failure in failures], pa.bool_())), refused


def _write_rejects(paths: Sequence[Path], refused: list[dict[str, Any]], out: Path) -> Tally:
    """All rejected lines, and hits refused at the end, into one file; the counts of all shards."""
    tally = Tally()
    with writing(out) as part, csv_writer(part) as write:
        write(REJECTS.empty_table())
        for path in paths:
            state = read_json(path.with_suffix(".json"))
            tally.add(Tally.from_json(state["tally"]))
            write(pa.Table.from_pylist(state["rejects"], schema=REJECTS))
        write(pa.Table.from_pylist(refused, schema=REJECTS))
    tally.codes.update(row["code"] for row in refused)
    tally.n_scored -= len(refused)
    return tally


def _best_of(paths: Sequence[Path], top: int) -> tuple[pa.Table, int]:
    """The `top` hits of all shards and how many repeats that took out; few shards at a time."""
    kept, n_same = _best([pq.read_table(path) for path in paths[:_MERGE]], top)
    for start in range(_MERGE, len(paths), _MERGE):
        more = [pq.read_table(path) for path in paths[start : start + _MERGE]]
        kept, n = _best([kept, *more], top)
        n_same += n
    return kept, n_same


def _best(tables: Sequence[pa.Table], top: int) -> tuple[pa.Table, int]:
    """The `top` hits of all tables, each molecule once, and how many repeats that took out."""
    every = pa.concat_tables(tables)
    ids, smiles = every["id"].to_pylist(), every["smiles"].to_pylist()
    kept, n_same = best_distinct(every["score"].to_numpy(), ids, smiles.__getitem__, top)
    return every.take(pa.array(kept, pa.int64())), n_same


def _with_others(hits: pa.Table) -> pa.Table:
    """The hits, their other cells as columns."""
    cells = [json.loads(text) if text else {} for text in hits[OTHERS].to_pylist()]
    hits = hits.drop_columns([OTHERS])
    for name in dict.fromkeys(chain.from_iterable(cells)):
        label = name
        while label in hits.column_names:
            label = f"input_{label}"
        hits = hits.append_column(label, pa.array([row.get(name) for row in cells], pa.string()))
    return hits


def _summary(
    name: str, tally: Tally, hits: pa.Table, n_same: int, predictor: Trusted, top: int
) -> dict[str, Any]:
    inside = int(np.sum(hits["in_domain"].to_numpy(zero_copy_only=False)))
    n_rejected = tally.n_in - tally.n_scored
    dropped = {code: n for code, n in sorted(tally.codes.items()) if code != "DUPLICATE"}
    if repeats := tally.codes["DUPLICATE"] + n_same:
        dropped["DUPLICATE"] = repeats
    dropped["BELOW_TOP"] = tally.n_in - len(hits) - sum(dropped.values())
    notes = []
    if len(hits) and inside < len(hits) / 2:
        notes.append(
            f"{len(hits) - inside:,} of the {len(hits):,} hits lie outside the model's domain: "
            "their predictions are not backed by measured error"
        )
    best = hits.slice(0, 1).drop_columns([OTHERS]).to_pylist()
    return {
        "library": name,
        "model_task": predictor.tasks[0],
        "n_in": tally.n_in,
        "n_scored": tally.n_scored,
        "n_rejected": n_rejected,
        "n_out": len(hits),
        "n_in_domain": tally.n_in_domain,
        "n_hits_in_domain": inside,
        "top": top,
        "codes": {k: v for k, v in sorted(tally.codes.items()) if k != "DUPLICATE"},
        "dropped": dropped,
        "similarity_histogram": {"edges": SIMILARITY_EDGES.tolist(), "counts": tally.similarity.tolist()},
        "best": best[0] if best else None,
        "notes": notes,
    }

"""Screening: a library of any size through a model, in flat memory, resumable."""

import shutil
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from yaokit import __version__
from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.guard import Pool
from yaokit.core.progress import SILENT, Progress
from yaokit.core.store import content_key, file_hash, read_json, write_json, writing
from yaokit.data.builtin import source_files
from yaokit.data.export import write_csv
from yaokit.data.library import count_lines, molecules
from yaokit.models import load, read_card
from yaokit.models.trusted import Trusted
from yaokit.screen.shard import SIMILARITY_EDGES, Entry, Piece, Score, Standardize, Tally, best_distinct

PIECE = 2_048  # molecules a child works on at a time
SHARD = 8 * PIECE  # molecules between two checkpoints

REJECTS = pa.schema(
    [
        ("line", pa.int64()),
        ("id", pa.string()),
        ("smiles", pa.string()),
        ("code", pa.string()),
        ("message", pa.string()),
    ]
)


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
    `out`; finished shards there are not done again. UsageError for a file that cannot be read,
    NothingUsable if no line holds a molecule.
    """
    predictor = load(model)
    if not isinstance(predictor, Trusted):
        raise UsageError(
            f"{model} is a bare {getattr(predictor, 'name', 'model')}; screen with a trained folder"
        )
    shards = _claim(out / "shards", files, model, top)
    total = sum(count_lines(file) for file in files)
    source = (Entry(*entry) for file in files for entry in molecules(file))
    paths = list(_shards(source, predictor, model, shards, top, total, workers, progress))
    tally, rejects = Tally(), []
    for path in paths:
        state = read_json(path.with_suffix(".json"))
        tally.add(Tally.from_json(state["tally"]))
        rejects += state["rejects"]
    if not tally.n_in:
        raise NothingUsable(f"{', '.join(map(str, files))}: no molecules in it")
    hits, n_same = _best([pq.read_table(path) for path in paths], top)
    summary = _summary(name or ", ".join(map(str, files)), tally, hits, n_same, predictor, top)
    with writing(out / "hits.parquet") as part:
        pq.write_table(hits, part)
    write_csv(hits, out / "hits.csv")
    write_csv(pa.Table.from_pylist(rejects, schema=REJECTS), out / "rejects.csv")
    write_json(out / "summary.json", summary)
    return summary


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
    source: Iterator[Entry],
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
    pieces = iter(lambda: list(islice(source, PIECE)), [])
    with Pool(Standardize(predictor.standardizer), Score(model, top), workers=workers) as pool:
        results: Iterator[Piece] = pool.map(pieces)
        counted = progress.track(results, "screening", left, weigh=lambda piece: piece.tally.n_in)
        while group := list(islice(counted, SHARD // PIECE)):
            path = folder / f"{done:06d}.parquet"
            _write_shard(path, group, top)
            yield path
            done += 1


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


def _best(tables: Sequence[pa.Table], top: int) -> tuple[pa.Table, int]:
    """The `top` hits of all tables, each molecule once, and how many repeats that took out."""
    every = pa.concat_tables(tables)
    ids, smiles = every["id"].to_pylist(), every["smiles"].to_pylist()
    kept, n_same = best_distinct(every["score"].to_numpy(), ids, smiles.__getitem__, top)
    return every.take(pa.array(kept, pa.int64())), n_same


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
    best = hits.slice(0, 1).to_pylist()
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

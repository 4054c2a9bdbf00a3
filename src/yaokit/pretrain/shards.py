"""The second pass of a preparation: each bucket becomes a shard."""

from collections import Counter
from pathlib import Path
from typing import Any

from yaokit.core.seed import rng
from yaokit.core.store import file_hash, read_json, write_json, writing


class WriteShard:
    """Number of a bucket → its shard, written: distinct molecules, shuffled."""

    def __init__(self, work: Path, folder: Path, seed: int) -> None:
        self.work, self.folder, self.seed = work, folder, seed

    def __call__(self, number: int) -> dict[str, Any]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        out = self.folder / f"shard-{number:05}.parquet"
        told = self.told(number)
        if out.exists() and (about := read_table(told)):
            return about
        first: dict[str, int] = {}
        path = self.work / f"bucket-{number:05}"
        if path.exists():
            with open(path, encoding="utf-8") as file:
                for line in file:
                    smiles, _, source = line.rstrip("\n").partition("\t")
                    first[smiles] = min(int(source), first.get(smiles, int(source)))
        ordered = sorted(first)
        order = rng(self.seed, "shard", number).permutation(len(ordered))
        rows = [ordered[i] for i in order]
        sources = [first[smiles] for smiles in rows]
        table = pa.table({"smiles": pa.array(rows, pa.string()), "source": pa.array(sources, pa.int32())})
        with writing(out) as part:
            pq.write_table(table, part, compression="zstd")
        counts = {str(source): n for source, n in sorted(Counter(sources).items())}
        about = {"file": out.name, "rows": len(rows), "bytes": out.stat().st_size}
        about |= {"sha256": file_hash(out), "sources": counts}
        write_json(told, about)
        return about

    def told(self, number: int) -> Path:
        """Where it is kept what was written."""
        return self.work / f"shard-{number:05}.json"


def read_table(path: Path) -> dict[str, Any]:
    """A table that was written here; empty if there is none or it is damaged."""
    try:
        found = read_json(path)
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}

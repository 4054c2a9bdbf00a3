"""How fast pre-trained encoders tell what they see, and how little that hangs on the batch.

    python benchmarks/embeddings.py MOLECULES ... -o DIR

MOLECULES: files of molecules or shipped sets, from each of which some that parse are taken, evenly. Networks
are shipped names or folders; if none is named, all that are shipped and `masked` of the next size with
weights at random, which are as fast as any. For each: molecules per second of CPU time on one thread and of
the clock with two processes, from SMILES on, the median of three; the CPU seconds that opening takes beyond
imports; the largest difference between batches of 1 and 512.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from rdkit import Chem
from results import how, write_results

from yaokit.bench import codehash
from yaokit.chem.parse import parse
from yaokit.data.read.library import molecules
from yaokit.models.embedded import EMBED, embedded_smiles
from yaokit.nn.masked import SIZES, MaskedNet
from yaokit.nn.pretrained import ENCODERS, keep, open_pretrained, save_pretrained, shipped

SECONDS = 20  # that what is asked for would take
ALONE = 100
REPEATS = 3
ASKED = {"graph": 1_000, "masked": 200}  # molecules a second of the clock with two processes
UNTRAINED = "masked-small-untrained"
Row = dict[str, Any]


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("molecules", nargs="+")
    parser.add_argument("--networks", nargs="+", default=[])
    parser.add_argument("-o", "--out", type=Path, required=True)
    asked = parser.parse_args(argv)
    start = time.monotonic()
    libraries = {Path(source).name: parsed(source) for source in asked.molecules}
    known = [name for name, card in shipped().items() if card["kind"] in ENCODERS]
    rows = []
    with TemporaryDirectory() as scratch:
        for network in asked.networks or [*known, str(untrained(Path(scratch) / UNTRAINED))]:
            for library, smiles in libraries.items():
                rows.append({"network": Path(network).name, "library": library, **measure(network, smiles)})
                print(*(f"{key} {value}" for key, value in rows[-1].items()), sep=", ", flush=True)
    about = {
        "command": "python benchmarks/embeddings.py MOLECULES ... -o DIR",
        "code_hash": code_hash(),
        "seeds": [],
        "seconds": round(time.monotonic() - start, 1),
        "rows": rows,
        "summary": {f"{row['network']} {row['library']}": row["molecules_per_s_2_processes"] for row in rows},
    }
    write_results("embeddings", asked.out, about, page)
    return 0


def parsed(source: str) -> list[str]:
    """As many SMILES of a library as are needed, and parse."""
    some = evenly([found.smiles for found in molecules(source)], SECONDS * max(ASKED.values()))
    return [smiles for smiles in some if isinstance(parse(smiles), Chem.Mol)]


def evenly(smiles: Sequence[str], n: int) -> list[str]:
    """n of them, or all, from the first to the last."""
    return [smiles[i] for i in np.linspace(0, len(smiles) - 1, min(n, len(smiles))).astype(int)]


def untrained(folder: Path) -> Path:
    """A `masked` network of size small that has learned nothing."""
    settings = {**SIZES["small"], "stem": 5, "dropout": 0.0}
    torch.manual_seed(0)
    state = {name: weights.numpy() for name, weights in MaskedNet(1, **settings).state_dict().items()}
    save_pretrained(folder, "masked", settings, state, {})
    return folder


def measure(network: str, smiles: Sequence[str]) -> Row:
    """Speed, opening and difference of one network."""
    name = keep(network, ENCODERS)
    embedded_smiles(smiles[:8], name)  # imports
    start = time.process_time()
    found = open_pretrained(network, ENCODERS)
    opening = time.process_time() - start
    every = evenly(smiles, SECONDS * ASKED[found.kind])
    some = evenly(every, len(every) // 4)
    together = embedded_smiles(some, name)
    each = np.concatenate([embedded_smiles([text], name).toarray() for text in some[:ALONE]])
    return {
        "kind": found.kind,
        "numbers": together.shape[1],
        "molecules_per_cpu_s": rate(lambda: embedded_smiles(some, name), len(some), time.process_time),
        "molecules_per_s_2_processes": rate(
            lambda: embedded_smiles(every, name, workers=2), len(every), time.perf_counter
        ),
        "opening_s": round(opening, 3),
        "batches_differ_by": float(f"{np.abs(each - together[:ALONE].toarray()).max():.1g}"),
    }


def rate(run: Callable[[], Any], n: int, clock: Callable[[], float]) -> int:
    """Molecules a second, the median."""
    taken = []
    for _ in range(REPEATS):
        start = clock()
        run()
        taken.append(clock() - start)
    return round(n / statistics.median(taken))


def page(results: Row) -> str:
    """The results as Markdown."""
    lines = [
        "# Embeddings",
        "",
        "How fast shipped encoders tell what they see, from SMILES on; what is measured stands at the head "
        "of `benchmarks/embeddings.py`.",
        "",
        how(results),
        "",
        "| Network | Molecules | Numbers a molecule | Molecules/s of one core "
        "| Molecules/s of two processes | Asked | Opening, s | Batches differ by |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in results["rows"]:
        lines.append(
            f"| `{row['network']}` | {row['library']} | {row['numbers']} | {row['molecules_per_cpu_s']:,} "
            f"| {row['molecules_per_s_2_processes']:,} | ≥ {ASKED[row['kind']]:,} | {row['opening_s']:.2f} "
            f"| {row['batches_differ_by']:.0e} |"
        )
    return "\n".join(lines) + "\n"


def code_hash() -> str:
    """Of the code that the numbers depend on."""
    return codehash.code_hash(
        "models/embedded.py",
        *(file for target in EMBED.values() for file in codehash.files(target)),
        scripts=[Path(__file__)],
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

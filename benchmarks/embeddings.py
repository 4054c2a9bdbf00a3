"""How fast pre-trained encoders tell what they see, and how little that hangs on the batch.

    python benchmarks/embeddings.py MOLECULES -o DIR

MOLECULES: a file of molecules, of which the first 20,000 that parse are taken. Networks are shipped names or
folders; all that are shipped, if none is named. For each: molecules per second of CPU time on one
thread and of the clock with two processes, from SMILES on, the median of three; the CPU seconds that
opening takes beyond imports; the largest difference between batches of 1 and 512.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from rdkit import Chem
from results import how, write_results

from yaokit.bench import codehash
from yaokit.chem.parse import parse
from yaokit.data.read.library import molecules
from yaokit.models.embedded import embedded_smiles
from yaokit.nn.pretrained import ENCODERS, keep, open_pretrained, shipped

N = 20_000
ALONE = 100
REPEATS = 3
ASKED = {"graph": 1_000, "masked": 200}  # molecules a second of the clock with two processes
Row = dict[str, Any]


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("molecules", type=Path)
    parser.add_argument("--networks", nargs="+", default=[])
    parser.add_argument("-o", "--out", type=Path, required=True)
    asked = parser.parse_args(argv)
    start = time.monotonic()
    read = (molecule.smiles for molecule in molecules(asked.molecules))
    smiles = list(islice((text for text in read if isinstance(parse(text), Chem.Mol)), N))
    known = [name for name, card in shipped().items() if card["kind"] in ENCODERS]
    rows = []
    for network in asked.networks or known:
        rows.append(measure(network, smiles))
        print(*(f"{key} {value}" for key, value in rows[-1].items()), sep=", ", flush=True)
    about = {
        "command": "python benchmarks/embeddings.py MOLECULES -o DIR",
        "code_hash": code_hash(),
        "seeds": [],
        "seconds": round(time.monotonic() - start, 1),
        "rows": rows,
        "summary": {row["network"]: row["molecules_per_s_2_processes"] for row in rows},
    }
    write_results("embeddings", asked.out, about, page)
    return 0


def measure(network: str, smiles: Sequence[str]) -> Row:
    """Speed, opening and difference of one network."""
    name = keep(network, ENCODERS)
    embedded_smiles(smiles[:8], name)  # imports
    start = time.process_time()
    found = open_pretrained(name, ENCODERS)
    opening = time.process_time() - start
    some = smiles[: len(smiles) // 4]
    together = embedded_smiles(some, name)
    each = np.concatenate([embedded_smiles([text], name).toarray() for text in some[:ALONE]])
    return {
        "network": Path(network).name,
        "kind": found.kind,
        "numbers": together.shape[1],
        "molecules_per_cpu_s": rate(lambda: embedded_smiles(some, name), len(some), time.process_time),
        "molecules_per_s_2_processes": rate(
            lambda: embedded_smiles(smiles, name, workers=2), len(smiles), time.perf_counter
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
        "| Network | Numbers a molecule | Molecules/s of one core | Molecules/s of two processes | Asked "
        "| Opening, s | Batches differ by |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in results["rows"]:
        lines.append(
            f"| `{row['network']}` | {row['numbers']} | {row['molecules_per_cpu_s']:,} "
            f"| {row['molecules_per_s_2_processes']:,} | ≥ {ASKED[row['kind']]:,} | {row['opening_s']:.2f} "
            f"| {row['batches_differ_by']:.0e} |"
        )
    return "\n".join(lines) + "\n"


def code_hash() -> str:
    """Of the code that the numbers depend on."""
    return codehash.code_hash("models/embedded.py", scripts=[Path(__file__)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

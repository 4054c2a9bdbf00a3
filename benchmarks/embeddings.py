"""How fast pre-trained encoders tell what they see, and how little that hangs on the batch.

    python benchmarks/embeddings.py MOLECULES [NETWORK …]

MOLECULES: a .smi or .smi.gz file, of which the first 4,000 are taken. Networks are shipped names or
folders; all that are shipped, if none is named. Prints molecules per second of CPU time on one thread,
from SMILES on; the seconds that opening takes; the largest difference between batches of 1 and 512; and
by how much memory grows from the first thousand molecules to the last.
"""

import gzip
import resource
import sys
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from yaokit.models.embedded import embedded_smiles
from yaokit.nn.pretrained import ENCODERS, keep, open_pretrained, shipped

N = 4_000
ALONE = 100


def main(file: Path, networks: Sequence[str]) -> None:
    """A line for each network."""
    with (gzip.open if file.suffix == ".gz" else open)(file, "rt") as lines:
        smiles = [line.split()[0] for line in islice(lines, N)]
    for network in networks:
        name = keep(network, ENCODERS)
        embedded_smiles(smiles[:8], name)  # imports
        print(network, *measured(name, smiles), sep="  ", flush=True)


def measured(network: str, smiles: Sequence[str]) -> tuple[str, ...]:
    """Speed, opening, difference and memory, as text."""
    start = time.process_time()
    key = open_pretrained(network, ENCODERS).key
    opening = time.process_time() - start
    embedded_smiles(smiles[:1000], network)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    found = embedded_smiles(smiles, network)
    rate = len(smiles) / (time.process_time() - start)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    each = np.concatenate([embedded_smiles([text], network).toarray() for text in smiles[:ALONE]])
    apart = np.abs(each - found[:ALONE].toarray()).max()
    return (
        f"({key}, {found.shape[1]} numbers)",
        f"{rate:,.0f} molecules/s a core",
        f"opened in {opening:.2f} s",
        f"batches differ by {apart:.0e}",
        f"{grown:,.0f} MB more for {len(smiles):,} molecules",
    )


if __name__ == "__main__":
    known = [name for name, card in shipped().items() if card["kind"] in ENCODERS]
    main(Path(sys.argv[1]), sys.argv[2:] or known)

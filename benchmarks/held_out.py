"""What no corpus may hold: every benchmark's test molecules, as a list of connectivities.

    python benchmarks/held_out.py DATA build/held_out.txt
    python benchmarks/held_out.py --check build/held_out.txt build/corpora/default

Test rows are those of yaokit.bench: the ADMET group, MoleculeACE, MoleculeNet by scaffold, and both
test sets of MOSES. About five CPU minutes. --check counts them in a sample of prepared corpora.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from yaokit.bench.admet_group import TASKS as ADMET_TASKS
from yaokit.bench.audit import GROUP, held_out
from yaokit.bench.moleculeace import MoleculeAce
from yaokit.bench.moleculenet import TASKS, TEST, columns_of, scaffold_parts
from yaokit.bench.rows import molecules, table
from yaokit.core.progress import Lines
from yaokit.data.leakage import connectivity
from yaokit.data.read.library import molecules as lines
from yaokit.pretrain.corpus import open_corpus
from yaokit.pretrain.held import held_of, joined, read_held, write_held


def main(data: Path, out: Path) -> None:
    """Write the list, and say how many each benchmark gives."""
    found = []
    parts = {
        "admet_group": of_admet_group(data / GROUP),
        "moleculeace": of_moleculeace(data / "moleculeace"),
        "moleculenet": of_moleculenet(data / "moleculenet"),
        "moses": of_moses(data / "corpora"),
    }
    for name, smiles in parts.items():
        found.append(held_of(smiles, 2, Lines(60), name))
        print(f"{name}: {len(found[-1].blocks):,} connectivities", flush=True)
    write_held(out, joined(found))
    print(f"together: {len(joined(found).blocks):,}")


def of_admet_group(group: Path) -> Iterator[str]:
    """The test rows of all tasks."""
    for task in ADMET_TASKS:
        yield from held_out(group, task).given


def of_moleculeace(folder: Path) -> Iterator[str]:
    """The test rows of all targets."""
    for task in MoleculeAce.tasks:
        yield from (row["smiles"] or "" for row in table(folder / f"{task}.csv") if row["split"] == "test")


def of_moleculenet(folder: Path) -> Iterator[str]:
    """The test part of each set's scaffold split."""
    for about in TASKS.values():
        rows = table(folder / about["file"])
        smiles, _ = molecules(rows, about["smiles"], columns_of(about, rows[0])).parsed()
        parts = scaffold_parts(smiles)
        yield from (text for text, part in zip(smiles, parts, strict=True) if part == TEST)


def of_moses(folder: Path) -> Iterator[str]:
    """Both test sets."""
    for name in ("moses_test.csv.gz", "moses_test_scaffolds.csv.gz"):
        yield from (molecule.smiles for molecule in lines(folder / name))


def check(listed: Path, folder: Path, n: int = 10_000) -> int:
    """How many of n molecules of a corpus are held out, by InChI alone; prints what it did."""
    corpus, held = open_corpus(folder), read_held(listed).blocks
    sizes = corpus.sizes
    picked = [text for i in range(len(sizes)) for text in corpus.smiles(i)[: max(1, n // len(sizes))]]
    found = sum(block in held for block in connectivity(picked))
    print(f"{folder}: {found} of {len(picked):,} molecules have one of {len(held):,} connectivities")
    return found


if __name__ == "__main__":
    if sys.argv[1] == "--check":
        sys.exit(bool(sum(check(Path(sys.argv[2]), Path(folder)) for folder in sys.argv[3:])))
    main(Path(sys.argv[1]), Path(sys.argv[2]))

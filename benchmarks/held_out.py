"""What no corpus may hold: every benchmark's test molecules, as a list of connectivities.

    python benchmarks/held_out.py DATA build/held_out.txt

Test rows are those of yaokit.bench: the ADMET group, MoleculeACE, MoleculeNet by scaffold, and both
test sets of MOSES. About five CPU minutes.
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
from yaokit.data.read.library import molecules as lines
from yaokit.pretrain.held import held_of, joined, write_held


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


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

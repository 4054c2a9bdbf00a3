"""What no corpus may hold: the connectivities of every benchmark's test molecules.

    python benchmarks/held_out.py DATA build/held_out.txt

Test rows are those of yaokit.bench: the ADMET group, MoleculeACE, MoleculeNet by scaffold, and both
test sets of MOSES. About four CPU minutes.
"""

import sys
from pathlib import Path

from yaokit.bench.audit import GROUP, blocks, held_blocks
from yaokit.bench.moleculeace import MoleculeAce
from yaokit.bench.moleculenet import TASKS, TEST, columns_of, scaffold_parts
from yaokit.bench.rows import molecules, standardized, table
from yaokit.core.progress import Lines
from yaokit.core.store import write_text
from yaokit.pretrain.prepare import read_blocks


def main(data: Path, out: Path) -> None:
    """Write the sorted list, and say how many each benchmark gives."""
    found: set[str] = set()
    parts = {
        GROUP: lambda: held_blocks(data / GROUP),
        "moleculeace": lambda: of_moleculeace(data / "moleculeace"),
        "moleculenet": lambda: of_moleculenet(data / "moleculenet"),
        "moses": lambda: of_moses(data / "corpora"),
    }
    for name, blocks_of in parts.items():
        new = {block for block in blocks_of() if block}
        print(f"{name}: {len(new):,} connectivities, {len(new - found):,} of them new", flush=True)
        found |= new
    write_text(out, "\n".join(sorted(found)) + "\n")


def of_moleculeace(folder: Path) -> set[str | None]:
    """Of the test rows of all targets."""
    found: set[str | None] = set()
    for task in MoleculeAce.tasks:
        rows = [row["smiles"] or "" for row in table(folder / f"{task}.csv") if row["split"] == "test"]
        found.update(blocks(standardized(rows)))
    return found


def of_moleculenet(folder: Path) -> set[str | None]:
    """Of the test part of each set's scaffold split."""
    found: set[str | None] = set()
    for about in TASKS.values():
        rows = table(folder / about["file"])
        smiles, _ = molecules(rows, about["smiles"], columns_of(about, rows[0])).parsed()
        parts = scaffold_parts(smiles)
        found.update(blocks([text for text, part in zip(smiles, parts, strict=True) if part == TEST]))
    return found


def of_moses(folder: Path) -> set[str]:
    """Of both test sets."""
    files = ("moses_test.csv.gz", "moses_test_scaffolds.csv.gz")
    return set().union(*(read_blocks(folder / name, 2, Lines(60)) for name in files))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

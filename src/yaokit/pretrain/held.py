"""What a corpus must not hold: molecules of tests, whatever their stereo or isotopes.

Nor where their mobile hydrogens stand: InChI takes 2-hydroxypyridine and 2-pyridone for one molecule,
but a keto and its enol form for two.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from string import ascii_uppercase

import numpy as np
from rdkit import Chem

from yaokit.chem.parse import parse
from yaokit.chem.standardize import Standardizer
from yaokit.core.errors import UsageError
from yaokit.core.guard import Pool
from yaokit.core.progress import SILENT, Progress
from yaokit.core.reasons import Failure
from yaokit.core.store import write_text
from yaokit.data.leakage import connectivity
from yaokit.data.read.library import molecules

_PIECE = 2_000
_HEADER = "# yaokit: connectivities and skeletons that are held out, format 1\n"
_LINE = re.compile(r"([A-Z]{14}|-) [0-9a-f]{16}")
_BLOCK = re.compile(r"[A-Z]{14}")
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Held:
    """Molecules that stay out, by connectivity (first block of the InChIKey, or what stands for it).

    `skeletons` are those of the same molecules: of another skeleton is another connectivity, and
    a skeleton takes a fifth of the time. `n_in` lines were read, `n_failed` of them no molecule.
    """

    blocks: frozenset[str] = frozenset()
    skeletons: frozenset[int] = frozenset()
    n_in: int = field(default=0, compare=False)
    n_failed: int = field(default=0, compare=False)

    def has(self, smiles: str, mol: Chem.Mol) -> bool:
        """Whether it is one of them; `mol` is that of the SMILES."""
        return skeleton(mol) in self.skeletons and _block(smiles) in self.blocks


def _block(smiles: str) -> str:
    """Of a molecule that has no InChIKey, such as a complex, 14 letters that its SMILES gives."""
    found = connectivity([smiles])[0]
    if _BLOCK.fullmatch(found):
        return found
    number = int.from_bytes(hashlib.sha256(found.encode()).digest())
    return "".join(ascii_uppercase[number // 26**i % 26] for i in range(14))


def skeleton(mol: Chem.Mol) -> int:
    """A hash of elements and neighbors, without bond orders, charges, hydrogens and stereo."""
    numbers = np.array([atom.GetAtomicNum() for atom in mol.GetAtoms()], np.uint64)
    heavy = numbers != 1
    bonded = Chem.GetAdjacencyMatrix(mol)[heavy][:, heavy].astype(np.uint64)
    state = numbers[heavy]
    for _ in range(4):
        mixed = state * _MIX
        mixed ^= mixed >> np.uint64(29)
        state = mixed * _MIX + bonded @ (mixed * mixed + mixed)
    return int(state.sum(dtype=np.uint64))


def held_of(items: Iterable[str], workers: int = 1, progress: Progress = SILENT, label: str = "") -> Held:
    """Of molecules as text; what does not parse is left out, and counted."""
    rest = iter(items)
    batches: Iterator[list[str]] = iter(lambda: list(islice(rest, _PIECE)), [])
    blocks: set[str] = set()
    skeletons: set[int] = set()
    n_in = n_failed = 0
    with Pool(_Keys(), workers=workers) as pool:
        for found in progress.track(pool.map(batches), f"held out: {label}"):
            good = [keys for keys in found if not isinstance(keys, Failure)]
            blocks.update(block for block, _ in good)
            skeletons.update(number for _, number in good)
            n_in, n_failed = n_in + len(found), n_failed + len(found) - len(good)
    return Held(frozenset(blocks), frozenset(skeletons), n_in, n_failed)


def joined(every: Sequence[Held]) -> Held:
    """All of them."""
    blocks = frozenset[str]().union(*(held.blocks for held in every))
    skeletons = frozenset[int]().union(*(held.skeletons for held in every))
    return Held(blocks, skeletons, sum(held.n_in for held in every), sum(held.n_failed for held in every))


def read_held(path: Path, workers: int = 1, progress: Progress = SILENT) -> Held:
    """Of a list that `write_held` wrote, or of the molecules in any other file.

    UsageError if a list has another line among its own. A list does not say what failed.
    """
    if not is_list(path):
        return held_of((m.smiles for m in molecules(path)), workers, progress, path.name)
    lines = path.read_text(encoding="utf-8").removeprefix(_HEADER).splitlines()
    if wrong := next((i for i, line in enumerate(lines, 2) if not _LINE.fullmatch(line)), None):
        raise UsageError(f"{path} line {wrong} is damaged: make the list again")
    skeletons = frozenset(int(line.split()[1], 16) for line in lines)
    return Held(frozenset(line.split()[0] for line in lines) - {"-"}, skeletons, len(lines))


def write_held(path: Path, held: Held) -> None:
    """A list of both: they need not stand in pairs, only in full."""
    blocks, skeletons = sorted(held.blocks), sorted(held.skeletons)
    n = max(len(blocks), len(skeletons))
    blocks += ["-"] * (n - len(blocks))
    skeletons += skeletons[:1] * (n - len(skeletons))
    lines = (f"{b} {s:016x}\n" for b, s in zip(blocks, skeletons, strict=True))
    write_text(path, _HEADER + "".join(lines))


def held_hash(path: Path) -> str:
    """SHA-256 of what is held out: of a list's lines without the header, of any other file's bytes."""
    with open(path, "rb") as file:
        file.seek(len(_HEADER) if is_list(path) else 0)
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Keys:
    """Text → connectivity and skeleton of the standardized molecule, or of that drawn where this fails."""

    def __init__(self) -> None:
        self.standardize = Standardizer()

    def __call__(self, text: str) -> tuple[str, int] | Failure:
        found = self.standardize(text)
        mol = parse(text) if isinstance(found, Failure) else found.mol
        if isinstance(mol, Failure):
            return mol
        return _block(Chem.MolToSmiles(mol)), skeleton(mol)


def is_list(path: Path) -> bool:
    """Whether `write_held` wrote it."""
    with open(path, "rb") as file:
        return file.read(len(_HEADER)) == _HEADER.encode()

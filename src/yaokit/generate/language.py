"""New molecules drawn from a language model."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from rdkit import Chem

from yaokit.chem.parse import quiet_rdkit
from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.progress import SILENT, Progress
from yaokit.core.store import writing
from yaokit.nn.causal import CausalNet, load_prior, sample
from yaokit.nn.pretrained import Pretrained

CHUNK = 512  # strings drawn together at most
PATIENCE = 20  # strings drawn for each molecule wanted before it gives up


@dataclass(frozen=True)
class Drawing:
    """How molecules are drawn."""

    temperature: float = 1.0  # below 1: likelier molecules, less varied
    seed: int = 0
    unique: bool = False  # no molecule twice
    raw: bool = False  # every string as it is drawn, right or wrong
    workers: int = 1

    def __post_init__(self) -> None:
        if not 1e-3 <= self.temperature <= 1e3:  # beyond, 32-bit numbers fail
            raise UsageError(
                f"temperature {self.temperature:g}: a number above 0, from 0.001 to 1,000; "
                "1 as the model learned it"
            )
        if self.raw and self.unique:
            raise UsageError("raw strings are all kept as they are: choose one of raw and unique")


@dataclass
class Drawn:
    """What was drawn so far; shares are of all strings drawn, or of the valid ones."""

    n_drawn: int = 0
    n_valid: int = 0
    n_distinct: int = 0
    n_written: int = 0

    def summary(self) -> dict[str, int | float]:
        shares = {
            "validity": self.n_valid / max(1, self.n_drawn),
            "uniqueness": self.n_distinct / max(1, self.n_valid),
        }
        return {**vars(self), **{name: round(share, 4) for name, share in shares.items()}}


def canonical(smiles: str) -> str | None:
    """The molecule's canonical SMILES; None if it is none."""
    mol = Chem.MolFromSmiles(smiles) if smiles else None
    return Chem.MolToSmiles(mol) if mol is not None and mol.GetNumAtoms() else None


def strings(net: CausalNet, n: int, how: Drawing) -> Iterator[list[str]]:
    """What the network writes, without end; n, how many will do, and `workers` change the speed only."""
    size = min(CHUNK, -(-n // how.workers) + 8)

    def chunk(i: int) -> list[str]:
        return sample(net, size, how.seed, first=i * size, temperature=how.temperature)

    with ThreadPoolExecutor(how.workers) as pool:
        for start in count(step=how.workers):
            yield from pool.map(chunk, range(start, start + how.workers))


def molecules(net: CausalNet, n: int, how: Drawing, told: Drawn) -> Iterator[str]:
    """n molecules as canonical SMILES (or strings if `raw`), fewer if PATIENCE ends; fills in `told`."""
    seen: set[str] = set()
    for chunk in strings(net, n, how):
        with quiet_rdkit():
            found = [canonical(text) for text in chunk]
        for text, smiles in zip(chunk, found, strict=True):
            is_new = smiles is not None and smiles not in seen
            told.n_drawn += 1
            told.n_valid += smiles is not None
            told.n_distinct += is_new
            if smiles is not None:
                seen.add(smiles)
            kept = text if how.raw else smiles if is_new or not how.unique else None
            if kept is not None:
                told.n_written += 1
                yield kept
            if told.n_written >= n or told.n_drawn >= PATIENCE * max(n, 100):
                return


def write_molecules(
    prior: str | Path | Pretrained, n: int, out: Path, how: Drawing, progress: Progress = SILENT
) -> Drawn:
    """A file with one SMILES a line, whole or not at all; what was drawn for it.

    `prior` is a folder or the name of a shipped prior. UsageError if it is none;
    NothingUsable if not one string is a molecule.
    """
    check_out(out)
    net, told = load_prior(prior), Drawn()
    with writing(out) as part, open(part, "w", encoding="utf-8", newline="\n") as file:
        for smiles in progress.track(molecules(net, n, how, told), "molecules", n):
            file.write(f"{smiles}\n")
        if not told.n_written:
            raise NothingUsable(
                f"none of {told.n_drawn:,} strings drawn is a molecule: train {prior} for longer, "
                "or lower the temperature"
            )
    return told


def check_out(out: Path) -> None:
    """UsageError if the file cannot be written there."""
    if out.is_dir():
        raise UsageError(f"{out} is a folder; -o takes the .smi file to write")
    if out.suffix != ".smi":
        raise UsageError(f"{out}: molecules are written as .smi, one SMILES a line; end the name so")
    if not out.parent.is_dir():
        raise UsageError(f"no folder {out.parent}; make it or choose another path")

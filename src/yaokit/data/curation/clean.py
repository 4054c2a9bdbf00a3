"""Structures standardized in guarded processes, each distinct one once."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from yaokit.chem.parse import as_smiles, parse
from yaokit.chem.standardize import Standardizer
from yaokit.core.guard import Pool
from yaokit.core.reasons import Failure
from yaokit.data.curation.chunks import Chunk

_REMEMBERED = 100_000  # distinct structures whose result is kept for the next rows


class Clean(NamedTuple):
    """A standardized SMILES, what was done to get it, and the structure as it is shown."""

    smiles: str
    notes: str
    shown: str


class Standardize:
    """What a guarded child does with one structure."""

    def __init__(self, standardizer: Standardizer) -> None:
        self._standardizer = standardizer

    def __call__(self, text: str) -> Clean | Failure:
        found = self._standardizer(text, check=True)
        if isinstance(found, Failure):
            return found
        return Clean(found.smiles, "; ".join(found.notes), shown(text))


def shown(text: str) -> str:
    """The text itself if it is one line; of a mol block the SMILES."""
    if "\n" not in text:
        return text
    mol = parse(text)
    return "" if isinstance(mol, Failure) else as_smiles(text, mol)


def cleaned(
    chunks: Iterable[Chunk], standardizer: Standardizer, workers: int
) -> Iterator[tuple[Chunk, list[Clean | Failure]]]:
    """Each chunk with one result a row: the row's own failure, or what became of its structure."""
    known: dict[str, list] = {}
    waiting: deque[tuple[Chunk, list[list]]] = deque()

    def batches() -> Iterator[list[str]]:
        for chunk in chunks:
            new: list[str] = []
            slots = []
            for text, failure in zip(chunk.texts, chunk.failures, strict=True):
                if failure is not None:
                    slots.append([failure])
                    continue
                slot = known.get(text or "")
                if slot is None:
                    slot = known[text or ""] = []
                    new.append(text or "")
                slots.append(slot)
            waiting.append((chunk, slots))
            fresh.append([known[text] for text in new])
            yield new
            if len(known) > _REMEMBERED:
                known.clear()  # rows that wait hold their own slots

    fresh: deque[list[list]] = deque()
    with Pool(Standardize(standardizer), workers=workers) as pool:
        for results in pool.map(batches()):
            for slot, result in zip(fresh.popleft(), results, strict=True):
                slot.append(result)
            chunk, slots = waiting.popleft()
            yield chunk, [slot[0] for slot in slots]

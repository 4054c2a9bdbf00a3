"""What becomes of lines in the first pass of a preparation, in guarded children."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from yaokit.chem.parse import parse
from yaokit.chem.standardize import Standard, Standardizer
from yaokit.core.reasons import Failure
from yaokit.nn.tokenizer import smiles_tokenizer
from yaokit.pretrain.held import Held
from yaokit.pretrain.sources import Line

HELD_OUT, NOT_SAMPLED = "HELD_OUT", "NOT_SAMPLED"  # stays out, and is not listed
UNKNOWN_TOKEN = "UNKNOWN_TOKEN"  # of corpora alone, not in core.reasons: docs/pretrain.md explains it
_OBJECT = 60  # bytes of a text beside its letters


class Piece(NamedTuple):
    """What became of some lines: text for each bucket, counts by source and code, rejected lines."""

    kept: dict[int, str]
    counts: Counter[tuple[int, str]]
    rejects: list[tuple[int, int, str, str, str]]
    n: int

    @property
    def bytes(self) -> int:
        """Of memory, about."""
        return sum(len(text) + _OBJECT for text in self.kept.values())


class Each:
    """What a guarded child does with a line: its canonical SMILES, or why it stays out."""

    def __init__(self, as_is: Sequence[bool], shares: Sequence[float], held: Held) -> None:
        """Of each source whether it is taken as drawn, and what share of it is taken."""
        self.as_is, self.shares, self.held = as_is, shares, held
        self.standardize = Standardizer()

    def __call__(self, item: Line) -> str | Failure:
        source, _, text, failure = item
        if failure is not None:
            return failure
        if self.shares[source] < 1 and _number(text, b"sample") >= self.shares[source] * 2**64:
            return Failure(NOT_SAMPLED, "")
        found = _as_drawn(text) if self.as_is[source] else self.standardize(text, check=True)
        if isinstance(found, Failure):
            return found
        if self.held.blocks and self._is_held(found, self.as_is[source]):
            return Failure(HELD_OUT, "")
        if unknown := smiles_tokenizer().unknown(found.smiles):
            return Failure(UNKNOWN_TOKEN, f"{unknown[0]!r} is no token of yaokit's networks")
        return found.smiles

    def _is_held(self, found: Standard, as_is: bool) -> bool:
        """Whether it must stay out; of what is taken as drawn also its parent, or each part of a mixture."""
        if self.held.has(found.smiles, found.mol):
            return True
        if not as_is:
            return False
        parent = self.standardize(found.smiles)
        parts = found.smiles.split(".") if isinstance(parent, Failure) else ()
        every = [parent, *(self.standardize(part) for part in parts)]
        return any(self.held.has(s.smiles, s.mol) for s in every if not isinstance(s, Failure))


def _as_drawn(text: str) -> Standard | Failure:
    mol = parse(text)
    return mol if isinstance(mol, Failure) else Standard(mol)


class Finish:
    """Lines and what became of them → Piece."""

    def __init__(self, n_shards: int) -> None:
        self.n_shards = n_shards

    def __call__(self, lines: Sequence[Line], found: Sequence[str | Failure]) -> Piece:
        kept: dict[int, list[str]] = {}
        counts: Counter[tuple[int, str]] = Counter()
        rejects: list[tuple[int, int, str, str, str]] = []
        for (source, line, text, _), result in zip(lines, found, strict=True):
            if isinstance(result, Failure):
                counts[source, result.code] += 1
                if result.code not in (HELD_OUT, NOT_SAMPLED):
                    rejects.append((source, line, text[:300], result.code, result.message))
                continue
            counts[source, ""] += 1
            bucket = _number(result, b"shard") % self.n_shards
            kept.setdefault(bucket, []).append(f"{result}\t{source}\n")
        texts = {bucket: "".join(rows) for bucket, rows in kept.items()}
        return Piece(texts, counts, rejects, len(lines))


def _number(text: str, purpose: bytes) -> int:
    """64 bits of a text, the same everywhere."""
    digest = hashlib.blake2b(text.encode(), digest_size=8, person=purpose).digest()
    return int.from_bytes(digest, "big")

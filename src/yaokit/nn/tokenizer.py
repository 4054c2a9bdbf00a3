"""SMILES as numbers: one token an atom, bond, ring mark or branch, from a closed list."""

import csv
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np

PAD, BOS, EOS, MASK, UNK = range(5)
VERSION = 1  # of the list; a list that is once used never changes
_ATOMS = ("atom", "bracket", "element")


class Tokenizer:
    """Splits SMILES and gives each token its number; `decode(encode(smiles)) == smiles`.

    Bracket atoms that are common in public data are one token, all others split into their parts:
    `[13C@@H-]` is `[`, `1`, `3`, `C`, `@@`, `H`, `-`, `]`. So nothing that SMILES can say is unknown.
    """

    def __init__(self, tokens: Sequence[str], kinds: Sequence[str]) -> None:
        self.tokens, self.kinds = tuple(tokens), tuple(kinds)
        self.number = {token: i for i, token in enumerate(tokens)}
        by_kind = {kind: [t for t, k in zip(tokens, kinds, strict=True) if k == kind] for kind in set(kinds)}
        outside = by_kind["atom"] + by_kind["bond"] + by_kind["digit"] + by_kind["ring"]
        inside = outside + by_kind["piece"] + by_kind["element"]
        self._outside = re.compile(rf"\[[^\[\]]*\]|{_longest_first(outside)}|.", re.DOTALL)
        self._inside = re.compile(f"{_longest_first(inside)}|.", re.DOTALL)

    def __len__(self) -> int:
        return len(self.tokens)

    def split(self, smiles: str) -> list[str]:
        """The tokens' texts, which joined are the SMILES; what is no token stands alone, a letter each."""
        out: list[str] = []
        for text in self._outside.findall(smiles):
            if text[0] == "[" and text not in self.number:
                out += self._inside.findall(text)
            else:
                out.append(text)
        return out

    def unknown(self, smiles: str) -> list[str]:
        """The letters that `encode` gives as UNK; none in anything that parses."""
        return [text for text in self.split(smiles) if text not in self.number]

    def encode(self, smiles: str, *, ends: bool = False) -> np.ndarray:
        """(length,) int64 token numbers, with `ends` between BOS and EOS; UNK is a letter, no token."""
        found = [self.number.get(text, UNK) for text in self.split(smiles)]
        return np.array([BOS, *found, EOS] if ends else found, np.int64)

    def decode(self, numbers: np.ndarray) -> str:
        """The SMILES again; PAD, BOS and EOS leave nothing. ValueError at another special token."""
        out = []
        for number in numbers.tolist():
            if number in (PAD, BOS, EOS):
                continue
            if self.kinds[number] in ("special", "reserve"):
                raise ValueError(f"{self.tokens[number]} stands for no part of a SMILES")
            out.append(self.tokens[number])
        return "".join(out)

    def atom_tokens(self, smiles: str) -> list[np.ndarray]:
        """For each atom, in the order written (RDKit's when it parses), the places of its tokens.

        Places count from 0 without BOS; an atom has several where its bracket was split.
        """
        atoms: list[list[int]] = []
        within = False
        for place, text in enumerate(self.split(smiles)):
            if text == "[":
                atoms.append([])
            if text == "[" or within:
                atoms[-1].append(place)
                within = text != "]"
            elif self.kinds[self.number.get(text, UNK)] in _ATOMS:
                atoms.append([place])
        return [np.array(places) for places in atoms]


@cache
def smiles_tokenizer() -> Tokenizer:
    """The tokenizer of list VERSION (nn/data/tokens-1.csv)."""
    text = files("yaokit.nn.data").joinpath(f"tokens-{VERSION}.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return Tokenizer([row["token"] for row in rows], [row["kind"] for row in rows])


def pad(sequences: Sequence[np.ndarray]) -> np.ndarray:
    """(n, longest) int64: the sequences, filled up with PAD on the right."""
    out = np.full((len(sequences), max(map(len, sequences), default=0)), PAD, np.int64)
    for row, sequence in zip(out, sequences, strict=True):
        row[: len(sequence)] = sequence
    return out


def _longest_first(tokens: Sequence[str]) -> str:
    return "|".join(re.escape(token) for token in sorted(tokens, key=len, reverse=True))

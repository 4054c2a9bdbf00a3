"""What is open in a SMILES while it is read or written: branches, rings, bonds, aromatic systems.

A left-to-right network must count all this itself, and where it loses count it writes what is no molecule;
told, it need not. Nothing is refused here: of what is no SMILES something is said all the same.
"""

import re
from collections.abc import Iterable
from functools import cache

NUMBERS = 20  # of Syntax.told
_DEPTHS, _MARKS, _BONDS = 4, "123456", 3
_ORDERS = {"=": 2, "#": 3, "$": 4}
_IMPLICIT = ("", "/", "\\", ":", "~")  # between aromatic atoms these are aromatic bonds
_BRACKET = re.compile(r"\[\d*(\*|[A-Z][a-z]?|[a-z]{1,2})@*(H\d*)?([+-]\d+|\++|-+)?(:\d+)?\]")
_VALENCES = {"B": 3, "C": 4, "N": 3, "O": 2, "F": 1, "Si": 4, "P": 5, "S": 6, "Cl": 1, "Br": 1, "I": 1}
_LIKE = {"N+": "C", "O+": "N", "S+": "P", "C-": "N", "N-": "O", "O-": "F", "S-": "Cl", "B-": "C", "P+": "Si"}
_ANY = 6  # bonds of an atom of which nothing is known
_PI = ("c", "n", "p", "n+", "nH+", "o+")  # want a double bond in an aromatic system; n and p with two bonds


class Syntax:
    """The tokens so far. An atom's `free` bonds; its `system`, aromatic atoms that hang together."""

    def __init__(self) -> None:
        self.free: list[int] = []
        self.symbol: list[str] = []
        self.system: list[int] = []  # -1: the atom is not aromatic
        self.odd: list[bool] = []  # of a system: whether an atom is left if double bonds are put into it
        self.marks: list[int] = []  # of a system: rings open at its atoms
        self.branches: list[int] = []  # the atoms that open branches begin at
        self.rings: dict[str, tuple[int, str]] = {}  # open marks, each with its atom and bond
        self.last, self.bond, self.piece = -1, "", ""

    def add(self, token: str) -> None:
        """Read the next token."""
        if self.piece or token == "[":  # a bracket that is several tokens
            self.piece += token
            if token != "]":
                return
            token, self.piece = self.piece, ""
        kind, symbol, room = _read(token)
        if kind == "atom":
            self._atom(symbol, room)
        elif kind == "bond":
            self.bond = token
        elif kind == "ring":
            self._ring(token)
        elif token == "(":
            self.branches.append(self.last)
        elif token == ")" and self.branches:
            self.last, self.bond = self.branches.pop(), ""
        elif token == ".":
            self.last = -1

    def told(self) -> list[bool]:
        """NUMBERS times yes or no.

        Branches are open, at least 1, 2, …; each ring mark, then any other; bonds that the last atom can
        make, at least 1, 2, …; it has too many; it is aromatic; its aromatic system has an odd number of
        atoms that want a double bond; a ring is open there; nothing is open; a bond is written.
        """
        depth, last = len(self.branches), self.last
        free = self.free[last] if last >= 0 else _ANY
        system = self.system[last] if last >= 0 else -1
        others = len(self.rings) - sum(mark in self.rings for mark in _MARKS)
        return [
            *(depth > i for i in range(_DEPTHS)),
            *(mark in self.rings for mark in _MARKS),
            others > 0,
            *(free > i for i in range(_BONDS)),
            free < 0,
            system >= 0,
            system >= 0 and self.odd[system],
            system >= 0 and self.marks[system] > 0,
            not depth and not self.rings,
            bool(self.bond),
        ]

    def _atom(self, symbol: str, room: int) -> None:
        new, last, sign = len(self.free), self.last, self.bond
        self.free.append(room)
        self.symbol.append(symbol)
        self.system.append(-1)
        if symbol[0].islower():
            is_bound = last >= 0 and sign in _IMPLICIT and self.system[last] >= 0
            self.system[new] = self.system[last] if is_bound else len(self.odd)
            if not is_bound:
                self.odd.append(False)
                self.marks.append(0)
            self.odd[self.system[new]] ^= symbol in _PI
        if last >= 0:
            self._bind(last, sign)
            self._bind(new, sign)
        self.last, self.bond = new, ""

    def _ring(self, mark: str) -> None:
        if self.last < 0:
            return
        first, opened = self.rings.pop(mark, (-1, ""))
        sign, self.bond = self.bond or opened, ""
        system = self.system[self.last]
        self._bind(self.last, sign)
        if first < 0:
            self.rings[mark] = self.last, sign
            if system >= 0:
                self.marks[system] += 1
            return
        other = self.system[first]
        if other >= 0:
            self.marks[other] -= 1
        if _order(sign) != _order(opened):  # only now it is known what the first atom's bond is
            self.free[first] += 1
            self._bind(first, sign)
        if min(system, other) >= 0 and system != other and sign in _IMPLICIT:
            self.odd[system] ^= self.odd[other]
            self.marks[system] += self.marks[other]
            self.system = [system if its == other else its for its in self.system]

    def _bind(self, atom: int, sign: str) -> None:
        """A bond takes from an atom's room, one if it is aromatic, and may end its want of a double bond."""
        system, symbol = self.system[atom], self.symbol[atom]
        self.free[atom] -= 1 if system >= 0 else _order(sign)
        if system >= 0 and symbol in _PI and (sign == "=" or (symbol in ("n", "p") and not self.free[atom])):
            self.odd[system] ^= True


def told(tokens: Iterable[str]) -> list[list[bool]]:
    """What Syntax tells after each token."""
    so_far, out = Syntax(), []
    for token in tokens:
        so_far.add(token)
        out.append(so_far.told())
    return out


@cache
def _read(token: str) -> tuple[str, str, int]:
    """What a token is, and of an atom the symbol with its charge and how many bonds it can make."""
    if token in ("", "(", ")", "."):
        return "other", "", 0
    if token in _IMPLICIT or token in _ORDERS or token == "-":
        return "bond", "", 0
    if token[-1].isdigit() and token[0] != "[":
        return "ring", "", 0
    found = _BRACKET.fullmatch(token)
    if found is None:
        return ("atom", token, _room(token)) if token.isalpha() else ("other", "", 0)
    symbol, hydrogens, charge, _ = found.groups()
    n = int(hydrogens[1:] or 1) if hydrogens else 0
    sign = charge[0] if charge else ""
    name = f"{symbol}{'H' * bool(n)}{sign}" if symbol.islower() else symbol
    return "atom", name, _room(symbol + sign) - n


def _order(sign: str) -> int:
    return _ORDERS.get(sign, 1)


def _room(symbol: str) -> int:
    if symbol[0].islower():
        return 2 if symbol in ("o", "s", "se", "te") else 3
    return _VALENCES.get(_LIKE.get(symbol, symbol), _ANY)

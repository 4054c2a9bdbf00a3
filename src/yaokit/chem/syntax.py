"""What is open in a SMILES while it is read or written: branches, rings, bonds, aromatic systems.

A left-to-right network must count all this itself, and where it loses count it writes what is no molecule;
told, it need not. Nothing is refused here: of what is no SMILES something is said all the same.

What is told is a part of every network that has learned with it: it must stay as it is. One that tells more
is another, with a name of its own in the network's settings.
"""

import re
from collections.abc import Iterable
from functools import cache

_DEPTHS, _MARKS, _SIZES, _BONDS, _LACKING = 4, "123456", (3, 4, 5, 6, 7), 3, 2
NUMBERS = _DEPTHS + 2 * len(_MARKS) + len(_SIZES) + _BONDS + _LACKING + 8  # of Syntax.told
_ORDERS = {"=": 2, "#": 3, "$": 4}
_IMPLICIT = ("", "/", "\\", ":", "~")  # between aromatic atoms these are aromatic bonds
_BRACKET = re.compile(r"\[\d*(\*|[A-Z][a-z]?|[a-z]{1,2})@*(H\d*)?([+-]\d+|\++|-+)?(:\d+)?\]")
_VALENCES = {"B": 3, "C": 4, "N": 3, "O": 2, "F": 1, "Si": 4, "P": 5, "S": 6, "Cl": 1, "Br": 1, "I": 1}
_LIKE = {"N+": "C", "O+": "N", "S+": "P", "C-": "N", "N-": "O", "O-": "F", "S-": "Cl", "B-": "C", "P+": "Si"}
_ANY = 6  # bonds of an atom of which nothing is known
_PI = ("c", "n", "p", "n+", "nH+", "o+")  # want a double bond in an aromatic system; n and p with two bonds


class Syntax:
    """The tokens so far.

    Of an atom: `free`, bonds it can still make; `depth`, atoms on the way to it; `beside`, those bound to it.
    Of an aromatic one: its `system`, those that hang together; `near`, those bound to it there; whether it
    `wants` a double bond there; its `mate` in that if as many as possible have one.
    """

    def __init__(self) -> None:
        self.symbol: list[str] = []
        self.free: list[int] = []
        self.depth: list[int] = []
        self.beside: list[list[int]] = []
        self.system: list[int] = []  # -1: not aromatic
        self.near: list[list[int]] = []
        self.wants: list[bool] = []
        self.mate: list[int] = []  # -1: none
        self.lacking: list[int] = []  # of a system: atoms that want a mate and have none
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

        Branches are open, at least 1, 2, …; each ring mark is; the ring of each may be closed at the last
        atom; the latest would have each size; the last atom can make bonds, at least 1, 2, …; its aromatic
        system lacks mates, at least 1, 2, …; then: another mark is open; nothing is; a bond is written; the
        last atom has too many bonds, is aromatic, lacks a mate, is in a system with an open ring; is none.
        """
        depth, last, rings = len(self.branches), self.last, self.rings
        free, system, lacking, alone, marks = _ANY, -1, 0, False, 0
        could, size = [False] * len(_MARKS), 0
        if last >= 0:
            free, system = self.free[last], self.system[last]
            if rings:
                could = [
                    m in rings and (f := rings[m][0]) != last and f not in self.beside[last] for m in _MARKS
                ]
                size = self.depth[last] - self.depth[next(reversed(rings.values()))[0]] + 1
        if system >= 0:
            lacking, marks = self.lacking[system], self.marks[system]
            alone = self.wants[last] and self.mate[last] < 0
        return [
            *[depth > i for i in range(_DEPTHS)],
            *[mark in rings for mark in _MARKS],
            *could,
            *[size == n for n in _SIZES[:-1]],
            size >= _SIZES[-1],
            *[free > i for i in range(_BONDS)],
            *[lacking > i for i in range(_LACKING)],
            len(rings) > sum(mark in rings for mark in _MARKS),
            not depth and not rings,
            bool(self.bond),
            free < 0,
            system >= 0,
            alone,
            marks > 0,
            last < 0,
        ]

    def _atom(self, symbol: str, room: int) -> None:
        new, last, sign = len(self.free), self.last, self.bond
        self.symbol.append(symbol)
        self.free.append(room)
        self.depth.append(self.depth[last] + 1 if last >= 0 else 0)
        self.beside.append([])
        self.system.append(-1)
        self.near.append([])
        self.wants.append(False)
        self.mate.append(-1)
        if symbol[0].islower():
            is_bound = last >= 0 and sign in _IMPLICIT and self.system[last] >= 0
            self.system[new] = self.system[last] if is_bound else len(self.lacking)
            if not is_bound:
                self.lacking.append(0)
                self.marks.append(0)
        if last >= 0:
            self._join(last, new, sign)
            self._bind(last, sign)
            self._bind(new, sign)
        if symbol in _PI and sign != "=":
            self.wants[new] = True
            self._seek(new)
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
        self._join(first, self.last, sign)
        if min(system, other) < 0 or sign not in _IMPLICIT:
            return
        if system != other:
            self.lacking[system] += self.lacking[other]
            self.marks[system] += self.marks[other]
            self.system = [system if its == other else its for its in self.system]
        for atom, its in enumerate(self.system):
            if its == system and self.wants[atom] and self.mate[atom] < 0:
                self.lacking[system] -= 1
                self._seek(atom)

    def _join(self, a: int, b: int, sign: str) -> None:
        self.beside[a].append(b)
        self.beside[b].append(a)
        if sign in _IMPLICIT and min(self.system[a], self.system[b]) >= 0:
            self.near[a].append(b)
            self.near[b].append(a)

    def _bind(self, atom: int, sign: str) -> None:
        """A bond takes from an atom's room, one if it is aromatic, and may end its want of a double bond."""
        self.free[atom] -= 1 if self.system[atom] >= 0 else _order(sign)
        if self.wants[atom] and (sign == "=" or (self.symbol[atom] in ("n", "p") and not self.free[atom])):
            self.wants[atom], mate = False, self.mate[atom]
            if mate < 0:
                self.lacking[self.system[atom]] -= 1
            else:
                self.mate[atom] = self.mate[mate] = -1
                self._seek(mate)

    def _seek(self, atom: int) -> None:
        """Look for a mate for an atom that has none, others may change theirs."""
        self.lacking[self.system[atom]] += -1 if self._find(atom, {atom}) else 1

    def _find(self, atom: int, passed: set[int]) -> bool:
        for other in self.near[atom]:
            if not self.wants[other] or other in passed:
                continue
            theirs = self.mate[other]
            if theirs < 0 or (theirs not in passed and self._find(theirs, passed | {other, theirs})):
                self.mate[other], self.mate[atom] = atom, other
                return True
        return False


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

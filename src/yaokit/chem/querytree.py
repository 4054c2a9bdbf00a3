"""Substructure queries taken apart: what each of their atoms and bonds asks for.

RDKit tells what an atom or bond of a query asks only as text: a tree, indented by depth. Recursive
parts, `$(…)`, are named in it without their content; that is read from the query's binary form,
where they stand in the same order.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import pairwise

from rdkit import Chem

_MAGIC = b"\xef\xbe\xad\xde"  # begins a molecule in RDKit's binary form, nested ones too
_ASKS = re.compile(r"(\w+) (-?\d+) (!?=) val")  # "AtomFormalCharge -1 != val"
_RECURSION = re.compile(r"RecursiveStructure val (not )?in .*")
_JOINS = ("AtomAnd", "AtomOr", "BondAnd", "BondOr", "AtomNull", "BondNull")


@dataclass(frozen=True, order=True)
class Tree:
    """One question, its value and whether it is negated; or And or Or of several.

    "unknown" stands for what is not understood, "recursion" for a query in the query. Trees of the
    same text are equal: they ask the same, except for what their recursions ask.
    """

    text: str
    name: str = field(compare=False)
    value: int = field(default=0, compare=False)
    is_negated: bool = field(default=False, compare=False)
    parts: "tuple[Tree, ...]" = field(default=(), compare=False)
    query: "Query | None" = field(default=None, compare=False)

    @cached_property
    def is_recursive(self) -> bool:
        """Whether a recursion is anywhere in it."""
        return self.name == "recursion" or any(part.is_recursive for part in self.parts)


@dataclass(frozen=True)
class Query:
    """What the atoms of a substructure query ask, and its bonds as (atom, atom, what is asked)."""

    atoms: tuple[Tree, ...]
    bonds: tuple[tuple[int, int, Tree], ...]


def read_query(binary: bytes) -> Query:
    """The query in RDKit's binary form (`Mol.ToBinary`)."""
    starts = [found.start() for found in re.finditer(re.escape(_MAGIC), binary)]
    inner = iter([_mol(binary[start:]) for start in starts[1:]])
    query = _query(_mol(binary), inner)
    is_settled = next(inner, None) is None
    return query if is_settled else _query(_mol(binary), iter(()))  # recursions stay unknown


def _mol(binary: bytes) -> Chem.Mol:
    return Chem.Mol(binary)  # pyright: ignore[reportCallIssue, reportArgumentType] - not in RDKit's stubs


def _query(mol: Chem.Mol, inner: Iterator[Chem.Mol]) -> Query:
    atoms = tuple(_tree(atom, inner) for atom in mol.GetAtoms())
    bonds = tuple(
        (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), _tree(bond, inner)) for bond in mol.GetBonds()
    )
    return Query(atoms, bonds)


def _tree(asking: Chem.Atom | Chem.Bond, inner: Iterator[Chem.Mol]) -> Tree:
    text = asking.DescribeQuery() if asking.HasQuery() else "what plain atoms and bonds ask is not told"
    return _parsed(text.splitlines(), inner) if "Recursive" in text else _simple(text)


@cache
def _simple(text: str) -> Tree:
    return _parsed(text.splitlines(), iter(()))


def _parsed(lines: list[str], inner: Iterator[Chem.Mol]) -> Tree:
    """The tree of these lines: the first one and, deeper by two blanks each, its parts."""
    depth, rest = _depth(lines[0]), lines[1:]
    text, head = "\n".join(line[depth:] for line in lines), lines[0].strip()
    starts = [i for i, line in enumerate(rest) if _depth(line) == depth + 2] + [len(rest)]
    parts = tuple(_parsed(rest[a:b], inner) for a, b in pairwise(starts))
    if found := _RECURSION.fullmatch(head):
        query = next(inner, None)
        return Tree(text, "recursion", 0, bool(found[1]), (), query and _query(query, inner))
    if found := _ASKS.fullmatch(head):
        return Tree(text, found[1], int(found[2]), found[3] == "!=")
    return Tree(text, head if head in _JOINS else "unknown", parts=parts)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())

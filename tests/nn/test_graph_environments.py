"""Environments: the distinct ones, and how each is made from those before."""

import numpy as np
from rdkit import Chem
from toy_runs import series

from yaokit.nn.graph import Graphs, Links, Wiring, graphs, grouped, wire
from yaokit.nn.graph_environments import Environments, environments

SMILES = [*series(12)[0], "C", "[Na+].[Cl-]", "c1ccccc1", "C[C@H](N)O", "C[C@@H](N)O"]


def made(smiles: list[str], steps: int = 2) -> tuple[Graphs, Wiring, np.ndarray, np.ndarray, Environments]:
    X = graphs([Chem.MolFromSmiles(text) for text in smiles])
    wiring = wire(X)
    atoms, edges = (grouped(codes)[1].indices for codes in (X.atoms, X.bonds[wiring.bond]))
    return X, wiring, atoms, edges, environments(X, wiring, atoms, edges, steps)


def rows(links: Links) -> list[list[int]]:
    return [row.tolist() for row in np.split(links.indices, links.starts[1:])]


def test_there_are_as_many_as_can_be_told_apart_by_hand():
    _, wiring, atoms, edges, found = made(SMILES)
    kinds = list(zip(atoms[wiring.from_source.indices].tolist(), edges.tolist(), strict=True))
    seen: list = kinds
    counts = [len(found.source.starts), *(len(step.own.starts) for step in found.steps)]
    for step, count in enumerate(counts):
        assert len(set(seen)) == count, step
        seen = (
            [
                (kind, tuple(sorted(seen[i] for i in row)))
                for kind, row in zip(kinds, rows(wiring.onward), strict=True)
            ]
            if step < 2
            else seen
        )
    ends = zip(atoms.tolist(), rows(wiring.into_target), strict=True)
    assert len({(kind, tuple(sorted(map(str, (seen[i] for i in row))))) for kind, row in ends}) == len(
        found.atom.starts
    )


def test_links_name_rows_that_are_there():
    X, _, atoms, edges, found = made(SMILES)
    sizes = [len(found.source.starts), *(len(step.own.starts) for step in found.steps)]
    assert found.source.indices.max() == atoms.max()
    assert found.bond.indices.max() == edges.max()
    for step, before in zip(found.steps, sizes, strict=False):
        assert step.own.indices.max() < sizes[0]
        assert step.onward.indices.max() < before
    assert found.into.indices.max() < sizes[-1]
    assert sorted(set(found.of_molecule.indices.tolist())) == list(range(len(found.atom.starts)))
    assert len(found.of_molecule.starts) == len(X)


def test_the_way_back_is_the_same_matrix():
    found = made(SMILES)[-1]
    for links in (found.source, found.into, found.of_molecule, *(step.onward for step in found.steps)):
        there = sorted((i, j) for i, row in enumerate(rows(links)) for j in row)
        back = rows(Links(links.indices_back, links.starts_back, links.indices, links.starts))
        assert sorted((i, j) for j, column in enumerate(back) for i in column) == there


def test_benzene_has_one_edge_and_one_atom():
    found = made(["c1ccccc1"] * 3)[-1]
    assert [len(part.starts) for part in (found.source, found.steps[1].own, found.atom)] == [1, 1, 1]
    assert rows(found.of_molecule) == [[0] * 6] * 3


def test_molecules_without_bonds_have_no_edges():
    found = made(["C", "[Na+]"])[-1]
    assert len(found.source.starts) == 0
    assert len(found.atom.starts) == 2

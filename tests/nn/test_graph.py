"""Graphs: what stands in the arrays, taking molecules, and how edges are wired."""

import pickle

import numpy as np
import pytest
from rdkit import Chem
from toy_runs import series

from yaokit.nn.graph import (
    ATOM,
    BOND,
    Graphs,
    Links,
    described,
    expand_atoms,
    expand_bonds,
    graphs,
    grouped,
    wire,
)

SMILES = ["CCO", "C", "c1ccc2[nH]ccc2c1", "[Na+].[Cl-]", "C[C@H](N)O", "F/C=C/F", "C#N"]


def made(smiles: list[str]) -> Graphs:
    return graphs([Chem.MolFromSmiles(text) for text in smiles])


def same(first: Graphs, second: Graphs) -> bool:
    names = ("atoms", "bonds", "ends", "n_atoms", "n_bonds", "numbers")
    return all(np.array_equal(getattr(first, k), getattr(second, k), equal_nan=True) for k in names)


def dense(links: Links, n_columns: int, *, back: bool = False) -> np.ndarray:
    """The matrix that the links stand for, from its rows or from its columns."""
    indices, starts = links[2:] if back else links[:2]
    out = np.zeros((len(starts), n_columns), int)
    for i, row in enumerate(np.split(indices, starts[1:])):
        np.add.at(out[i], row, 1)
    return out


def test_arrays_hold_every_atom_and_bond():
    X = made(SMILES)
    mols = [Chem.MolFromSmiles(text) for text in SMILES]
    assert X.shape == (7, 0)
    assert X.n_atoms.tolist() == [mol.GetNumAtoms() for mol in mols]
    assert X.n_bonds.tolist() == [mol.GetNumBonds() for mol in mols]
    assert X.atoms[:, 0].tolist() == [atom.GetAtomicNum() for mol in mols for atom in mol.GetAtoms()]
    assert X.atoms.dtype == X.bonds.dtype == np.uint8


def test_indole_is_coded_as_its_atoms_are():
    X = made(["c1ccc2[nH]ccc2c1"])
    nitrogen, fusion = X.atoms[4], X.atoms[3]
    names = [name for name, _ in ATOM]
    assert dict(zip(names, nitrogen.tolist(), strict=True)) == {
        "element": 7,
        "degree": 3,
        "charge": 4,
        "hydrogens": 1,
        "hybridization": int(Chem.HybridizationType.SP2),
        "chirality": 0,
        "rings": 0b01000100,  # one ring, of 5 atoms
        "marks": 1,  # aromatic
    }
    assert fusion[names.index("rings")] == 0b11001100  # a ring of 5 and one of 6


@pytest.mark.parametrize("pair", [("C[C@H](N)O", "C[C@@H](N)O"), ("F/C=C/F", "F/C=C\\F"), ("CC", "[13CH3]C")])
def test_stereo_and_isotopes_are_seen(pair: tuple[str, str]):
    assert not same(made([pair[0]]), made([pair[1]]))


def test_taking_molecules_is_as_making_them_alone():
    X = made(SMILES)
    assert same(X[[4, 0, 4]], made([SMILES[4], SMILES[0], SMILES[4]]))
    assert same(X[2:5], made(SMILES[2:5]))
    assert same(X[np.arange(7) % 2 == 0], made(SMILES[::2]))
    assert same(X[2:][[1, 3]], made([SMILES[3], SMILES[5]]))
    assert X[[]].shape == (0, 0)


def test_graphs_survive_a_pickle():
    X = made(SMILES)
    assert same(pickle.loads(pickle.dumps(X)), X)


def test_descriptions_stand_beside_the_graphs():
    X = described([Chem.MolFromSmiles(text) for text in SMILES])
    assert X.shape == (7, 217)
    assert X[3:5].numbers.shape == (2, 217)
    assert not np.isinf(X.numbers).any()
    assert described([]).shape == (0, 217)


def test_a_molecule_takes_less_than_a_kilobyte():
    X = made(series(60)[0])
    assert sum(array.nbytes for array in (X.atoms, X.bonds, X.ends)) < 1_000 * len(X)


def test_codes_expand_to_one_column_each():
    X = made(SMILES)
    sizes = [size for _, size in ATOM if size != "bits"]
    atoms = expand_atoms(X.atoms)
    assert atoms.shape == (len(X.atoms), sum(sizes) + 16 + 1)  # type: ignore[arg-type]
    assert (atoms[:, : sum(sizes)].sum(axis=1) == len(sizes)).all()  # type: ignore[arg-type]
    assert atoms[0, -1] == pytest.approx(0.12011)
    assert (expand_bonds(X.bonds).sum(axis=1) == len(BOND)).all()


def test_an_element_that_nobody_has_is_coded_as_any_other():
    assert expand_atoms(made(["[Og]", "*"]).atoms).shape[0] == 2


def test_edges_lead_to_and_fro_along_each_bond():
    X = made(SMILES)
    wiring = wire(X)
    a, e = len(X.atoms), 2 * len(X.bonds)
    source = dense(wiring.from_source, a).argmax(axis=1)
    ends = (X.ends + X._atom_starts.repeat(X.n_bonds)[:, None])[wiring.bond]
    assert (np.sort(np.stack([source, wiring.target], axis=1)) == np.sort(ends)).all()
    assert len({*zip(source.tolist(), wiring.target.tolist(), strict=True)}) == e


def test_a_message_goes_on_to_all_edges_but_its_reverse():
    X = made(SMILES)
    wiring = wire(X)
    source, target = dense(wiring.from_source, len(X.atoms)).argmax(axis=1), wiring.target
    wanted = (source[:, None] == target[None, :]) & (target[:, None] != source[None, :])
    assert (dense(wiring.onward, len(target)) == wanted).all()


def test_links_and_their_way_back_are_one_matrix():
    X = made(SMILES)
    wiring = wire(X)
    n, a, e = len(X), len(X.atoms), 2 * len(X.bonds)
    sizes = {"from_source": (e, a), "into_target": (a, e), "onward": (e, e), "of_molecule": (n, a)}
    for name, (rows, columns) in sizes.items():
        links = getattr(wiring, name)
        assert (dense(links, columns) == dense(links, rows, back=True).T).all()


def test_equal_rows_are_kept_once():
    X = made(SMILES)
    distinct, links = grouped(X.atoms)
    assert len(np.unique(X.atoms, axis=0)) == len(distinct)
    assert (distinct[links.indices] == X.atoms).all()
    assert (dense(links, len(distinct)) == dense(links, len(X.atoms), back=True).T).all()


def test_molecules_without_bonds_are_wired():
    wiring = wire(made(["C", "[Na+].[Cl-]"]))
    assert len(wiring.target) == 0
    assert wiring.of_molecule.starts.tolist() == [0, 1]

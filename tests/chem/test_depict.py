"""Drawings: small, aligned, honest about what cannot be drawn."""

import json
import time
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from rdkit import Chem

from yaokit.chem import depict

SERIES = [f"O=S(=O)(Nc1nccs1)c1ccc(Oc2ccccc2{r})cc1" for r in ("", "F", "Cl", "C", "OC", "C#N")]
ODD = ["C", "[Na+].[Cl-]", "C[C@H](N)C(=O)O", "[2H]C", "*CC*", "C1CC2CCC1C2", "[CH3]", "C12C3C4C1C5C2C3C45"]


def mols(smiles: list[str]) -> list[Chem.Mol]:
    return [Chem.MolFromSmiles(s) for s in smiles]


def test_common_core_is_held_by_the_series_and_reaches_the_sulfonamide():
    core = depict.common_core(mols(SERIES))
    assert core is not None
    assert all(mol.HasSubstructMatch(core) for mol in mols(SERIES))
    assert core.HasSubstructMatch(Chem.MolFromSmarts("c1ccccc1Oc1ccc(S(=O)(=O)N)cc1"))


@pytest.mark.parametrize("smiles", [[], ["CCO"], ["CCO", "CCN"], ["c1ccccc1", "C1CC1"]])
def test_no_core_without_a_shared_ring_scaffold(smiles: list[str]):
    assert depict.common_core(mols(smiles)) is None


def test_aligned_molecules_have_the_core_in_one_place():
    core = depict.common_core(mols(SERIES))
    assert core is not None
    for mol in mols(SERIES):
        placed = depict.align(mol, core)
        xy, wanted = (m.GetConformer().GetPositions()[:, :2] for m in (placed, core))
        matches = placed.GetSubstructMatches(core, uniquify=False)
        assert min(float(np.abs(xy[list(match)] - wanted).max()) for match in matches) < 0.01


def test_alignment_never_lays_atoms_on_each_other():
    crowded = Chem.MolFromSmiles("Cc1scnc1NS(=O)(=O)c1ccc(Oc2ccccc2-c2ccccc2)c(C#N)c1")
    core = depict.common_core(mols(SERIES))
    xy = depict.align(crowded, core).GetConformer().GetPositions()[:, :2]
    distance = np.linalg.norm(xy[:, None] - xy[None], axis=-1)[np.triu_indices(len(xy), 1)]
    assert distance.min() > depict.TOUCHING


@pytest.mark.parametrize("ring", ["c1cc(=O)c2ccccc2o1", "c1cc(=O)n(C)cc1", "c1nc2ccccc2c(=O)[nH]1"])
def test_parts_of_a_core_with_a_carbonyl_in_an_aromatic_ring_are_laid_on(ring: str):
    core = depict.common_core(mols([f"O=C(NCc1ccc({x})cc1){ring}" for x in ("C", "F", "Cl")]))
    assert core is not None
    drawing = depict.draw(Chem.MolFromSmiles("CCOc1ccc(CN)cc1"), core=core)
    assert len(drawing.atoms) == 11


@pytest.mark.parametrize("smiles", SERIES + ODD)
def test_svg_is_well_formed_small_and_free_of_fixed_black(smiles: str):
    text = depict.svg(Chem.MolFromSmiles(smiles))
    ET.fromstring(text)
    assert len(text) < 9_000
    assert "#000" not in text
    assert "<path" in text


def test_atom_colors_are_discs_where_the_atoms_are():
    mol = Chem.MolFromSmiles("CCO")
    drawing = depict.draw(mol)
    root = ET.fromstring(drawing.svg([None, "#abc", "#def"]))
    circles = root.findall("{http://www.w3.org/2000/svg}circle")
    assert [c.get("fill") for c in circles] == ["#abc", "#def"]
    assert float(circles[0].get("cx", "")) == pytest.approx(drawing.atoms[1][0], abs=0.1)


def test_colors_of_another_molecule_are_not_drawn():
    assert "<circle" not in depict.svg(Chem.MolFromSmiles("CCO"), atom_colors=["#abc"])


def test_a_molecule_too_big_to_draw_is_its_smiles_at_once():
    big, start = Chem.MolFromSmiles("C" * 300), time.monotonic()
    text = depict.svg(big)
    assert "CCCC" in text
    assert "300 heavy atoms" in text
    assert depict.png(big) is None
    assert depict.compact(big) is None
    assert time.monotonic() - start < 1


def test_png_is_a_png():
    assert (depict.png(Chem.MolFromSmiles("CCO")) or b"").startswith(b"\x89PNG")


def test_compact_holds_every_atom_bond_and_label():
    mol = Chem.MolFromSmiles("C[C@H]([NH3+])c1ccc(Cl)cc1")
    short = depict.compact(mol)
    assert short is not None
    assert len(short["atoms"]) == 2 * mol.GetNumAtoms()
    assert len(short["bonds"]) == 3 * mol.GetNumBonds()
    assert short["labels"] == [2, "NH₃⁺", 7, "Cl"]
    assert {4, 5} & set(short["bonds"][2::3])
    assert len(json.dumps(short)) < 600

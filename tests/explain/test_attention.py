import numpy as np
import pytest
import torch
from rdkit import Chem
from toy_runs import series

from yaokit.core.table import MolTable
from yaokit.explain.attention import attention
from yaokit.explain.run import Settings, explain_file
from yaokit.models.transformer import Transformer
from yaokit.report.explained import write_explained


@pytest.fixture(scope="module")
def model() -> Transformer:
    torch.set_num_threads(1)
    smiles, _, y = series(40)
    small = Transformer(epochs=1, width=16, depth=2, heads=2, views=1)
    return small.fit(MolTable.of(smiles, columns={"y": y}), ["y"])


def test_each_token_gives_all_of_its_attention(model: Transformer):
    mol = Chem.MolFromSmiles("C[13CH2]C(=O)Nc1ccccc1Cl")
    found = attention(model, mol)
    n = len(found.tokens)
    assert found.maps.shape == (2, 2, n, n)
    assert found.maps.sum(axis=3) == pytest.approx(np.ones((2, 2, n)), abs=1e-5)
    assert len(found.atoms) == mol.GetNumAtoms()
    assert found.received().sum() < n
    assert found.averaged(1, 0) == pytest.approx(found.maps[1, 0])
    assert found.averaged(0) == pytest.approx(found.maps[0].mean(axis=0))


def test_the_page_has_a_map_for_every_head(model: Transformer, tmp_path):
    model.save(tmp_path / "model")
    (tmp_path / "in.smi").write_text("CCC(=O)Nc1ccccc1Cl a\n")
    found = explain_file(tmp_path / "model", tmp_path / "in.smi", Settings(top=1))
    write_explained(found, tmp_path / "why", "small")
    page = (tmp_path / "why" / "explanations.html").read_text(encoding="utf-8")
    for name in ("all layers, all heads", "layer 1, head 1", "layer 2, head 2"):
        assert f"<option>{name}</option>" in page

"""What the graph encoder learns from, and its embeddings."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from rdkit import Chem
from toy_runs import series

from yaokit.core.errors import UsageError
from yaokit.nn.graph import graphs
from yaokit.nn.graph_encoders import GraphNet
from yaokit.nn.graph_pretraining import (
    Lesson,
    Pretraining,
    embed,
    encoder_state,
    lesson_of,
    losses,
    set_encoder,
    steps_of,
)
from yaokit.nn.pretrained import Pretrained

SLOTS = {"encoder": "directed", "pooling": "mean", "depth": 3, "hidden": 32}
MOLS = [Chem.MolFromSmiles(text) for text in series(32)[0]]


def pretraining(**slots) -> Pretraining:
    torch.manual_seed(0)
    return Pretraining(3, 5, **{**SLOTS, **slots})


def lesson(masked: float = 0.5, hidden: float = 0.3, n: int = 32, **slots) -> Lesson:
    random = np.random.default_rng(0)
    numbers = random.normal(size=(n, 3)).astype(np.float32)
    numbers[0, 0] = np.nan
    bits, steps = random.random((n, 5)) < 0.3, steps_of({**SLOTS, **slots})
    return lesson_of(graphs(MOLS[:n]), numbers, bits, random, steps=steps, masked=masked, hidden=hidden)


def pretrained(**slots) -> Pretrained:
    slots = {**SLOTS, **slots}
    return Pretrained("graph", slots, encoder_state(pretraining(**slots)), {}, "0" * 16)


@pytest.mark.parametrize(
    "slots", [{}, {"pooling": "attention"}, {"encoder": "gine"}, {"encoder": "attentive"}], ids=str
)
def test_every_parameter_gets_a_gradient(slots: dict):
    module, given = pretraining(**slots), lesson(**slots)
    torch.stack(list(losses(module(given), given).values())).sum().backward()
    silent = [name for name, p in module.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == []


def test_it_learns_32_molecules_by_heart():
    module, given = pretraining(hidden=96), lesson(masked=0.0)
    optimizer = torch.optim.AdamW(module.parameters(), lr=5e-3)
    found = losses(module(given), given)
    first = {name: float(loss.detach()) for name, loss in found.items()}
    for _ in range(150):
        optimizer.zero_grad()
        found = losses(module(given), given)
        (found["numbers"] + found["bits"]).backward()
        optimizer.step()
    assert float(found["numbers"].detach()) < 0.4 * first["numbers"]
    assert float(found["bits"].detach()) < 0.4 * first["bits"]


def test_hidden_atoms_are_learned():
    module, given = pretraining(hidden=64), lesson(masked=1.0)
    optimizer = torch.optim.AdamW(module.parameters(), lr=5e-3)
    seen = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = losses(module(given), given)["atoms"]
        loss.backward()
        optimizer.step()
        seen.append(float(loss.detach()))
    assert seen[-1] < 0.3 * seen[0]


def test_the_codes_of_a_hidden_atom_are_not_seen():
    """Another element in its place changes no output."""
    given = [graphs([Chem.MolFromSmiles(text)]) for text in ("CCCCO", "CCCCN")]
    first, second = (
        lesson_of(
            X, np.zeros((1, 3)), np.zeros((1, 5)), np.random.default_rng(0), steps=2, masked=1.0, hidden=1.0
        )
        for X in given
    )
    last = given[1].atoms.copy()
    last[4] = given[0].atoms[4]
    same = lesson_of(
        replace(given[1], atoms=last),
        np.zeros((1, 3)),
        np.zeros((1, 5)),
        np.random.default_rng(0),
        steps=2,
        masked=1.0,
        hidden=1.0,
    )
    module = pretraining()
    assert (first.codes[4] != second.codes[4]).any()
    for one, other in ((first, second), (first, same)):
        for a, b in zip(module(one), module(other), strict=True):
            assert torch.equal(a, b)


def test_molecules_with_hidden_atoms_teach_no_numbers_and_bits():
    module, given = pretraining(), lesson(masked=1.0)
    found = losses(module(given), given)
    assert float(found["numbers"].detach()) == float(found["bits"].detach()) == 0
    assert float(found["atoms"].detach()) > 0


def test_a_lesson_without_hidden_atoms_has_a_loss():
    found = losses(pretraining()(lesson(masked=0.0)), lesson(masked=0.0))
    assert float(found["atoms"].detach()) == 0
    assert all(torch.isfinite(loss) for loss in found.values())


@pytest.mark.parametrize("slots", [{}, {"encoder": "gine", "pooling": "sum"}], ids=str)
def test_an_embedding_depends_on_its_molecule_alone(slots: dict):
    found = pretrained(**slots)
    whole = embed(found, MOLS)
    assert whole.shape == (32, 32)
    assert whole.dtype == np.float32
    assert np.concatenate([embed(found, [mol]) for mol in MOLS]) == pytest.approx(whole, abs=1e-5)
    assert embed(found, MOLS[::-1])[::-1] == pytest.approx(whole, abs=1e-5)
    assert embed(found, []).shape == (0, 32)


def test_the_order_of_atoms_does_not_matter():
    random, found = np.random.default_rng(0), pretrained()
    turned = [Chem.RenumberAtoms(mol, random.permutation(mol.GetNumAtoms()).tolist()) for mol in MOLS]
    assert embed(found, turned) == pytest.approx(embed(found, MOLS), abs=1e-5)


def test_single_atoms_and_salts_are_embedded():
    mols = [Chem.MolFromSmiles(text) for text in ("C", "[Na+].[Cl-]", "CCO.O")]
    found = embed(pretrained(), mols)
    assert np.isfinite(found).all()
    assert len(np.unique(found.round(5), axis=0)) == 3


def test_weights_of_another_network_are_refused():
    net = GraphNet(1, **{**SLOTS, "hidden": 16})
    with pytest.raises(UsageError, match="do not fit"):
        set_encoder(net, encoder_state(pretraining()))

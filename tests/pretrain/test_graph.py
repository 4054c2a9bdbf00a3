"""The objective of the graph encoder."""

import numpy as np
import pytest
import torch
from rdkit import Chem
from rdkit.Chem import Descriptors
from toy_runs import series

from yaokit.core.errors import UsageError
from yaokit.pretrain.descriptors import CHEAP
from yaokit.pretrain.graph import N_AUTO, N_BITS, Graph, autocorrelations

SMALL = {"hidden": 32, "depth": 3}
SMILES = series(32)[0]


def ready(**settings) -> tuple[Graph, np.ndarray]:
    made = Graph(**{**SMALL, **settings})
    targets = made.targets(SMILES)
    made.prepared = made.prepare(SMILES, targets)
    return made, targets


def test_targets_are_descriptors_and_autocorrelations():
    targets = Graph().targets(["CCO", "c1ccccc1O"])
    assert targets.shape == (2, len(CHEAP) + N_AUTO)
    assert targets.dtype == np.float16
    for name in ("MolWt", "MolLogP", "TPSA"):
        wanted = [getattr(Descriptors, name)(Chem.MolFromSmiles(text)) for text in ("CCO", "c1ccccc1O")]
        assert targets[:, CHEAP.index(name)] == pytest.approx(wanted, rel=2e-3)


def test_autocorrelations_that_fail_are_unknown():
    """A single atom has no pairs, so nothing to correlate."""
    found = autocorrelations([Chem.MolFromSmiles(text) for text in ("C", "CCO")])
    assert found.shape == (2, N_AUTO)
    assert not np.isinf(found).any()


def test_a_lesson_asks_for_scaled_numbers_and_for_bits():
    made, targets = ready()
    lesson = made.batch(SMILES, targets, np.random.default_rng(0))
    assert lesson.numbers.shape == (32, len(CHEAP) + N_AUTO)
    assert lesson.bits.shape == (32, N_BITS)
    assert float(lesson.numbers.abs().nan_to_num().max()) <= 6
    assert 0.01 < float(lesson.bits.mean()) < 0.1


def test_the_same_random_numbers_give_the_same_lesson():
    made, targets = ready()
    first, second = (made.batch(SMILES, targets, np.random.default_rng(3)) for _ in range(2))
    assert torch.equal(first.hidden, second.hidden)
    assert torch.equal(first.codes, second.codes)
    other = made.batch(SMILES, targets, np.random.default_rng(4))
    assert len(other.hidden) != len(first.hidden) or not torch.equal(other.hidden, first.hidden)


def test_the_loss_falls():
    made, targets = ready()
    torch.manual_seed(0)
    module = made.module()
    optimizer = torch.optim.AdamW(module.parameters(), lr=3e-3)
    seen = []
    for step in range(40):
        loss, parts = made.loss(module, made.batch(SMILES, targets, np.random.default_rng(step)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seen.append(float(loss.detach()))
        assert parts.keys() == {"numbers", "bits", "atoms"}
    assert np.mean(seen[-5:]) < 0.6 * np.mean(seen[:5])


def test_the_head_is_not_shipped():
    made = Graph(**SMALL)
    state = made.state(made.module())
    assert state
    assert all(name.startswith(("encoder.", "pooling.")) for name in state)
    assert {array.dtype.name for array in state.values()} == {"float32"}


def test_a_wider_network_takes_more_operations():
    (made, targets), (wider, _) = ready(), ready(hidden=64)
    lesson = made.batch(SMILES, targets, np.random.default_rng(0))
    assert 2 < wider.flops(lesson) / made.flops(lesson) < 4


def test_an_unknown_setting_is_refused_by_name():
    with pytest.raises(UsageError, match=r"no setting 'width'.*hidden"):
        Graph(width=3)

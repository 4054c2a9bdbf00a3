"""Encoders and poolings: what every combination promises."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from rdkit import Chem
from toy_runs import series

from yaokit.nn.graph import Graphs, graphs
from yaokit.nn.graph_encoders import ENCODERS, POOLINGS, Batch, GraphNet, batch_of

SLOTS = [(encoder, "mean") for encoder in ENCODERS] + [("directed", name) for name in list(POOLINGS)[1:]]


@pytest.fixture(params=SLOTS, ids="-".join)
def net(request: pytest.FixtureRequest) -> GraphNet:
    torch.manual_seed(0)
    encoder, pooling = request.param
    return GraphNet(2, 3, encoder=encoder, pooling=pooling, hidden=64).eval()


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def made(smiles: list[str]) -> Graphs:
    return graphs([Chem.MolFromSmiles(text) for text in smiles])


def batch(X: Graphs) -> Batch:
    """With three numbers that depend on the molecule alone."""
    numbers = np.stack([X.n_atoms, X.n_bonds, X.n_atoms % 3], axis=1) / 10
    return batch_of(replace(X, numbers=numbers.astype(np.float32)))


def outputs(net: GraphNet, X: Graphs) -> np.ndarray:
    with torch.no_grad():
        return net(batch(X)).numpy()


def test_it_learns_32_molecules_by_heart(net: GraphNet):
    smiles, _, y = series(32)
    inputs, wanted = batch(made(smiles)), torch.tensor((y - y.mean()) / y.std(), dtype=torch.float32)
    net.train()
    optimizer = torch.optim.Adam(net.parameters(), 5e-3)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, 250)
    for _ in range(250):
        loss = (net(inputs) - wanted[:, None]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    assert loss.item() < 0.15


def test_every_parameter_gets_a_gradient(net: GraphNet):
    net(batch(made(series(16)[0]))).square().sum().backward()
    without = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum()]
    assert without == []


def test_gradients_are_those_of_finite_differences():
    """Of the sums over neighbors, whose gradient is written by hand."""
    for encoder in ENCODERS:
        torch.manual_seed(0)
        net = GraphNet(1, 0, encoder=encoder, hidden=8).double()
        X = made(["CC(=O)Nc1ccccc1", "C", "CCO"])
        inputs = batch_of(X)
        inputs = inputs._replace(
            **{k: getattr(inputs, k).double() for k in ("atom_kinds", "bond_kinds", "numbers")}
        )
        mask = torch.rand(len(X.atoms), 1, dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(lambda m, net=net, inputs=inputs: net(inputs, m), (mask,))


def test_the_order_of_atoms_does_not_matter(net: GraphNet):
    mols = [Chem.MolFromSmiles(text) for text in (*series(20)[0], "C[C@H](N)C(=O)O", "F/C=C/[C@@H](F)Cl")]
    random = np.random.default_rng(0)
    turned = [Chem.RenumberAtoms(mol, random.permutation(mol.GetNumAtoms()).tolist()) for mol in mols]
    written = [Chem.MolFromSmiles(Chem.MolToSmiles(mol, canonical=False)) for mol in turned]
    assert np.allclose(outputs(net, graphs(mols)), outputs(net, graphs(written)), atol=1e-5)


def test_permuted_molecules_give_permuted_outputs(net: GraphNet):
    X, order = made(series(20)[0]), np.random.default_rng(0).permutation(20)
    assert np.allclose(outputs(net, X[order]), outputs(net, X)[order], atol=1e-5)


def test_a_molecule_alone_is_as_among_others(net: GraphNet):
    X = made([*series(6)[0], "C", "[Na+].[Cl-]"])
    alone = np.concatenate([outputs(net, X[[i]]) for i in range(len(X))])
    assert np.allclose(alone, outputs(net, X), atol=1e-5)


def test_mirror_images_differ(net: GraphNet):
    left, right = outputs(net, made(["C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"]))
    assert np.abs(left - right).max() > 1e-5


def test_no_molecules_give_no_rows(net: GraphNet):
    assert outputs(net, made(["CC"])[[]]).shape == (0, 2)


def test_edges_that_share_their_environment_share_the_work():
    """With the same outputs and gradients."""
    torch.manual_seed(0)
    net = GraphNet(1, hidden=32)
    X = made([*series(20)[0], "C", "[Na+].[Cl-]", "c1ccccc1"])
    found = []
    for inputs in (batch_of(X), batch_of(X, steps=2)):
        net.zero_grad()
        output = net(inputs)
        output.square().sum().backward()
        found.append([output.detach(), *(p.grad for p in net.parameters())])
    assert all(torch.allclose(a, b, rtol=1e-4, atol=1e-5) for a, b in zip(*found, strict=True))
    shared = batch_of(X, steps=2).shared
    counts = [len(shared.source.starts), *(len(own.starts) for own, _ in shared.steps)]
    assert counts[0] < counts[1] < counts[2] < len(X.bonds)


def test_a_faded_atom_carries_nothing(net: GraphNet):
    """Whatever it is: chlorine or iodine at the end of a chain."""
    pair = [batch(made([text])) for text in ("CCCCl", "CCCI")]
    mask = torch.ones(4, 1)
    first, second = (net(inputs, mask) for inputs in pair)
    assert not torch.allclose(first, second, atol=1e-5)
    mask[3] = 0
    first, second = (net(inputs, mask) for inputs in pair)
    assert torch.allclose(first, second, atol=1e-6)


def test_an_unfit_number_of_heads_is_refused():
    with pytest.raises(ValueError, match="hidden = 30 is no multiple of the 4 heads"):
        GraphNet(1, encoder="attentive", hidden=30)

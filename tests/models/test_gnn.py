"""The graph network as a model."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem
from toy_encoder import SLOTS, saved_encoder, tiny_encoder
from toy_runs import TASK, measured, series

from yaokit.core.errors import UsageError
from yaokit.core.table import MolTable
from yaokit.models.featurize import featurize
from yaokit.models.gnn import Gnn
from yaokit.models.targets import CLASSIFICATION, REGRESSION, Targets
from yaokit.nn.graph import graphs
from yaokit.nn.heads import HEADS

WITHOUT_FABRIC = """
import sys
from pathlib import Path
from yaokit.core.errors import UsageError
from yaokit.core.table import MolTable
from yaokit.models import load
print(load(Path(sys.argv[1])).predict(MolTable.of(["CCO"])).mean[0, 0])
heavy = {"lightning_fabric", "tensorboardX", "sklearn", "lightgbm"} & set(sys.modules)
assert not heavy, heavy
"""


def small(features: str = "graph", **changes) -> Gnn:
    return Gnn(
        0, features, **{"networks": 1, "hidden": 32, "epochs": 3, "batch_size": 8, "device": "cpu", **changes}
    )


def rows_of(smiles: list[str], features: str = "graph"):
    return featurize(features, [Chem.MolFromSmiles(text) for text in smiles])


@pytest.mark.parametrize("features", Gnn.feature_kinds)
def test_it_learns_32_molecules_by_heart(features: str):
    smiles, _, y = series(32)
    X = rows_of(smiles, features)
    model = small(features, hidden=64, epochs=60, dropout=0.0, lr=5e-3)
    model.fit_features(X, Targets.of(y[:, None]))
    assert np.sqrt(np.mean((model.predict_features(X)[0][:, 0] - y) ** 2)) < 0.4 * y.std()


def test_every_parameter_gets_a_gradient():
    smiles, _, y = series(40)
    X = rows_of(smiles, "described")
    model = small("described", epochs=1)
    model.fit_features(X, Targets.of(np.stack([y, -y], axis=1)))
    module = model.module(2)
    module(*model.inputs(model._ready(X), np.arange(40), None)).square().sum().backward()
    silent = [name for name, p in module.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == []


def test_two_spellings_of_a_molecule_are_predicted_alike():
    table = measured(60)
    model = small("described").fit(table, [TASK])
    mols = [Chem.MolFromSmiles(text) for text in table.smiles[:20]]
    random = np.random.default_rng(0)
    turned = [Chem.RenumberAtoms(mol, random.permutation(mol.GetNumAtoms()).tolist()) for mol in mols]
    spelled = MolTable.of([Chem.MolToSmiles(mol, canonical=False) for mol in turned])
    found, other = model.predict(table.take(range(20))).mean, model.predict(spelled).mean
    assert np.allclose(found, other, rtol=0, atol=1e-5 * table.column(TASK).std())


@pytest.mark.parametrize("head", list(HEADS))
def test_every_head_learns_tasks_and_comes_back_from_its_folder(head: str, tmp_path: Path):
    smiles, _, y = series(40)
    X, targets = rows_of(smiles), Targets.of(np.stack([y, -y], axis=1))
    model = small(head=head, epochs=60, hidden=64, dropout=0.0, lr=5e-3)
    model.fit_features(X, targets)
    found = model.predict_features(X)[0]
    assert np.corrcoef(found[:, 0], y)[0, 1] > 0.7
    assert np.corrcoef(found[:, 1], y)[0, 1] < -0.7
    model.tasks, model.kinds = ("up", "down"), targets.kinds
    model.save(tmp_path / "model")
    assert np.array_equal(Gnn.load(tmp_path / "model").predict_features(X)[0], found)


def test_an_unknown_head_is_refused_with_the_choices():
    with pytest.raises(UsageError, match="per_task"):
        small(head="big").fit_features(rows_of(["CCO", "CCN"]), Targets.of(np.array([[0.0], [1.0]])))


def test_numbers_classes_bounds_and_gaps_are_learned_together():
    smiles, _, y = series(90)
    active = (y > np.median(y)).astype(float)
    active[::3] = np.nan
    values = np.stack([y, active, np.full(90, y.min())], axis=1)
    bounds = np.zeros(values.shape, np.int8)
    bounds[1:, 2] = 1  # "above the lowest": no reason to come down to it
    values[0, 2] = y.max()
    model = small("described", epochs=10, lr=3e-3)
    X = rows_of(smiles, "described")
    model.fit_features(X, Targets.of(values, (REGRESSION, CLASSIFICATION, REGRESSION), bounds))
    mean, spread = model.predict_features(X)
    assert mean.shape == spread.shape == (90, 3)
    assert np.corrcoef(mean[:, 0], y)[0, 1] > 0.4
    assert mean[:, 1].min() >= 0
    assert mean[:, 1].max() <= 1
    known = ~np.isnan(active)
    assert mean[known & (active == 1), 1].mean() > mean[known & (active == 0), 1].mean() + 0.1
    assert mean[:, 2].mean() > y.mean()


def test_networks_of_an_ensemble_differ():
    table = measured(40)
    found = small(networks=2, epochs=2).fit(table, [TASK]).predict(table)
    assert (found.std > 0).all()


def test_an_element_that_training_never_saw_counts_as_none():
    """Only its mass and what RDKit says of its bonds remain, not random weights."""
    model = small()
    model.fit_features(rows_of(series(40)[0]), Targets.of(series(40)[2][:, None]))
    batch = model.inputs(model._ready(rows_of(["C[Se]C"])), np.arange(1), None)[0]
    assert model._seen.sum() < len(model._seen) / 2
    assert sorted(batch.atom_kinds[:, :119].sum(dim=1).tolist()) == [0, 1]  # selenium, carbon


@pytest.mark.parametrize("slots", [("gine", "sum"), ("attentive", "attention")], ids="-".join)
def test_slots_are_kept_in_the_folder(slots: tuple[str, str], tmp_path: Path):
    table = measured(40)
    model = small(encoder=slots[0], pooling=slots[1], epochs=1).fit(table, [TASK])
    model.save(tmp_path / "model")
    loaded = Gnn.load(tmp_path / "model")
    assert (loaded.encoder, loaded.pooling) == slots
    assert (loaded.predict(table).mean == model.predict(table).mean).all()


def test_an_unknown_encoder_is_refused_by_name():
    with pytest.raises(UsageError, match="attentive, directed, gine"):
        small(encoder="round").fit(measured(40), [TASK])


def test_a_loaded_model_needs_nothing_of_training(tmp_path: Path):
    small(epochs=1).fit(measured(40), [TASK]).save(tmp_path / "model")
    subprocess.run([sys.executable, "-c", WITHOUT_FABRIC, tmp_path / "model"], check=True)


def test_no_molecules_give_no_rows():
    model = small(epochs=1)
    model.fit_features(rows_of(series(30)[0]), Targets.of(series(30)[2][:, None]))
    assert model.predict_features(graphs([]))[0].shape == (0, 1)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(saved_encoder(tmp_path_factory.mktemp("encoder")))


def test_it_starts_from_a_pretrained_encoder(encoder: str):
    model = small(pretrained=encoder, lr=1e-9)
    model.fit_features(rows_of(series(40)[0]), Targets.of(series(40)[2][:, None]))
    assert {name: getattr(model, name) for name in SLOTS} == SLOTS
    found = model.module_of().state_dict()
    for name, weights in tiny_encoder().state.items():
        assert found[name].numpy() == pytest.approx(weights, abs=2e-3), name  # float16 on disk


def test_a_pretrained_encoder_learns_on_unless_it_is_frozen(encoder: str):
    X, y = rows_of(series(40)[0]), Targets.of(series(40)[2][:, None])
    moved = {}
    for frozen in (False, True):
        model = small(pretrained=encoder, frozen=frozen, lr=1e-2)
        model.fit_features(X, y)
        found, start = model.module_of().state_dict(), tiny_encoder().state
        moved[frozen] = max(float(np.abs(found[name].numpy() - start[name]).max()) for name in start)
    assert moved[False] > 0.01 > moved[True]


@pytest.mark.parametrize("head", list(HEADS))
def test_every_parameter_of_a_pretrained_network_learns(encoder: str, head: str):
    model, X = small(pretrained=encoder, head=head), rows_of(series(40)[0])
    model.fit_features(X, Targets.of(series(40)[2][:, None]))
    module = model.module(1)
    module(*model.inputs(model._ready(X), np.arange(40), None)).square().sum().backward()
    assert [name for name, p in module.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_a_fitted_model_no_longer_needs_its_pretrained_network(tmp_path: Path):
    table, encoder = measured(40), saved_encoder(tmp_path / "encoder")
    model = small(pretrained=str(encoder), frozen=True).fit(table, [TASK])
    model.save(tmp_path / "model")
    (tmp_path / "encoder").rename(tmp_path / "gone")
    assert (Gnn.load(tmp_path / "model").predict(table).mean == model.predict(table).mean).all()


def test_it_learns_more_slowly_from_weights_that_have_learned(encoder: str):
    assert small(pretrained=encoder).lr < small().lr
    assert small(pretrained=encoder, lr=0.1).lr == 0.1


def test_what_cannot_be_started_from_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="without a pretrained network"):
        small(frozen=True)
    with pytest.raises(UsageError, match="no pre-trained network"):
        small(pretrained=str(tmp_path)).fit(measured(40), [TASK])

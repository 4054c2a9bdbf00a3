"""The fingerprint network: it can learn by heart, and numpy applies what torch trained."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from rdkit import Chem
from toy_encoder import rows_of
from toy_runs import TASK, measured, series

from yaokit.chem.fingerprints import morgan_counts
from yaokit.models.featurize import featurize_smiles
from yaokit.models.mlp import Mlp
from yaokit.models.targets import CLASSIFICATION, Targets

WITHOUT_TORCH = """
import sys
from pathlib import Path
from yaokit.core.table import MolTable
from yaokit.models import load
print(load(Path(sys.argv[1])).predict(MolTable.of(["CCO"])).mean[0, 0])
heavy = {"torch", "lightning_fabric", "tensorboardX", "sklearn"} & set(sys.modules)
assert not heavy, heavy
"""


def small(features: str = "fp", **changes) -> Mlp:
    return Mlp(0, features, **{"networks": 1, "hidden": (64, 16), "epochs": 2, **changes})


@pytest.mark.parametrize("features", ["fp", "full", "rich"])
def test_it_learns_32_molecules_by_heart(features: str):
    smiles, _, y = series(32)
    X = rows_of(features, [Chem.MolFromSmiles(text) for text in smiles])
    model = small(features, epochs=150, dropout=0.0, batch_size=16)
    model.fit_features(X, Targets.of(y[:, None]))
    assert np.abs(model.predict_features(X)[0][:, 0] - y).max() < 0.15 * y.std()


def test_it_learns_from_embeddings():
    smiles, _, y = series(32)
    X = rows_of("embedded", [Chem.MolFromSmiles(text) for text in smiles])
    model = small("embedded", epochs=150, dropout=0.0, batch_size=16)
    model.fit_features(X, Targets.of(y[:, None]))
    assert np.corrcoef(model.predict_features(X)[0][:, 0], y)[0, 1] > 0.95


def test_every_parameter_gets_a_gradient():
    smiles, _, y = series(40)
    X = morgan_counts(smiles)
    model = small(dropout=0.0)
    model.fit_features(X, Targets.of(np.stack([y, -y], axis=1)))
    module = model.module(2)
    module(*model.inputs(model._ready(X), np.arange(40), None)).square().sum().backward()
    parameters = dict(module.named_parameters())
    assert len(parameters) == 6
    silent = [name for name, p in parameters.items() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == []


@pytest.mark.parametrize("features", ["fp", "full"])
def test_numpy_applies_what_torch_trained(features: str):
    smiles, _, y = series(40)
    X = featurize_smiles(features, smiles)
    model = small(features)
    model.fit_features(X, Targets.of(y[:, None]))
    with torch.no_grad():
        (inputs,) = model.inputs(model._ready(X), np.arange(40), None)
        wanted = model.module_of(0)(inputs).numpy()[:, 0] * y.std() + y.mean()
    assert model.predict_features(X)[0][:, 0] == pytest.approx(wanted, abs=1e-5)


def test_unknown_values_do_not_pull_on_the_network():
    smiles, _, y = series(40)
    X = morgan_counts(smiles)
    with_empty, alone = small(epochs=30), small(epochs=30)
    empty = np.where(np.arange(40) < 1, 5.0, np.nan)
    with_empty.fit_features(X, Targets.of(np.stack([y, empty], axis=1)))
    alone.fit_features(X, Targets.of(y[:, None]))
    both = np.corrcoef(with_empty.predict_features(X)[0][:, 0], y)[0, 1]
    assert both > np.corrcoef(alone.predict_features(X)[0][:, 0], y)[0, 1] - 0.1


def test_training_leaves_torchs_own_random_numbers_alone():
    smiles, _, y = series(20)
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    small().fit_features(morgan_counts(smiles), Targets.of(y[:, None]))
    assert torch.equal(torch.rand(3), wanted)


def test_the_number_of_threads_changes_nothing():
    smiles, _, y = series(60)
    X = morgan_counts(smiles)
    found = []
    before = torch.get_num_threads()
    for threads in (1, 2):
        model = small()
        torch.set_num_threads(threads)
        try:
            model.fit_features(X, Targets.of(y[:, None]))
            assert torch.get_num_threads() == threads
        finally:
            torch.set_num_threads(before)
        found.append(model.predict_features(X)[0])
    assert np.abs(found[0] - found[1]).max() < 1e-9


def test_a_constant_value_is_learned_as_it_is():
    X = morgan_counts(series(20)[0])
    model = small()
    model.fit_features(X, Targets.of(np.full((20, 1), 5.0)))
    assert model.predict_features(X)[0] == pytest.approx(np.full((20, 1), 5.0), abs=0.5)


@pytest.mark.parametrize("features", ["fp", "full"])
def test_a_saved_model_scores_without_torch(features: str, tmp_path: Path):
    model = small(features, epochs=1)
    model.fit(measured(30), [TASK]).save(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    wanted = model.predict(measured(1).with_columns({"smiles": ["CCO"]})).mean[0, 0]
    assert float(done.stdout) == pytest.approx(wanted)


def test_a_share_of_positives_is_learned_from_classes():
    smiles, _, y = series(120)
    X, truth = morgan_counts(smiles), (y > np.quantile(y, 0.75)).astype(float)
    model = small(epochs=30)
    model.fit_features(X, Targets.of(truth[:, None], [CLASSIFICATION]))
    found = model.predict_features(X)[0][:, 0]
    assert ((found >= 0) & (found <= 1)).all()
    assert found[truth == 1].mean() > found[truth == 0].mean() + 0.2
    assert found.mean() == pytest.approx(truth.mean(), abs=0.1)

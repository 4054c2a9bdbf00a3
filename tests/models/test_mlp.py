"""The fingerprint network: it can learn by heart, and numpy applies what torch trained."""

import numpy as np
import pytest
import torch
from toy_runs import series

from yaokit.chem.fingerprints import morgan_counts
from yaokit.models import mlp
from yaokit.models.mlp import Mlp
from yaokit.models.targets import Targets
from yaokit.nn import loop


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[torch.nn.Module]:
    """The torch modules that are trained."""
    modules: list[torch.nn.Module] = []
    train = loop.train

    def remember(module, *args, **settings):
        modules.append(module)
        return train(module, *args, **settings)

    monkeypatch.setattr(loop, "train", remember)
    return modules


def small(**changes) -> Mlp:
    model = Mlp(seed=0)
    for name, value in {"networks": 1, "hidden": (64, 16), "epochs": 2, **changes}.items():
        setattr(model, name, value)
    return model


def test_it_learns_32_molecules_by_heart():
    smiles, _, y = series(32)
    X = morgan_counts(smiles)
    model = small(epochs=150, dropout=0.0, batch_size=16)
    model.fit_features(X, Targets.of(y[:, None]))
    assert np.abs(model.predict_features(X)[0][:, 0] - y).max() < 0.15 * y.std()


def test_every_parameter_gets_a_gradient(kept: list[torch.nn.Module]):
    smiles, _, y = series(40)
    small().fit_features(morgan_counts(smiles), Targets.of(np.stack([y, -y], axis=1)))
    parameters = dict(kept[0].named_parameters())
    assert len(parameters) == 6
    silent = [name for name, p in parameters.items() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == []


def test_numpy_applies_what_torch_trained(kept: list[torch.nn.Module]):
    smiles, _, y = series(40)
    X = morgan_counts(smiles)
    model = small()
    model.fit_features(X, Targets.of(y[:, None]))
    inputs = mlp._squash(X, model._columns)
    with torch.no_grad():
        wanted = kept[0](torch.from_numpy(inputs.toarray())).numpy()[:, 0] * y.std() + y.mean()
    assert model.predict_features(X)[0][:, 0] == pytest.approx(wanted, abs=1e-5)


def test_unknown_values_do_not_pull_on_the_network():
    smiles, _, y = series(40)
    X = morgan_counts(smiles)
    with_empty, alone = small(epochs=30), small(epochs=30)
    with_empty.fit_features(X, Targets.of(np.stack([y, np.where(np.arange(40) < 1, 5.0, np.nan)], axis=1)))
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

"""What the members that read SMILES share, and what each of them promises."""

from collections.abc import Iterator

import numpy as np
import pytest
from rdkit import Chem
from toy_runs import series

from yaokit.core.errors import UsageError
from yaokit.models.cnn import Cnn
from yaokit.models.rnn import Rnn
from yaokit.models.sequence import SmilesNetwork, Written, written
from yaokit.models.targets import Targets
from yaokit.models.transformer import Transformer
from yaokit.nn.devices import one_thread
from yaokit.nn.tokenizer import BOS, EOS, smiles_tokenizer

KINDS = {"cnn": Cnn, "rnn": Rnn, "transformer": Transformer}
SMALL = {"width": 32, "depth": 1, "epochs": 2, "views": 2}


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(scope="module")
def X() -> np.ndarray:
    return np.array(series(40)[0], object)


@pytest.fixture(scope="module")
def y() -> np.ndarray:
    return series(40)[2]


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> type[SmilesNetwork]:
    return KINDS[request.param]


def fitted(kind: type[SmilesNetwork], X: np.ndarray, y: np.ndarray, **settings) -> SmilesNetwork:
    model = kind(0, **{**SMALL, **settings})
    model.fit_features(X, Targets.of(y[:, None]))
    return model


def test_a_molecule_is_written_in_ways_that_depend_on_it_alone():
    smiles = "CC(=O)Oc1ccccc1C(=O)O"
    found = written(smiles, 6, 0)
    assert found[0] == smiles
    assert len(found) == 6
    assert len(set(found)) > 3
    assert {Chem.CanonSmiles(text) for text in found} == {smiles}
    assert written(smiles, 6, 0) == found
    assert written(smiles, 6, 1) != found
    assert written("C", 3, 0) == ["C", "C", "C"]
    assert written(smiles, 1, 0) == [smiles]


def test_tokens_stand_between_their_ends():
    ready = Written.of(np.array(["CCO", "c1ccccc1"], object), 3, 0)
    assert ready.shape == (2,)
    for ways in ready.ways:
        assert len(ways) == 3
        assert all(way[0] == BOS and way[-1] == EOS for way in ways)


def test_it_learns_32_molecules_by_heart(kind, X, y):
    plain = {"dropout": 0.0, "augment": False, "views": 1, "weight_decay": 0.0, "batch_size": 16}
    model = fitted(kind, X[:32], y[:32], epochs=120, lr=1e-2, **plain)
    assert np.abs(model.predict_features(X[:32])[0][:, 0] - y[:32]).max() < 0.3 * y.std()


def test_training_reads_other_ways_of_writing_and_prediction_the_canonical_first(X):
    model = Cnn(0, **SMALL)
    ready = model._ready_to_learn(X)
    plain = model.inputs(ready, np.arange(4), None)[0]
    first, second = (model.inputs(ready, np.arange(4), np.random.default_rng(i))[0] for i in (0, 1))
    tokenizer = smiles_tokenizer()
    assert [tokenizer.decode(row.numpy()) for row in plain] == list(X[:4])
    assert first.shape != second.shape or not first.equal(second)
    for row, smiles in zip(first, X[:4], strict=True):
        assert Chem.CanonSmiles(tokenizer.decode(row.numpy())) == smiles


def test_a_prediction_is_the_mean_over_ways_of_writing(X, y):
    model = fitted(Cnn, X, y, views=3)
    mean, spread = model.predict_features(X[:1])
    ways = written(X[0], 3, model.seed)
    model.views = 1
    each = [model.predict_features(np.array([way], object))[0][0, 0] for way in ways]
    assert mean[0, 0] == pytest.approx(np.mean(each), abs=1e-5)
    assert spread[0, 0] == pytest.approx(np.std(each), abs=1e-5)


def test_rows_and_batches_do_not_change_a_prediction(kind, X, y):
    model = fitted(kind, X, y)
    wanted = model.predict_features(X)[0]
    order = np.random.default_rng(0).permutation(len(X))
    assert np.abs(model.predict_features(X[order])[0] - wanted[order]).max() < 1e-4
    model.predict_batch = 7
    assert np.abs(model.predict_features(X)[0] - wanted).max() < 1e-4
    assert model.predict_features(X[:0])[0].shape == (0, 1)


def test_a_very_long_smiles_is_read_whole(kind, X, y):
    model = fitted(kind, X, y)
    long = ["C" * 700 + end for end in ("O", "Br")]
    found = model.predict_features(np.array([*X[:3], *long], object))[0]
    assert np.isfinite(found).all()
    assert np.abs(found[:3] - model.predict_features(X[:3])[0]).max() < 1e-4
    assert found[3] != found[4]


def test_settings_change_the_network(X, y):
    weights = {
        name: sum(p.numel() for p in kind(0, **settings).module(1).parameters())
        for name, kind, settings in (
            ("cnn", Cnn, {}),
            ("kernel", Cnn, {"kernel": 9}),
            ("gru", Rnn, {}),
            ("lstm", Rnn, {"cell": "lstm"}),
            ("transformer", Transformer, {}),
            ("depth", Transformer, {"depth": 5}),
        )
    }
    assert len(set(weights.values())) == len(weights)


def test_a_shape_that_cannot_be_is_refused():
    with pytest.raises(UsageError, match="rnn has no cell 'sru'; choose one of: gru, lstm"):
        Rnn(0, cell="sru").module(1)
    with pytest.raises(UsageError, match="width 60 does not divide into 8 heads"):
        Transformer(0, width=60, heads=8).module(1)


@pytest.mark.slow
def test_each_one_beats_the_mean_on_molecules_it_did_not_see(kind):
    smiles, _, y = series(500)
    X, train = np.array(smiles, object), np.arange(500) % 5 > 0
    model = kind(0, views=2)
    model.fit_features(X[train], Targets.of(y[train, None]))
    error = model.predict_features(X[~train])[0][:, 0] - y[~train]
    assert np.sqrt(np.mean(error**2)) < 0.8 * y[~train].std()

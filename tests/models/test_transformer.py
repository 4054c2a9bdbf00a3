"""The attention of the Transformer, and where its weights start."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from toy_runs import TASK, measured, series

from yaokit.core.errors import UsageError
from yaokit.models.targets import Targets
from yaokit.models.transformer import Transformer
from yaokit.nn.pretrained import open_pretrained
from yaokit.nn.tokenizer import smiles_tokenizer

SHAPE = {"width": 32, "depth": 1, "heads": 2, "stem": 3, "dropout": 0.0}


@pytest.fixture(scope="module")
def model() -> Transformer:
    smiles, _, y = series(30)
    model = Transformer(0, width=32, depth=2, heads=2, epochs=2)
    model.fit_features(np.array(smiles, object), Targets.of(y[:, None]))
    return model


def test_attention_has_a_place_for_each_token_and_both_ends(model: Transformer):
    smiles = np.array(["CCO", "c1ccccc1[13CH3]"], object)
    for text, maps in zip(smiles, model.attention(smiles), strict=True):
        length = len(smiles_tokenizer().split(text)) + 2
        assert maps.shape == (2, 2, length, length)
        assert maps.sum(axis=-1) == pytest.approx(np.ones(maps.shape[:3]), abs=1e-5)


def test_atoms_find_their_places_in_it(model: Transformer):
    text = "CC[13CH3]"
    (maps,) = model.attention(np.array([text], object))
    places = smiles_tokenizer().atom_tokens(text)
    received = maps.mean(axis=(0, 1, 2))[1:-1]
    assert [len(at) for at in places] == [1, 1, 7]
    assert sum(received[at].sum() for at in places) == pytest.approx(received.sum())


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from yaokit.nn.masked import MaskedNet
    from yaokit.nn.pretrained import save_pretrained

    folder = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(0)
    state = {k: v.numpy() for k, v in MaskedNet(7, **SHAPE).state_dict().items() if k.startswith("net.")}
    save_pretrained(folder, "masked", SHAPE, state, {})
    return folder


def fitted(**settings: Any) -> Transformer:
    return Transformer(0, epochs=2, views=1, **settings).fit(measured(30), [TASK])


def test_it_starts_from_a_pretrained_network_of_any_size(encoder: Path):
    model = fitted(pretrained=str(encoder))
    weights, given = model.module_of().state_dict(), open_pretrained(encoder, ["masked"]).state
    assert weights["encoder.layers.0.qkv.weight"].shape == (96, 32)
    for name, learned in weights.items():
        if not name.startswith("head.layers.1."):
            moved = (learned - torch.from_numpy(given[f"net.{name}"])).abs().max()
            assert 0 < moved < 0.05, name


def test_a_frozen_encoder_stays_as_it_was(encoder: Path):
    weights = fitted(pretrained=str(encoder), frozen=True).module_of().state_dict()
    given = open_pretrained(encoder, ["masked"]).state
    changed = {k for k, v in weights.items() if not np.array_equal(v.numpy(), given[f"net.{k}"])}
    assert changed == {k for k in weights if k.startswith("head.")}


def test_a_saved_model_needs_the_pretrained_network_no_longer(encoder: Path, tmp_path: Path):
    import shutil

    gone = tmp_path / "encoder"
    shutil.copytree(encoder, gone)
    model = fitted(pretrained=str(gone))
    X = np.array(series(5)[0], object)
    model.save(tmp_path / "model")
    shutil.rmtree(gone)
    again = Transformer.load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict_features(X)[0], model.predict_features(X)[0])


def test_what_is_no_masked_network_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match=r"no pre-trained network \(masked\)"):
        fitted(pretrained=str(tmp_path))
    with pytest.raises(UsageError, match="nothing can be frozen without a pretrained network"):
        Transformer(0, frozen=True)

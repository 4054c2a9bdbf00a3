"""The attention of the Transformer."""

import numpy as np
import pytest
from toy_runs import series

from yaokit.models.targets import Targets
from yaokit.models.transformer import Transformer
from yaokit.nn.tokenizer import smiles_tokenizer


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

"""Features that pre-trained networks give."""

from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem
from toy_encoder import SLOTS, saved_encoder, tiny_encoder
from toy_runs import TASK, measured, series, small_trusted

from yaokit.chem.features import full_size
from yaokit.core.errors import UsageError
from yaokit.models import embedded, load
from yaokit.models.embedded import FOLDER, load_encoders, opened, save_encoders
from yaokit.models.featurize import featurize, featurize_smiles
from yaokit.models.labels import kinds_read
from yaokit.nn.graph_pretraining import embed
from yaokit.nn.pretrained import keep, kept_folder

SMILES = series(30)[0]
MOLS = [Chem.MolFromSmiles(text) for text in SMILES]


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a network that was given as a folder."""
    monkeypatch.setattr("yaokit.models.embedded._brought", {})
    monkeypatch.setenv("YAOKIT_CACHE", str(tmp_path / "cache"))
    return keep(saved_encoder(tmp_path / "encoder"), ["graph"])


def test_a_kind_of_features_names_its_network(network: str):
    found = featurize(f"embedded@{network}", MOLS)
    assert found.shape == (30, SLOTS["hidden"])
    assert found.dtype == np.float32
    assert found.toarray() == pytest.approx(embed(tiny_encoder(), MOLS), abs=2e-2)  # float16 on disk


def test_rich_is_full_and_then_the_embedding(network: str):
    found = featurize(f"rich@{network}", MOLS).toarray()
    assert found[:, : full_size()] == pytest.approx(featurize("full", MOLS).toarray(), nan_ok=True)
    assert (found[:, full_size() :] == featurize(f"embedded@{network}", MOLS).toarray()).all()


@pytest.mark.parametrize("kind", ["embedded", "rich"])
def test_smiles_give_the_same_as_molecules(kind: str, network: str, tmp_path: Path):
    wanted = featurize(f"{kind}@{network}", MOLS).toarray()
    for _ in range(2):  # computed, then from the cache
        found = featurize_smiles(f"{kind}@{network}", SMILES, cache=tmp_path / "features").toarray()
        assert found == pytest.approx(wanted, abs=1e-5, nan_ok=True)


def test_processes_give_the_same(network: str, monkeypatch: pytest.MonkeyPatch):
    alone = featurize_smiles(f"embedded@{network}", SMILES)
    monkeypatch.setattr(embedded, "_FEW", 0)
    monkeypatch.setattr(embedded, "_BATCH", 16)
    found = featurize_smiles(f"embedded@{network}", SMILES, workers=2)
    assert found.toarray() == pytest.approx(alone.toarray(), abs=1e-5)


def test_no_molecules_give_no_rows(network: str):
    assert featurize(f"embedded@{network}", []).shape == (0, SLOTS["hidden"])
    assert featurize_smiles(f"embedded@{network}", []).shape == (0, SLOTS["hidden"])


def test_the_cache_tells_networks_apart(network: str, tmp_path: Path):
    other = keep(saved_encoder(tmp_path / "other", seed=1), ["graph"])
    assert other != network
    first, second = (
        featurize_smiles(f"embedded@{name}", SMILES, cache=tmp_path).toarray() for name in (network, other)
    )
    assert (first != second).any()


def test_an_unknown_network_is_refused_by_name(network: str):
    with pytest.raises(UsageError, match="no pre-trained encoder is called 'other'"):
        featurize("embedded@other", MOLS)


def test_a_model_folder_is_read_in_place(network: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    kinds = kinds_read([f"svm:embedded@{network}", f"boosting:rich@{network}", "boosting"])
    save_encoders(kinds, tmp_path / "model")
    monkeypatch.setattr(embedded, "_brought", {})
    monkeypatch.setenv("YAOKIT_CACHE", str(tmp_path / "elsewhere"))
    with pytest.raises(UsageError, match="no pre-trained encoder"):
        opened(network)
    assert set(load_encoders(kinds, tmp_path / "model").values()) == set(kinds[1:])
    assert opened(network).key == network
    assert not (tmp_path / "elsewhere").exists()


def test_a_damaged_copy_in_the_cache_harms_no_model(network: str, tmp_path: Path):
    save_encoders([f"embedded@{network}"], tmp_path / "model")
    (kept_folder(network) / "weights.safetensors").write_bytes(b"cut")
    load_encoders([f"embedded@{network}"], tmp_path / "model")
    assert featurize(f"embedded@{network}", MOLS).shape[0] == 30


def test_a_shipped_network_goes_into_the_model_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
):
    now, later = (saved_encoder(tmp_path / name, seed) for seed, name in enumerate(("now", "later")))
    monkeypatch.setattr(embedded, "_brought", {})
    embedded._opened.cache_clear()
    request.addfinalizer(embedded._opened.cache_clear)
    monkeypatch.setattr("yaokit.nn.pretrained._SHIPPED", ("now",))
    monkeypatch.setattr("yaokit.nn.pretrained._shipped_folder", lambda name: now)
    model, wanted = tmp_path / "model", featurize("embedded", MOLS).toarray()
    save_encoders(["embedded"], model)
    monkeypatch.setattr("yaokit.nn.pretrained._shipped_folder", lambda name: later)
    embedded._opened.cache_clear()
    own = load_encoders(["embedded"], model)["embedded"]
    assert (featurize(own, MOLS).toarray() == wanted).all()
    assert (featurize("embedded", MOLS).toarray() != wanted).any()
    save_encoders([own], tmp_path / "again")
    assert list(load_encoders([own], tmp_path / "again")) == [own]


def test_a_model_that_reads_no_network_brings_none(tmp_path: Path):
    save_encoders(["fp", "full"], tmp_path)
    load_encoders(["fp", "full"], tmp_path)
    assert not (tmp_path / FOLDER).exists()


def test_another_network_under_the_same_name_is_noticed(network: str, tmp_path: Path):
    save_encoders([f"embedded@{network}"], tmp_path / "model")
    keys = tmp_path / "model" / FOLDER / "keys.json"
    keys.write_text(keys.read_text().replace(f'"{network}": "{network}"', f'"{network}": "{"0" * 16}"'))
    with pytest.raises(UsageError, match="train the model again"):
        load_encoders([f"embedded@{network}"], tmp_path / "model")


@pytest.mark.parametrize("text", [None, "{}", "[]", "{"], ids=["missing", "empty", "list", "cut off"])
def test_damaged_keys_are_noticed(network: str, tmp_path: Path, text: str | None):
    save_encoders([f"embedded@{network}"], tmp_path / "model")
    keys = tmp_path / "model" / FOLDER / "keys.json"
    keys.unlink() if text is None else keys.write_text(text)
    with pytest.raises(UsageError, match=r"keys\.json is damaged or missing"):
        load_encoders([f"embedded@{network}"], tmp_path / "model")


def test_a_stack_is_the_same_where_its_encoder_is_not(
    network: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    table = measured(60)
    model = small_trusted(members=[f"svm:embedded@{network}"]).fit(table, [TASK])
    model.save(tmp_path / "model")
    wanted = model.predict(table)
    monkeypatch.setattr(embedded, "_brought", {})
    monkeypatch.setenv("YAOKIT_CACHE", str(tmp_path / "elsewhere"))
    found = load(tmp_path / "model").predict(table)
    assert (found.mean == wanted.mean).all()
    assert (found.low == wanted.low).all()

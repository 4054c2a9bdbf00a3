"""What `--from` does to the members of a stack."""

from pathlib import Path

import pytest
from toy_encoder import saved_encoder

from yaokit.core.errors import UsageError
from yaokit.models.encoders import start_settings, with_encoder
from yaokit.models.train import Learning, check_learning, members_of
from yaokit.nn.pretrained import keep


@pytest.fixture
def encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The folder of an encoder of graphs."""
    monkeypatch.setenv("YAOKIT_CACHE", str(tmp_path / "cache"))
    return str(saved_encoder(tmp_path / "encoder"))


@pytest.fixture
def name(encoder: str) -> str:
    return keep(encoder, ["graph"])


def test_members_that_read_embeddings_read_the_encoders(encoder: str, name: str):
    found = with_encoder(["boosting", "svm:embedded", "boosting:rich"], encoder)
    assert found == ["boosting", f"svm:embedded@{name}", f"boosting:rich@{name}"]


def test_a_label_that_names_a_network_keeps_it(encoder: str, name: str, tmp_path: Path):
    other = keep(saved_encoder(tmp_path / "other", seed=1), ["graph"])
    found = with_encoder([f"svm:embedded@{other}", "gp:embedded"], encoder)
    assert found == [f"svm:embedded@{other}", f"gp:embedded@{name}"]


def test_the_member_of_the_encoders_kind_starts_from_it(encoder: str, name: str):
    labels = ["gnn", "gnn:graph", "transformer", "svm"]
    assert with_encoder(labels, encoder) == labels
    assert start_settings(labels, encoder) == {label: {"pretrained": name} for label in labels[:2]}
    assert start_settings(labels, None) == {}


def test_auto_adds_a_member_that_reads_it(encoder: str, name: str):
    without = members_of(Learning(), 500, 2)
    assert members_of(Learning(encoder=encoder), 500, 2) == [*without, f"svm:embedded@{name}"]


def test_members_that_take_no_encoder_are_refused(encoder: str):
    with pytest.raises(UsageError, match="none of boosting, transformer takes the encoder"):
        with_encoder(["boosting", "transformer"], encoder)


@pytest.mark.parametrize("members", [["svm:embedded@other"], ["rich", "gp:rich@other"]], ids=str)
def test_a_network_that_is_not_there_is_refused_before_the_long_work(members: list[str]):
    with pytest.raises(UsageError):
        check_learning(Learning(models=members))


def test_an_encoder_that_is_not_there_is_refused_before_the_long_work(tmp_path: Path):
    with pytest.raises(UsageError, match="no pre-trained network"):
        check_learning(Learning(encoder=str(tmp_path / "none")))

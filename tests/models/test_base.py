"""What is said of folders that are no model of this version."""

from pathlib import Path

import pytest
from toy_encoder import saved_encoder

from yaokit.core.errors import UsageError
from yaokit.core.store import write_json
from yaokit.models.base import FORMAT, read_card


@pytest.mark.parametrize(
    ("version", "advice"), [(FORMAT + 1, "update yaokit"), (FORMAT - 1, "train the model again")]
)
def test_another_format_says_what_to_do(tmp_path: Path, version: int, advice: str):
    write_json(tmp_path / "card.json", {"format": version, "yaokit": "0.0.1"})
    with pytest.raises(UsageError, match=f"format {FORMAT}: {advice}"):
        read_card(tmp_path)


def test_a_pretrained_network_is_no_model(tmp_path: Path):
    with pytest.raises(UsageError, match=r"is a pre-trained network, not a model: .*--from"):
        read_card(saved_encoder(tmp_path / "encoder"))

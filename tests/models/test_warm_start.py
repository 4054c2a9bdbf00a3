"""What networks share that can start from a pre-trained one."""

import pytest

from yaokit.core.errors import UsageError
from yaokit.models.labels import make


@pytest.mark.parametrize("name", ["gnn", "transformer"])
def test_what_has_learned_already_learns_slowly(name: str):
    usual = make(name).lr
    assert make(name, 0, {"pretrained": "some"}).lr == 5e-4 < usual
    assert make(name, 0, {"pretrained": "some", "lr": 0.1}).lr == 0.1
    assert make(name, 0, {"pretrained": "some", "frozen": True}).lr == usual
    with pytest.raises(UsageError, match=f"{name}: nothing can be frozen"):
        make(name, 0, {"frozen": True})

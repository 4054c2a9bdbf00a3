import pytest

from yaokit.core.errors import UsageError
from yaokit.core.lazy import pick, resolve

TABLE = {"rng": "yaokit.core.seed:rng", "key": "yaokit.core.store:content_key"}


def test_a_name_gives_its_object():
    from yaokit.core.seed import rng

    assert pick(TABLE, "rng", "things") is rng
    assert resolve("yaokit.core.seed:rng") is rng


def test_an_unknown_name_lists_the_choices():
    with pytest.raises(UsageError, match="no things is called 'nope'; choose one of: key, rng"):
        pick(TABLE, "nope", "things")

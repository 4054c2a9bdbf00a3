import json
from collections.abc import Callable

from yaokit.models import MODELS


def test_every_model_is_listed_with_what_it_reads(yaokit: Callable) -> None:
    done = yaokit("models", "list", "--json")
    assert done.returncode == 0, done.stderr
    shown = done.stdout
    assert json.loads(shown)
    assert all(name in shown for name in MODELS if name != "trusted")

from pathlib import Path

import pytest
from toy_runs import small_model


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small stack; tests must not change it."""
    return small_model(tmp_path_factory)

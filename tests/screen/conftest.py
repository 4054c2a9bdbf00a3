from pathlib import Path

import pytest
from toy_gaps import model_with_gaps
from toy_runs import small_model


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small stack; tests must not change it."""
    return small_model(tmp_path_factory)


@pytest.fixture(scope="session")
def gaps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a stack of two tasks, each with molecules of its own; tests must not change it."""
    return model_with_gaps(tmp_path_factory)

from pathlib import Path

import pytest
from toy_runs import small_campaign


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small finished campaign; tests must not change it."""
    return small_campaign(tmp_path_factory)

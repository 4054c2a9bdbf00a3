import pytest

OPTIONAL = {
    "slow": "tests that take minutes",
    "net": "tests that need a network",
    "gpu": "tests that need a GPU",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    for name, what in OPTIONAL.items():
        parser.addoption(f"--{name}", action="store_true", help=f"also run {what}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for name in OPTIONAL:
        if not config.getoption(f"--{name}"):
            skip = pytest.mark.skip(reason=f"run with --{name}")
            for item in items:
                if name in item.keywords:
                    item.add_marker(skip)

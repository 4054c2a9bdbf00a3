"""What the page on models says of settings is so."""

from pathlib import Path

import pytest

from yaokit.models.labels import make
from yaokit.models.trusted import Trusted

PAGE = (Path(__file__).parents[2] / "docs/models.md").read_text(encoding="utf-8")


def test_the_example_of_settings_is_understood():
    made: dict = {}
    exec(PAGE.split("### Other settings")[1].split("```python")[1].split("```")[0], made)
    model = made["model"]
    assert isinstance(model, Trusted)
    for label, settings in model.settings.items():
        member = make(label, 0, settings)
        assert {name: getattr(member, name) for name in settings} == settings


@pytest.mark.parametrize("name", ["patience", "focal_gamma", "encoder", "precision", "devices"])
def test_what_the_command_line_cannot_set_is_told_with_python(name: str):
    assert name in make("gnn").settings
    assert f"`{name}" in PAGE.split("### Other settings")[1].split("\n## ")[0]

"""docs/campaign.md names every setting there is, and no other."""

import re
import tomllib
import typing
from typing import Any

import pytest
from docs.examples import ROOT, blocks

from yaokit.campaign.plan import Campaign
from yaokit.campaign.steps import STEPS
from yaokit.campaign.steps.curate import Value
from yaokit.core.lazy import resolve
from yaokit.generate import GENERATORS
from yaokit.score import TERMS
from yaokit.score.desirability import Desirability
from yaokit.score.objective import Objective, TermSettings

FILE = ROOT / "docs/campaign.md"
PAGE = FILE.read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
PLANS = [tomllib.loads(block.text) for block in blocks(FILE) if block.language == "toml"]


def _rows(text: str) -> set[str]:
    """The code words in the first column of tables."""
    cells = re.findall(r"^\| ([^|]*`[^|]*) \|", text, re.MULTILINE)
    return {word for cell in cells for word in re.findall(r"`(\w+)`", cell)}


def test_every_kind_of_step_has_a_section() -> None:
    assert set(SECTIONS) == set(STEPS)


@pytest.mark.parametrize("kind", STEPS)
def test_every_setting_of_a_step_is_explained(kind: str) -> None:
    fields = set(resolve(STEPS[kind]).settings.model_fields)
    if kind == "report":  # has no table: all are filled in
        assert all(f"`{name}`" in SECTIONS[kind] for name in fields)
    else:
        assert _rows(SECTIONS[kind]) == fields


def test_every_setting_of_campaign_values_and_terms_is_explained() -> None:
    words = set(re.findall(r"`(\w+)`", PAGE))
    models: list[Any] = [Campaign, Value, TermSettings, *(resolve(target) for target in TERMS.values())]
    assert {name for model in models for name in model.model_fields} <= words
    assert {*TERMS, *GENERATORS} <= words


def test_every_shape_is_explained() -> None:
    for shape in typing.get_args(typing.get_args(Desirability)[0]):
        line = re.search(
            rf'`{{ shape = "{shape.model_fields["shape"].annotation.__args__[0]}"(.*?) }}`', PAGE
        )
        assert line
        assert set(re.findall(r"\w+", line[1])) == set(shape.model_fields) - {"shape"}


@pytest.mark.parametrize("plan", PLANS, ids=range(len(PLANS)))
def test_examples_are_valid(plan: dict[str, Any]) -> None:
    campaign = Campaign.model_validate(plan["campaign"])
    for step in plan.get("steps", []):
        given = {k: v for k, v in step.items() if k not in ("use", "name")}
        resolve(STEPS[step["use"]]).settings.model_validate(given)
    for term in campaign.objective:
        own = {"folder": "m", "task": "t"} if term.score in ("model", "domain") else {}
        Objective.of({"terms": [{**term.model_dump(), "role": "goal", "settings": own | term.settings}]})

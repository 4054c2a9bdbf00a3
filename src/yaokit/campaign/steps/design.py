"""New molecules by a generator that climbs the campaign's objective."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from yaokit.campaign.objective import campaign_objective
from yaokit.campaign.step import Inputs, Settings, Step, one_of
from yaokit.chem.standardize import Standardizer
from yaokit.core.lazy import choices, pick
from yaokit.core.table import MolTable
from yaokit.generate import GENERATORS
from yaokit.generate.design import design
from yaokit.score.objective import TermSettings


class DesignSettings(Settings):
    generator: Annotated[str, one_of(lambda: choices(GENERATORS, "generator"))] = "genetic"
    budget: int = Field(default=2_000, ge=1)
    objective: tuple[TermSettings, ...] = ()
    seed: int = 0


def _run(out: Path, inputs: Inputs, settings: DesignSettings) -> dict[str, Any]:
    source = inputs.one("curate")
    table, tasks = MolTable.read(source.path / "table"), source.summary["tasks"]
    sign = 1.0 if tasks[0]["goal"] == "minimize" else -1.0
    best_first = np.argsort(sign * table.column(tasks[0]["name"]), kind="stable")  # NaN comes last
    (out / "design.json").unlink(missing_ok=True)  # `out` is named by its settings; it may have moved
    generator = pick(GENERATORS, settings.generator, "generator")(seed=settings.seed)
    return design(
        campaign_objective(settings.objective, inputs.one("train").path / "model", tasks, table),
        generator.fit(table.take(best_first)),
        out=out,
        budget=settings.budget,
        known=table.smiles,
        standardizer=Standardizer.from_settings(source.summary["standardizer"]),
        workers=inputs.workers,
        progress=inputs.progress,
    )


DESIGN = Step("design", _run, DesignSettings, after=("curate", "train"))

"""Everything found → one page, and the candidates as files."""

from pathlib import Path
from typing import Any

from yaokit.campaign.about import about_run
from yaokit.campaign.step import Inputs, Settings, Step
from yaokit.report.files import write_candidates
from yaokit.report.html import write_report


class ReportSettings(Settings):
    title: str = "yaokit campaign"
    plan: str = ""
    seed: int = 0


def _run(out: Path, inputs: Inputs, settings: ReportSettings) -> dict[str, Any]:
    ranked = inputs.one("rank")
    write_candidates(out, ranked.table("candidates.parquet"))
    about = about_run(inputs.folders, title=settings.title, plan=settings.plan, seed=settings.seed)
    inputs.progress.say("  drawing the report")
    write_report(out, inputs.folders, about)
    n = ranked.summary["n_out"]
    return {"n_in": n, "n_out": n, "dropped": {}, "notes": []}


REPORT = Step(
    "report",
    _run,
    ReportSettings,
    after=("curate", "train", "screen", "design", "profile", "rank"),
)

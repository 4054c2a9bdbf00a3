"""`yaokit campaign init`, `run` and `status`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from yaokit.cli.options import Count, Hidden, Out, cores
from yaokit.cli.show import Result
from yaokit.core.progress import Progress


def init(folder: Annotated[Path, Parameter(name="DIR")], /, *, table: Path | None = None) -> Result:
    """Write a commented plan, DIR/campaign.toml, to change and run.

    For example:
      yaokit campaign init my-project --table measurements.csv

    Parameters
    ----------
    folder
        the new project's folder
    table
        your measurements; its columns are looked at and filled in
    """
    from yaokit.campaign import init_campaign

    started = init_campaign(folder, table)
    told = {"plan": str(started.plan), "seen": started.seen, "open_line": started.open_line}
    first = f"choose a value column in line {started.open_line}, then " if started.open_line else ""
    end = [("plan", started.plan), ("next", f"{first}yaokit campaign run {started.plan}")]
    return Result(told, [*_seen(started.seen), *end], (started.seen or {}).get("notes", []))


def _seen(seen: Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    """What was guessed of the table."""
    if seen is None:
        return []
    roles = seen["files"][0]
    facts = [("structures", roles["smiles"]), ("names", roles["id"] or "no column; row numbers are used")]
    values = [
        (f"value {v['name']}", f"column {v['column']}, unit {v['unit']}; check it in the plan")
        for v in seen["values"][:1]
    ]
    return [*facts, *(values or [("value", "no column was recognized as a measured value")])]


def run(
    plan: Annotated[Path, Parameter(name="FILE")],
    /,
    *,
    out: Out | None = None,
    workers: Count | None = None,
    progress: Annotated[Progress, Hidden],
) -> Result:
    """Run the plan in FILE; steps that are done and unchanged are reused.

    Stopped at any moment, the same command continues where it was.

    For example:
      yaokit campaign run my-project/campaign.toml
      yaokit campaign run my-project/campaign.toml -o results

    Parameters
    ----------
    plan
        a plan as `yaokit campaign init` writes it
    out
        the folder for the results; without it FILE's own folder
    workers
        processes to use; as many as there are cores if not given
    """
    from yaokit.campaign import run_campaign

    folder = out or plan.parent
    return finished(run_campaign(plan, folder, progress=progress, workers=workers or cores()), folder)


def status(folder: Annotated[Path, Parameter(name="DIR")], /) -> Result:
    """Which steps of the campaign in DIR are done, and what they found.

    For example:
      yaokit campaign status my-project

    Parameters
    ----------
    folder
        the folder a campaign ran in
    """
    from yaokit.campaign import campaign_status

    found = campaign_status(folder)
    return Result(found, _steps(found))


def finished(campaign: Mapping[str, Any], out: Path) -> Result:
    """What a finished campaign shows: its steps and where to look."""
    files = [(name, out / name) for name in ("report.html", "candidates.csv") if (out / name).exists()]
    notes = [f"{step['name']}: {note}" for step in campaign["steps"] for note in step["notes"]]
    return Result(campaign, [*_steps(campaign), *files], notes)


def _steps(campaign: Mapping[str, Any]) -> list[tuple[str, str]]:
    done = [(step["name"], _step(step)) for step in campaign["steps"]]
    return [*done, *(_unfinished(folder) for folder in campaign.get("unfinished", ()))]


def _unfinished(folder: str) -> tuple[str, str]:
    return folder.rpartition("-")[0], "not finished; run the plan again to continue"


def _step(step: Mapping[str, Any]) -> str:
    time = "done before, reused" if step.get("reused") else f"{step['seconds']:,.1f} s"
    return f"{step['n_in']:,} in, {step['n_out']:,} out, {time}"

"""The runner: each step in its own folder, named by its content; what is done is not done again."""

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yaokit import __version__
from yaokit.campaign.about import versions
from yaokit.campaign.memory import PeakMemory
from yaokit.campaign.plan import Plan, PlannedStep, read_plan
from yaokit.campaign.step import Inputs
from yaokit.core.digits import finite
from yaokit.core.errors import UsageError
from yaokit.core.progress import SILENT, Progress
from yaokit.core.store import content_key, file_hash, locked, publish, read_json, write_json, writing
from yaokit.data.catalog.builtin import source_files
from yaokit.report.run import StepFolder

RESULTS = ("report.html", "candidates.csv", "candidates.sdf", "candidates.xlsx")


@dataclass(frozen=True)
class _Done:
    """A finished step."""

    planned: PlannedStep
    key: str
    folder: StepFolder
    reused: bool


def run_campaign(toml: Path, out: Path, *, progress: Progress = SILENT, workers: int = 2) -> dict[str, Any]:
    """Run a plan into `out`; gives the content of campaign.json.

    Finished steps are reused while their settings, inputs and files are unchanged; a step that was
    interrupted goes on from what it had. UsageError for a wrong plan or a folder in use.
    """
    plan = read_plan(toml)
    out = out.absolute()
    _make(out)
    with locked(out):
        (out / "campaign.json").unlink(missing_ok=True)  # it says that all is done
        done: list[_Done] = []
        for planned in plan.steps:
            done.append(_do(planned, done, out, progress, workers))
        _collect(done, out)
        for left in (out / "steps").glob("*.part"):
            shutil.rmtree(left)  # of a plan that was changed before it was done
        campaign = _campaign(plan, done, "done")
        write_json(out / "campaign.json", campaign)
    return campaign


def campaign_status(folder: Path) -> dict[str, Any]:
    """campaign.json of a finished run; of one that is not, each step's last record and what is left."""
    if (folder / "campaign.json").exists():
        return read_json(folder / "campaign.json")
    if not (folder / "steps").is_dir():
        raise UsageError(
            f"{folder}: no campaign has run here; start one with `yaokit campaign run FILE.toml`"
        )
    folders = sorted((folder / "steps").iterdir())
    records = [read_json(path / "step.json") for path in folders if path.suffix != ".part"]
    records.sort(key=lambda record: record["finished"])
    latest = {record["name"]: record for record in records}  # a step may be done with several settings
    unfinished = [path.stem for path in folders if path.suffix == ".part"]
    return {"status": "unfinished", "steps": list(latest.values()), "unfinished": unfinished}


def _make(out: Path) -> None:
    try:
        (out / "steps").mkdir(parents=True, exist_ok=True)
        (out / ".lock").touch()
    except PermissionError:
        raise UsageError(f"{out}: no permission to write here; choose another folder with -o") from None
    except (FileExistsError, NotADirectoryError):
        raise UsageError(f"{out} is a file, not a folder; choose another folder with -o") from None


def _do(planned: PlannedStep, done: Sequence[_Done], out: Path, progress: Progress, workers: int) -> _Done:
    inputs = [d for d in done if d.planned.step.name in planned.step.after]
    key = _key(planned, inputs)
    name = f"{planned.name}-{key}"
    final, part = out / "steps" / name, out / "steps" / f"{name}.part"
    folder = StepFolder(planned.step.name, planned.name, final)
    if final.exists():
        progress.say(f"{planned.name}: done before, reused")
        return _Done(planned, key, folder, reused=True)
    progress.say(f"{planned.name}: " + ("continuing" if part.exists() else "running"))
    part.mkdir(exist_ok=True)
    start = time.monotonic()
    given = Inputs([d.folder for d in inputs], workers, progress)
    with PeakMemory() as memory:
        summary = planned.step.run(part, given, planned.settings)
    seconds = time.monotonic() - start
    write_json(part / "summary.json", finite(summary))
    record = {
        "name": planned.name,
        "kind": planned.step.name,
        "key": key,
        "seconds": round(seconds, 2),
        "peak_memory_mb": round(memory.peak_mb),
        "finished": round(time.time(), 3),
        **{k: summary[k] for k in ("n_in", "n_out", "dropped", "notes")},
        "settings": json.loads(planned.settings.model_dump_json(exclude={"plan"})),
    }
    write_json(part / "step.json", finite(record))
    publish(part, final)
    progress.say(f"  {summary['n_in']:,} in, {summary['n_out']:,} out, {seconds:.1f} s")
    for note in summary["notes"]:
        progress.say(f"  note: {note}")
    return _Done(planned, key, folder, reused=False)


def _key(planned: PlannedStep, inputs: Sequence[_Done]) -> str:
    """Names the step's folder: the same settings, files, inputs and versions give the same key."""
    named = list(planned.step.files(planned.settings))
    settings = _nameless(planned.settings.model_dump(mode="json"), set(named))
    hashes = [[file_hash(path) for path in _files_of(name)] for name in named]
    return content_key(
        {
            "yaokit": __version__,
            "step": [planned.step.name, planned.step.version],
            "settings": settings,
            "files": hashes,
            "inputs": [d.key for d in inputs],
        }
    )


def _files_of(name: str) -> list[Path]:
    """The files that a setting points to; of a folder those directly in it."""
    folder = Path(name)
    return sorted(p for p in folder.iterdir() if p.is_file()) if folder.is_dir() else source_files(name)


def _nameless(value: Any, files: set[str]) -> Any:
    """The settings without the names of files: their content counts, not where they lie."""
    if isinstance(value, dict):
        return {name: _nameless(item, files) for name, item in value.items()}
    if isinstance(value, list):
        return [_nameless(item, files) for item in value]
    return "" if isinstance(value, str) and value in files else value


def _collect(done: Sequence[_Done], out: Path) -> None:
    """Copy the report's files to the top of the folder, each whole or not at all."""
    for folder in (d.folder for d in done if d.folder.kind == "report"):
        for name in RESULTS:
            with writing(out / name) as part:
                shutil.copyfile(folder.path / name, part)


def _campaign(plan: Plan, done: Sequence[_Done], status: str) -> dict[str, Any]:
    records = [read_json(d.folder.path / "step.json") for d in done]
    steps = [
        {**record, "folder": f"steps/{d.folder.path.name}", "reused": d.reused}
        for record, d in zip(records, done, strict=True)
    ]
    return {
        "title": plan.campaign.title,
        "status": status,
        "plan": plan.text,
        "seed": plan.campaign.seed,
        "steps": steps,
        "seconds": round(sum(step["seconds"] for step in steps), 2),
        "peak_memory_mb": max(step["peak_memory_mb"] for step in steps),
        "versions": versions(),
    }

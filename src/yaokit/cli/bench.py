"""`yaokit bench`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from yaokit.cli.options import Count, Hidden, Out, cores
from yaokit.cli.show import Result
from yaokit.core.progress import Progress

Names = Annotated[str | None, Parameter(metavar="A,B")]


def bench(
    name: Annotated[str, Parameter(name="NAME")],
    /,
    *,
    data: Annotated[Path, Parameter(metavar="DIR")],
    out: Out,
    tasks: Names = None,
    seeds: Count | None = None,
    members: Names = None,
    workers: Count | None = None,
    progress: Annotated[Progress, Hidden],
) -> Result:
    """Measure yaokit on a published benchmark, offline; its published numbers stand beside ours.

    Writes NAME.json and NAME.md. Stopped at any moment, the same command
    continues where it was, as long as the code is the same.

    For example:
      yaokit bench admet_group --data data -o results
      yaokit bench admet_group --data data -o results --tasks hia_hou,dili --seeds 1

    Parameters
    ----------
    name
        admet_group, moleculeace, moleculenet, transfer or retrieval
    data
        the folder that holds the benchmark's own folder (tdc_admet_group, moleculeace, moleculenet;
        transfer reads the first two, retrieval chembl_targets)
    out
        the folder to write
    tasks
        some of its tasks, joined by commas; all if not given
    seeds
        how often each task is measured; as the benchmark asks for if not given
    members
        models to use, joined by commas, as NAME or NAME:FEATURES; the benchmark chooses if not given,
        transfer always
    workers
        processes to use; as many as there are cores if not given
    """
    from yaokit.bench import run

    results = run(
        name,
        data,
        out,
        tasks=tasks.split(",") if tasks else (),
        seeds=seeds,
        members=members.split(",") if members else (),
        workers=workers or cores(),
        progress=progress,
    )
    facts = [(key.replace("_", " "), value) for key, value in results["summary"].items()]
    return Result(results, [*facts, ("page", out / f"{name}.md")])

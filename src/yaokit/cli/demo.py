"""`yaokit demo`."""

from pathlib import Path
from typing import Annotated

from yaokit.cli.campaign import finished
from yaokit.cli.options import Count, Hidden, Out, cores
from yaokit.cli.show import Result
from yaokit.core.progress import Progress


def demo(
    *,
    out: Out = Path("yaokit-demo"),
    quick: bool = False,
    workers: Count | None = None,
    progress: Annotated[Progress, Hidden],
) -> Result:
    """Run a whole campaign on the built-in data: 1,017 measured sulfonamides, 249,456 library molecules.

    Stopped at any moment, the same command continues where it was.

    For example:
      yaokit demo
      yaokit demo --quick -o /tmp/first-look

    Parameters
    ----------
    out
        the folder for report.html, candidates.csv, .sdf, .xlsx and campaign.json
    quick
        a small campaign that only shows the way
    workers
        processes to use; as many as there are cores if not given
    """
    from yaokit.campaign import demo_plan_path, run_campaign

    return finished(
        run_campaign(demo_plan_path(quick), out, progress=progress, workers=workers or cores()), out
    )

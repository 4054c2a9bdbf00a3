"""`yaokit screen`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from yaokit.cli.options import Count, Dash, Hidden, Limit, Out, cores, too_many
from yaokit.cli.show import Result, listed
from yaokit.core.progress import Progress


def screen(
    libraries: Annotated[list[str], Parameter(name="LIBRARY"), Dash],
    /,
    *,
    model: Path,
    top: Count,
    out: Out,
    max_rejects: Limit | None = None,
    workers: Count | None = None,
    progress: Annotated[Progress, Hidden],
) -> Result:
    """Put libraries of any size through a model and keep the best.

    Ranked by the cautious end of the predicted 90 % interval. DIR gets hits.parquet and hits.csv
    (with every other column of the libraries), rejects.csv and summary.json. Stopped at any
    moment, the same command continues.

    For example:
      yaokit screen vendor.smi.gz --model model --top 1000 -o hits
      yaokit screen builtin:zinc250k --model model --top 500 -o hits

    Parameters
    ----------
    libraries
        .smi .csv .tsv .txt .xlsx .sdf .parquet, also .gz and .zst; - for standard input;
        builtin:zinc250k
    model
        a folder as `yaokit train` writes it
    top
        how many molecules to keep
    out
        the folder for the results
    max_rejects
        exit with 4 if more rows than this are rejected
    workers
        processes to use; as many as there are cores if not given
    """
    from yaokit.core.store import locked
    from yaokit.data.read.stdin import spooled
    from yaokit.models.card import made_elsewhere
    from yaokit.screen.stream import own, screen_files

    notes = made_elsewhere(model)  # UsageError for what is no model, before a folder is made
    own(out)
    with locked(out), spooled(libraries) as files:
        told = screen_files(files, model, out, top=top, workers=workers or cores(), progress=progress)
    facts = [
        ("molecules read", told["n_in"]),
        ("rejected", listed(told["codes"])),
        ("in domain", told["n_in_domain"]),
        ("hits", told["n_out"]),
        ("folder", out),
    ]
    notes = [*told["notes"], *notes]
    return Result({**told, "notes": notes}, facts, notes, too_many(told["n_rejected"], max_rejects))

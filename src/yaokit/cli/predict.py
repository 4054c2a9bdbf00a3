"""`yaokit predict`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from yaokit.cli.options import Column, Count, Dash, Hidden, Out, cores
from yaokit.cli.show import Result
from yaokit.core.progress import Progress


def predict(
    model: Annotated[Path, Parameter(name="MODEL")],
    file: Annotated[str, Parameter(name="IN"), Dash],
    /,
    *,
    out: Out,
    smiles: Column | None = None,
    workers: Count | None = None,
    progress: Annotated[Progress, Hidden],
) -> Result:
    """Predict the molecules of a file: one output row per input row, in the same order.

    To the input columns come, for each task T, T_pred, T_std, T_low and T_high
    (90 % interval), of several tasks also T_in_domain, then in_domain,
    nearest_similarity, status and reason.
    Where classes were learned, T_pred is the probability of class 1, T_low and
    T_high its bounds, and T_set the classes that cannot be excluded at 90 %:
    0, 1, both or none.

    For example:
      yaokit predict model new.csv -o predictions.csv
      zcat vendor.smi.gz | head -1000 | yaokit predict model - -o predictions.csv

    Parameters
    ----------
    model
        a folder as `yaokit train` writes it
    file
        .csv .tsv .smi .txt .xlsx .sdf .mol .parquet, also .gz and .zst; - for standard input
    out
        the .csv or .parquet file to write
    smiles
        the column of structures; guessed if not given
    workers
        processes to use; as many as there are cores if not given
    """
    from yaokit.core.errors import NothingUsable
    from yaokit.data.read.stdin import spooled
    from yaokit.models.card import made_elsewhere
    from yaokit.screen.predict import predict_file

    with spooled([file]) as (path,):
        told = predict_file(model, path, out, smiles=smiles, workers=workers or cores(), progress=progress)
    none = f"none of the {told['n_in']:,} rows could be predicted; the column `reason` of {out} says why"
    error = None if told["n_ok"] else NothingUsable(none)
    facts = [("rows read", told["n_in"]), ("predicted", told["n_ok"]), ("failed", told["n_failed"])]
    notes = made_elsewhere(model)
    return Result(told | ({"notes": notes} if notes else {}), [*facts, ("predictions", out)], notes, error)

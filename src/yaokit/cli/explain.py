"""`yaokit explain`."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from yaokit.cli.options import Column, Count, Dash, Hidden, Out, cores
from yaokit.cli.show import Result
from yaokit.core.progress import Progress


def explain(
    model: Annotated[Path, Parameter(name="MODEL")],
    file: Annotated[str, Parameter(name="IN"), Dash],
    /,
    *,
    out: Out,
    task: str | None = None,
    top: Count = 20,
    delta: float | None = None,
    smiles: Column | None = None,
    id: Column | None = None,
    seed: int = 0,
    workers: Count | None = None,
    progress: Annotated[Progress, Hidden],
) -> Result:
    """Say why a model predicts what it does, for each molecule of a file and as a whole.

    The folder OUT gets explanations.html to read and the numbers behind it: attributions.parquet
    (what each atom adds), neighbors.csv, counterfactuals.csv (small edits that change the prediction),
    pairs.csv (what such changes did in measured molecules, with 95 % intervals), rules.txt,
    importance.csv, molecules.csv (a row for each input row) and summary.json.

    For example:
      yaokit explain model candidates.csv -o why
      yaokit explain model/members/boosting new.smi --top 5 -o why
      echo "CCOC(=O)c1ccc(N)cc1" | yaokit explain model - -o why

    Parameters
    ----------
    model
        a folder as `yaokit train` writes it, or one of its members
    file
        .csv .tsv .smi .txt .xlsx .sdf .mol .parquet, also .gz and .zst; - for standard input
    out
        the folder to write
    task
        which of the model's tasks; the first if not given
    top
        how many molecules, the best first, get counterfactuals, pairs and a place on the page
    delta
        how far a counterfactual has to move a number, above 0; half its 90 % interval if not given
    smiles
        the column of structures; guessed if not given
    id
        the column of names; guessed if not given
    seed
        of the edits that are tried
    workers
        processes to use; as many as there are cores if not given
    """
    from yaokit.data.read.stdin import spooled
    from yaokit.explain.run import Settings, explain_file
    from yaokit.models.card import made_elsewhere
    from yaokit.report.explained import check_out, write_explained

    check_out(out)
    settings = Settings(task, top, delta, seed, workers or cores())
    with spooled([file]) as (path,):
        found = explain_file(model, path, settings, smiles=smiles, id=id, progress=progress)
    notes = [*found.summary["notes"], *made_elsewhere(model)]
    write_explained(found, out, model.name)
    return Result({**found.summary, "notes": notes}, [*_facts(found.summary), ("explanations", out)], notes)


def _facts(told: dict[str, Any]) -> list[tuple[str, Any]]:
    members = ", ".join(f"{m['name']} {m['weight']:.2f} ({m['method']})" for m in told["members"])
    n_found = told["n_found"]
    return [
        ("task", told["task"]),
        ("rows read", told["n_in"]),
        ("explained", told["n_ok"]),
        ("failed", told["n_failed"]),
        ("members", members),
        ("counterfactuals", n_found["counterfactuals"]),
        ("matched pairs", n_found["pairs"]),
    ]

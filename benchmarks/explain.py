"""How well atom attributions find the atoms that make a value: tasks with known answers.

Each model learns a task on molecules of ZINC250k whose answer is known (the number of a group, or
whether groups are there); on other molecules the atoms of the groups are the truth. AUROC is over
the atoms of a molecule, averaged over molecules. "Top hidden" is how far the prediction moves when one
of the top tenth of the atoms is hidden, on average; "others hidden" the same for random other atoms.

python benchmarks/explain.py -o docs/benchmarks

What is measured is kept in build/bench/explain until the code changes: the same command continues.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rdkit import Chem
from results import how, kept, write_results

from yaokit.bench import codehash
from yaokit.bench.fits import files_of
from yaokit.data.read.files import read_records
from yaokit.explain import masking
from yaokit.explain.attribution import method_of, of_member
from yaokit.explain.known import TASKS, Known, area, deletion
from yaokit.explain.networks import graphs, tokens
from yaokit.models.base import Member
from yaokit.models.featurize import featurize
from yaokit.models.labels import make
from yaokit.models.targets import Targets

MEASURED = (
    "explain/known.py",
    "explain/attribution.py",
    "explain/masking.py",
    "explain/networks.py",
    "explain/trees.py",
)
MODELS = ("boosting", "boosting:full", "forest", "svm", "mlp", "gnn:graph", "gnn", "transformer")
ASKED = {"boosting", "gnn", "gnn:graph", "transformer"}  # AUROC of 0.95 or more
N_TEST = 50
N_OTHERS = 1_000  # molecules among which those to test are found
Row = dict[str, Any]


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=2_000, help="molecules to learn from")
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--tasks", nargs="+", default=[task.name for task in TASKS])
    asked = parser.parse_args(argv)
    torch.set_num_threads(1)
    mols = molecules(asked.rows + N_OTHERS)
    tasks = [task for task in TASKS if task.name in asked.tasks]
    version = code_hash()
    parts = [
        kept(
            "explain",
            version,
            [label, task.name, asked.rows],
            lambda label=label, task=task: measure(label, task, mols, asked.rows),
        )
        for label in asked.models
        for task in tasks
    ]
    rows = [row for part in parts for row in part["rows"]]
    about = {
        "command": f"python benchmarks/explain.py -o DIR --rows {asked.rows}",
        "code_hash": version,
        "seeds": [0],
        "seconds": round(sum(part["seconds"] for part in parts), 1),
        "rows": rows,
        "summary": summary(rows),
    }
    write_results("explain", asked.out, about, page)
    return 0


def molecules(n: int) -> list[Chem.Mol]:
    """Molecules of ZINC250k, spread over it."""
    rows = list(read_records("builtin:zinc250k"))
    return [Chem.MolFromSmiles(str(row.cells["smiles"])) for row in rows[:: len(rows) // n][:n]]


def measure(label: str, task: Known, mols: Sequence[Chem.Mol], n: int) -> list[Row]:
    """One row for each method that explains the model; the first is its default."""
    model = make(label)
    start = time.process_time()
    X, y = featurize(model.features, mols), task.values(mols)
    targets = Targets.of(y[:n, None], [task.kind])
    model.kinds = targets.kinds
    model.fit_features(X[np.arange(n)], targets)
    fit_s = time.process_time() - start
    known = model.predict_features(X[np.arange(n, len(mols))])[0][:, 0]
    tested = [mol for mol in mols[n:] if task.truth(mol).any() and not task.truth(mol).all()][:N_TEST]
    rows = []
    for name, method in methods(model).items():
        start = time.process_time()
        values = method(model, tested, 0)
        seconds = (time.process_time() - start) / len(tested)
        top, others = deletion(model, tested, values, 0)
        rows.append(
            {
                "model": label,
                "task": task.name,
                "method": name,
                "n": len(tested),
                "auroc": _mean(area(v, task.truth(mol)) for v, mol in zip(values, tested, strict=True)),
                "top_hidden": _mean(np.abs(top)),
                "others_hidden": _mean(np.abs(others)),
                "r_of_model": round(float(np.corrcoef(known, y[n:])[0, 1]), 3),
                "ms_per_molecule": round(1000 * seconds, 1),
                "fit_cpu_s": round(fit_s, 1),
            }
        )
        print(*(f"{key} {value}" for key, value in rows[-1].items()), sep=", ", flush=True)
    return rows


def methods(model: Member) -> dict[str, Any]:
    """The default, masking, and gradients where there are any."""
    default = method_of(model)
    found = {f"{default} (default)": of_member, "masking": masking.member}
    if default == "masking":
        del found["masking"]
    if default == "occlusion":
        of = graphs if model.name == "gnn" else tokens
        found["gradients"] = lambda model, mols, task: of(model, mols, task, "gradients")
    return found


def summary(rows: Sequence[Row]) -> dict[str, float]:
    """Mean AUROC of each model's default method."""
    default = [r for r in rows if r["method"].endswith("(default)")]
    labels = dict.fromkeys(r["model"] for r in default)
    return {label: _mean(r["auroc"] for r in default if r["model"] == label) for label in labels}


def page(results: Row) -> str:
    """The results as Markdown."""
    lines = [
        "# Explanations",
        "",
        "How well atom attributions find the atoms that make a value, on tasks whose answer is known; what "
        "is measured stands at the head of `benchmarks/explain.py`. `r of model` is the correlation of its "
        "predictions with the truth on the other molecules: what it has not learned it cannot explain.",
        "",
        how(results),
        "",
        "| Model | Task | Method | AUROC | Asked | Top hidden | Others hidden | r of model | ms a molecule |",
        "|---|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for r in results["rows"]:
        asked = "≥ 0.95" if r["model"] in ASKED and r["method"].endswith("(default)") else ""
        lines.append(
            f"| `{r['model']}` | {r['task']} | {r['method']} | {r['auroc']:.3f} | {asked} "
            f"| {r['top_hidden']:.3f} | {r['others_hidden']:.3f} | {r['r_of_model']:.2f} "
            f"| {r['ms_per_molecule']:.0f} |"
        )
    return "\n".join(lines) + "\n"


def code_hash() -> str:
    """Of the code that the numbers depend on."""
    return codehash.code_hash(
        *MEASURED, *(f for label in MODELS for f in files_of(label)), scripts=[Path(__file__)]
    )


def _mean(values: Any) -> float:
    return round(float(np.mean(list(values))), 4)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

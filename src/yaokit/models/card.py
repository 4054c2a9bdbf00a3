"""The card of a model folder: what it is, what it learned from, how far to trust it."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from yaokit import __version__
from yaokit.chem.alike import alike, without_stereo
from yaokit.chem.fingerprints import RADIUS, SIZE
from yaokit.core.store import content_key
from yaokit.models.base import FORMAT, read_card
from yaokit.models.metrics import PRIMARY

if TYPE_CHECKING:
    from yaokit.models.trusted import Trusted

PACKAGES = ("rdkit", "numpy", "scipy", "scikit-learn", "lightgbm", "torch", "crepes")

N_ALIKE = 20  # pairs shown of those that look equal
STEREO_LIMIT = (
    "not the relative stereo of symmetric rings (cis and trans 4-aminocyclohexanol), and no center "
    f"whose neighbors look alike within {RADIUS} bonds"
)
LIMITS = (
    "Predictions rank molecules for the next experiment; they do not replace the measurement.",
    "Outside the domain no measured error backs the interval; there it is at least that of a guess.",
    "The interval holds on average over molecules like those in cross-validation, not for each one.",
    "Censored values (>, <) are learned from by the members that can, and never judged by.",
)


def make_card(model: "Trusted") -> dict[str, Any]:
    """The JSON of card.json."""
    tasks = [
        {
            "name": task,
            "goal": "minimize" if task in model.minimize else "maximize",
            "kind": kind,
            **trust.settings(),
        }
        for task, kind, trust in zip(model.tasks, model.kinds, model._trust, strict=True)
    ]
    digest = hashlib.sha256(model._y.values.tobytes() + "\n".join(model._smiles).encode()).hexdigest()
    return {
        "format": FORMAT,
        "model": model.name,
        "yaokit": __version__,
        "members": list(model.members),
        "tasks": tasks,
        "learning": model.learning(),
        "standardizer": model.standardizer.settings(),
        "features": {
            "name": "Morgan counts",
            "radius": RADIUS,
            "size": SIZE,
            "sees_stereo": model.standardizer.stereo,
            "stereo_limit": STEREO_LIMIT if model.standardizer.stereo else None,
        },
        "alike": _alike(model),
        "data": {**model.provenance, "n": len(model._smiles), "sha256": digest},
        "validation": asdict(model.validation),
        "results": [_result(about) for about in model.metrics()["tasks"]],
        "metrics": "metrics.json",
        "versions": {name: version(name) for name in PACKAGES},
        "intended_use": "Ranking molecules of the measured series and its close neighbors.",
        "limits": list(LIMITS),
        "contains": "The training molecules and their measured values: share it as you would share them.",
        "key": content_key([digest, model.members, model.learning(), asdict(model.validation)]),
    }


def _result(about: Mapping[str, Any]) -> dict[str, Any]:
    """Of a task how it was judged, and the main number of each model with its interval."""
    key = PRIMARY[about["kind"]]
    how = {name: about[name] for name in ("task", "n_judged", "split", "folds", "repeats", "seed")}
    models = {name: found[key] for name, found in about["models"].items() if name != "raw"}
    return {**how, "metric": key, "models": models, "comparison": about["comparison"]}


def _alike(model: "Trusted") -> dict[str, Any]:
    """Training molecules that look equal in "fp", those first whose values differ the most."""
    (rows, y), smiles = model.training, model.smiles
    pairs = alike(rows, smiles)
    values = y.measured  # (n, tasks), NaN = not measured exactly

    def apart(pair: tuple[int, int]) -> float:
        difference = np.abs(values[pair[0]] - values[pair[1]])
        return -float(np.nan_to_num(difference).max())

    examples = [
        {
            "ids": [model._ids[i] for i in pair],
            "smiles": [smiles[i] for i in pair],
            "values": {task: values[list(pair), j].tolist() for j, task in enumerate(model.tasks)},
        }
        for pair in sorted(pairs, key=apart)[:N_ALIKE]
    ]
    flat = {i: without_stereo(smiles[i]) for i in {i for pair in pairs for i in pair}}
    n_stereo = sum(flat[i] == flat[j] for i, j in pairs)
    return {"n_pairs": len(pairs), "n_stereo": n_stereo, "examples": examples}


def made_elsewhere(folder: Path) -> list[str]:
    """A note if another RDKit made the model: it may see molecules a little differently."""
    versions = read_card(folder).get("versions") or {}  # a single member keeps none
    made, here = versions.get("rdkit"), version("rdkit")
    if made in (None, here):
        return []
    return [f"{folder} was made with RDKit {made}, this is {here}: predictions may differ slightly"]

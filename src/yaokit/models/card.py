"""The card of a model folder: what it is, what it learned from, how far to trust it."""

import hashlib
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yaokit import __version__
from yaokit.chem.fingerprints import RADIUS, SIZE
from yaokit.core.store import content_key
from yaokit.models.base import FORMAT, read_card

if TYPE_CHECKING:
    from yaokit.models.trusted import Trusted

PACKAGES = ("rdkit", "numpy", "scipy", "scikit-learn", "lightgbm", "torch", "crepes")

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
            "sees_stereo": True,
        },
        "data": {**model.provenance, "n": len(model._smiles), "sha256": digest},
        "validation": asdict(model.validation),
        "metrics": "metrics.json",
        "versions": {name: version(name) for name in PACKAGES},
        "intended_use": "Ranking molecules of the measured series and its close neighbors.",
        "limits": list(LIMITS),
        "contains": "The training molecules and their measured values: share it as you would share them.",
        "key": content_key([digest, model.members, model.learning(), asdict(model.validation)]),
    }


def made_elsewhere(folder: Path) -> list[str]:
    """A note if another RDKit made the model: it may see molecules a little differently."""
    versions = read_card(folder).get("versions") or {}  # a single member keeps none
    made, here = versions.get("rdkit"), version("rdkit")
    if made in (None, here):
        return []
    return [f"{folder} was made with RDKit {made}, this is {here}: predictions may differ slightly"]

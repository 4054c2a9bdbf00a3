"""A tiny pre-trained network, for tests that must not wait for those that are shipped."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from rdkit import Chem
from scipy.sparse import csr_array

from yaokit.models.embedded import joined
from yaokit.models.featurize import featurize
from yaokit.nn.graph_pretraining import Pretraining, embed, encoder_state
from yaokit.nn.pretrained import Pretrained, save_pretrained

SLOTS = {"encoder": "directed", "pooling": "mean", "depth": 3, "hidden": 24}


def tiny_encoder(seed: int = 0) -> Pretrained:
    """A graph encoder that has learned nothing."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        state = encoder_state(Pretraining(1, 1, **SLOTS))
    return Pretrained("graph", SLOTS, state, {}, f"{seed:016x}")


def saved_encoder(folder: Path, seed: int = 0) -> Path:
    """The same as a folder."""
    found = tiny_encoder(seed)
    save_pretrained(folder, found.kind, found.settings, found.state, {"licence": "none"})
    return folder


def rows_of(kind: str, mols: Sequence[Chem.Mol]) -> Any:
    """Rows of any kind of features; those of pre-trained networks are the tiny one's."""
    if kind not in ("embedded", "rich"):
        return featurize(kind, mols)
    found = csr_array(embed(tiny_encoder(), mols))
    return found if kind == "embedded" else joined(featurize("full", mols), found)

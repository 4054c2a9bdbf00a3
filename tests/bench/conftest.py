"""A small ADMET group: one task of numbers and one of classes, made of embedded measurements."""

import csv
from pathlib import Path

import pytest
from toy_runs import series


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A --data folder with tdc_admet_group: 40 rows to learn from, 15 test rows.

    Of the test rows the first stands in train_val too (and has a counterion here), the last does
    not parse.
    """
    smiles, ids, y = series(55)
    smiles = [*smiles[:40], f"{smiles[0]}.Cl", *smiles[41:54], "not a molecule"]
    folder = tmp_path_factory.mktemp("data")
    group = folder / "tdc_admet_group"
    for task, values in (("caco2_wang", y), ("hia_hou", (y > 6).astype(float))):
        rows = zip(ids, smiles, values, strict=True)
        lines = [["train_val" if i < 40 else "test", *row] for i, row in enumerate(rows)]
        write(group / f"{task}.csv", [["split", "Drug_ID", "Drug", "Y"], *lines])
    names = ["task", "best_known_entry", "MapLight", "MapLight_GNN", "MiniMol", "Chemprop_RDKit", "MolE"]
    write(
        group / "published.csv",
        [names, ["caco2_wang", "0.256 ✓", *"12345"], ["hia_hou", "0.993 †", *"12345"]],
    )
    return folder


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny masked network that has learned nothing, in a folder."""
    return masked_network(tmp_path_factory.mktemp("encoder"), 0)


@pytest.fixture(scope="session")
def other_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another one of the same sizes."""
    return masked_network(tmp_path_factory.mktemp("other"), 1)


def masked_network(folder: Path, seed: int) -> Path:
    import torch

    from yaokit.nn.masked import MaskedNet
    from yaokit.nn.pretrained import save_pretrained

    shape = {"width": 16, "depth": 1, "heads": 2, "stem": 3, "dropout": 0.0}
    torch.manual_seed(seed)
    state = {k: v.numpy() for k, v in MaskedNet(3, **shape).state_dict().items() if k.startswith("net.")}
    save_pretrained(folder, "masked", shape, state, {})
    return folder


def write(path: Path, lines: list[list]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(lines)

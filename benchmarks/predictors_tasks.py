"""One measured task for benchmarks/predictors.py, in a process of its own: TASK SETTINGS.

SETTINGS and the answer on standard output are JSON. Seconds are of the processor (all threads of the
process). Imports and reading the input are not counted; parsing SMILES is.
"""

import csv
import json
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any


def _table(settings: dict[str, Any]) -> tuple[list[str], list[float]]:
    with open(settings["csv"], encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["smiles"] for row in rows], [float(row["value"]) for row in rows]


def _timed(run: Callable[[], Any]) -> tuple[dict[str, float], Any]:
    cpu, wall = time.process_time(), time.perf_counter()
    result = run()
    return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}, result


def gnn_yaokit(settings: dict[str, Any]) -> dict[str, Any]:
    """Fit and predict with the graph network, without descriptors."""
    import numpy as np
    import torch

    from yaokit.models.featurize import featurize_smiles
    from yaokit.models.gnn import Gnn
    from yaokit.models.targets import Targets

    torch.set_num_threads(settings["threads"])
    smiles, y = _table(settings)
    size = {"networks": 1, "hidden": 300, "depth": 3, "batch_size": 64, "dropout": 0.0, "device": "cpu"}

    def fit(n: int, epochs: int) -> Gnn:
        model = Gnn(0, "graph", epochs=epochs, **size)
        model.fit_features(featurize_smiles("graph", smiles[:n]), Targets.of(np.array(y[:n])[:, None]))
        return model

    fit(32, 1).predict_features(featurize_smiles("graph", smiles[:32]))
    fitted, model = _timed(lambda: fit(len(smiles), settings["epochs"]))
    predicted, _ = _timed(lambda: model.predict_features(featurize_smiles("graph", smiles)))
    parameters = sum(p.numel() for p in model.module_of(0).parameters())
    return {"fit": fitted, "predict": predicted, "parameters": parameters}


def gnn_chemprop(settings: dict[str, Any]) -> dict[str, Any]:
    """The same with chemprop's default network (D-MPNN, mean, one hidden layer), molecules cached."""
    import logging
    import warnings

    import torch
    from chemprop import data, models, nn
    from lightning import pytorch as pl

    warnings.filterwarnings("ignore")
    for name in ("lightning.pytorch", "lightning.pytorch.utilities.rank_zero"):
        logging.getLogger(name).setLevel(logging.ERROR)
    torch.set_num_threads(settings["threads"])
    smiles, y = _table(settings)
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    quiet |= {"enable_model_summary": False, "accelerator": "cpu", "devices": 1}

    def loader(n: int, shuffle: bool) -> Any:
        pairs = zip(smiles[:n], y[:n], strict=True)
        dataset = data.MoleculeDataset([data.MoleculeDatapoint.from_smi(s, [v]) for s, v in pairs])
        dataset.cache = True
        return data.build_dataloader(dataset, batch_size=64, num_workers=0, shuffle=shuffle)

    def fit(n: int, epochs: int) -> Any:
        model = models.MPNN(nn.BondMessagePassing(), nn.MeanAggregation(), nn.RegressionFFN())
        pl.Trainer(max_epochs=epochs, **quiet).fit(model, loader(n, shuffle=True))
        return model

    def predict(model: Any, n: int) -> Any:
        return pl.Trainer(**quiet).predict(model, loader(n, shuffle=False))

    predict(fit(32, 1), 32)
    fitted, model = _timed(lambda: fit(len(smiles), settings["epochs"]))
    predicted, _ = _timed(lambda: predict(model, len(smiles)))
    return {
        "fit": fitted,
        "predict": predicted,
        "parameters": sum(p.numel() for p in model.parameters()),
    }


def bare(settings: dict[str, Any]) -> dict[str, Any]:
    """RDKit's calls for the same chemistry: parse, standardize, Morgan counts; no model."""
    from rdkit import Chem, RDLogger
    from rdkit.Chem import rdFingerprintGenerator
    from rdkit.Chem.MolStandardize import rdMolStandardize as std

    RDLogger.DisableLog("rdApp.*")
    smiles, _ = _table(settings)
    steps = (std.LargestFragmentChooser(preferOrganic=True).choose, std.Normalizer().normalize)
    steps = (*steps, std.Uncharger().uncharge)
    of = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048, includeChirality=True)

    def run() -> None:
        for text in smiles:
            mol = Chem.MolFromSmiles(text)
            for step in steps:
                mol = step(mol)
            of.GetCountFingerprint(mol)

    return {"predict": _timed(run)[0]}


def fp_yaokit(settings: dict[str, Any]) -> dict[str, Any]:
    """SMILES → parse, standardize, features, prediction, with a saved model on fingerprints."""
    from yaokit.chem.standardize import Standard, Standardizer
    from yaokit.models import load
    from yaokit.models.featurize import featurize
    from yaokit.models.trusted import Trusted

    model: Any = load(settings["model"])
    standardize = model.standardizer if isinstance(model, Trusted) else Standardizer()
    smiles, _ = _table(settings)

    def predict(some: list[str]) -> None:
        found = [standardize(text) for text in some]
        mols = [f.mol for f in found if isinstance(f, Standard)]
        if isinstance(model, Trusted):
            model.predict_mols(mols)
        else:
            model.predict_features(featurize("fp", mols))

    def run() -> None:
        for start in range(0, len(smiles), 1_024):
            predict(smiles[start : start + 1_024])

    predict(smiles[:64])
    return {"predict": _timed(run)[0]}


def train_fp(settings: dict[str, Any]) -> dict[str, Any]:
    """A saved model on fingerprints, for the others to load."""
    import numpy as np

    from yaokit.core.lazy import resolve
    from yaokit.core.table import MolTable
    from yaokit.models import MODELS
    from yaokit.models.trusted import Trusted, Validation

    smiles, y = _table(settings)
    table = MolTable.of(smiles, columns={"value": np.array(y)})
    name, members = settings["name"], settings["members"]
    model = Trusted(members, validation=Validation(repeats=1)) if members else resolve(MODELS[name])()
    model.fit(table, ["value"]).save(Path(settings["folder"]))
    return {}


def imported(settings: dict[str, Any]) -> dict[str, Any]:
    """What a process has imported that loads a saved model and predicts."""
    from yaokit.core.table import MolTable
    from yaokit.models import load

    seconds, _ = _timed(lambda: load(settings["model"]).predict(MolTable.of(["CCO"])))
    packages = sorted({name.partition(".")[0] for name in sys.modules} & set(settings["unwanted"]))
    return {"seconds": seconds, "modules": len(sys.modules), "unwanted": packages}


TASKS = {f.__name__: f for f in (gnn_yaokit, gnn_chemprop, bare, fp_yaokit, train_fp, imported)}

if __name__ == "__main__":
    with redirect_stdout(sys.stderr):
        answer = TASKS[sys.argv[1]](json.loads(sys.argv[2]))
    print(json.dumps(answer))

"""One timed task for benchmarks/chem.py, in a process of its own: python chem_tasks.py TASK SETTINGS.

SETTINGS and the answer on standard output are JSON. Imports, reading the input and loading indexes
are not timed; starting worker processes is.
"""

import csv
import json
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any


def _smiles(path: str) -> list[str]:
    with open(path, encoding="utf-8", newline="") as file:
        return [row["smiles"] for row in csv.DictReader(file)]


_CALLS: list[Any] = []  # of a worker process: read, steps, write


def _timed(run: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = run()
    return time.perf_counter() - start, result


def curate_yaokit(settings: dict[str, Any]) -> dict[str, Any]:
    """yaokit: read, standardize, merge."""
    from yaokit.data.curation.curate import curate

    seconds, curated = _timed(lambda: curate([settings["csv"]], smiles="smiles", workers=2))
    return {"seconds": seconds, "smiles": sorted(curated.table.smiles)}


def curate_rdkit(settings: dict[str, Any]) -> dict[str, Any]:
    """RDKit's own calls, their objects made once a process."""
    from multiprocessing import Pool

    smiles = _smiles(settings["csv"])

    def run() -> list[str | None]:
        with Pool(2, _make_calls) as pool:
            return pool.map(_plain_rdkit, smiles, chunksize=256)

    seconds, found = _timed(run)
    return {"seconds": seconds, "smiles": sorted({text for text in found if text})}


def _make_calls() -> None:
    from rdkit import Chem, RDLogger
    from rdkit.Chem.MolStandardize import rdMolStandardize as std

    RDLogger.DisableLog("rdApp.*")
    steps = (std.LargestFragmentChooser(preferOrganic=True).choose, std.Normalizer().normalize)
    _CALLS.extend([Chem.MolFromSmiles, (*steps, std.Uncharger().uncharge), Chem.MolToSmiles])


def _plain_rdkit(smiles: str) -> str | None:
    read, steps, write = _CALLS
    mol = read(smiles)
    if mol is None:
        return None
    for step in steps:
        mol = step(mol)
    return write(mol)


def curate_datamol(settings: dict[str, Any]) -> dict[str, Any]:
    """datamol's calls in datamol's parallel helper."""
    import datamol

    smiles = _smiles(settings["csv"])
    datamol.to_mol("C")
    seconds, found = _timed(lambda: datamol.parallelized(_plain_datamol, smiles, n_jobs=2, progress=False))
    return {"seconds": seconds, "smiles": sorted({text for text in found if text})}


def _plain_datamol(smiles: str) -> str | None:
    import datamol

    with datamol.without_rdkit_log():
        mol = datamol.to_mol(smiles)
        if mol is None:
            return None
        mol = datamol.keep_largest_fragment(mol)
        mol = datamol.standardize_mol(mol, normalize=True, reionize=False, uncharge=True, stereo=False)
        return datamol.to_smiles(mol)


def search_yaokit(settings: dict[str, Any]) -> dict[str, Any]:
    """yaokit: fingerprints of the queries and their ten nearest."""
    import numpy as np
    from rdkit import Chem

    from yaokit.chem.fingerprints import morgan, packed
    from yaokit.chem.search import FingerprintIndex

    index = FingerprintIndex.build(np.load(settings["fingerprints"], mmap_mode="r"))

    def find(smiles: list[str]) -> Any:
        queries = packed(morgan([Chem.MolFromSmiles(text) for text in smiles], chirality=False))
        return index.top(queries, 10, threads=settings["threads"])

    hits = [find([text])[0] for text in settings["single"][:1]]
    single, hits = _timed(lambda: [find([text])[0] for text in settings["single"]])
    many, _ = _timed(lambda: find(settings["many"]))
    found = [[similarity.tolist(), index.tolist()] for index, similarity in hits]
    return {"single": single / len(hits), "many": many, "found": found}


def search_fpsim2(settings: dict[str, Any]) -> dict[str, Any]:
    """FPSim2's ten nearest, all fingerprints in memory."""
    import os

    from FPSim2 import FPSim2Engine
    from FPSim2.io import create_db_file

    file = settings["h5"]
    if not os.path.exists(file):
        with open(settings["smi"], encoding="utf-8") as lines:
            rows = [[line.strip(), i + 1] for i, line in enumerate(lines)]
        fingerprint = {"radius": 2, "fpSize": 2048}
        create_db_file(rows, file + ".part", "smiles", "Morgan", fingerprint)
        os.replace(file + ".part", file)
    engine = FPSim2Engine(file)

    def find(smiles: str) -> Any:
        return engine.top_k(smiles, k=10, threshold=0.0, n_workers=settings["threads"])

    find(settings["single"][0])
    single, hits = _timed(lambda: [find(text) for text in settings["single"]])
    many, _ = _timed(lambda: [find(text) for text in settings["many"]])
    found = [[hit["coeff"].tolist(), (hit["mol_id"].astype(int) - 1).tolist()] for hit in hits]
    return {"single": single / len(hits), "many": many, "found": found}


TASKS = {f.__name__: f for f in (curate_yaokit, curate_rdkit, curate_datamol, search_yaokit, search_fpsim2)}

if __name__ == "__main__":
    with redirect_stdout(sys.stderr):
        answer = TASKS[sys.argv[1]](json.loads(sys.argv[2]))
    print(json.dumps(answer))

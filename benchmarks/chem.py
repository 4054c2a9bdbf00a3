"""The chemistry kernels against their peers, on two cores.

    python benchmarks/chem.py --data DIR -o DIR [--peers PYTHON] [--repeats N] [--only PART …]

DIR of --data holds corpora/moses_train.csv.gz, moses_test.csv.gz and chembl35_20k.smi.gz. PYTHON is
that of an environment made by benchmarks/peers.sh; without it only RDKit is compared with. Each ratio
is the peer's seconds over ours, the median of runs that take turns. Parts:

- curate: 20,000 molecules, half MOSES, half ChEMBL, read, standardized and merged by `curate`, against
  RDKit's own calls for the same chemistry in a process pool, and datamol's in its parallel helper
- alerts: the same molecules, one core, against RDKit's FilterCatalog; flags compared for each
- similarity: the ten nearest of 1,000,000 MOSES molecules (Morgan, radius 2, 2,048 bits) for one and
  for 1,000 others, against FPSim2; 20 of them compared with RDKit's BulkTanimotoSimilarity
"""

import argparse
import csv
import gzip
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
from rdkit import Chem, DataStructs, RDLogger
from rdkit.Chem import FilterCatalog, rdFingerprintGenerator
from results import how, write_results

from yaokit.bench import codehash
from yaokit.chem.filters import DEFAULT_CATALOGS, alerts
from yaokit.chem.fingerprints import morgan, packed

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "build" / "bench"
TASKS = Path(__file__).with_name("chem_tasks.py")
MILLION = 1_000_000
ALL_CATALOGS = ("PAINS", "BRENK", "NIH", "ZINC", "CHEMBL")  # what RDKit's "ALL" consists of
MEASURED = ("chem/filters.py", "chem/search.py", "chem/data/*.csv", "data/curation/curate.py")

Row = dict[str, Any]


def moses(data: Path, part: str) -> Iterator[str]:
    """SMILES of MOSES in the order of the file."""
    with gzip.open(data / "corpora" / f"moses_{part}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["SMILES"]


def mixed(data: Path) -> list[str]:
    """10,000 of ChEMBL and 10,000 of MOSES, in turns."""
    with gzip.open(data / "corpora" / "chembl35_20k.smi.gz", "rt", encoding="utf-8", newline="") as file:
        chembl = [row["smiles"] for row in islice(csv.DictReader(file), 0, 20_000, 2)]
    return [text for pair in zip(chembl, islice(moses(data, "train"), 10_000), strict=True) for text in pair]


def task(python: str, name: str, settings: Row) -> Row:
    """The answer of one task in a process of its own."""
    command = [python, str(TASKS), name, json.dumps(settings)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    return json.loads(done.stdout)


def curate(data: Path, peers: str | None, repeats: int) -> list[Row]:
    """Seconds for the 20,000 molecules, all runs taking turns."""
    CACHE.mkdir(parents=True, exist_ok=True)
    path = CACHE / "mixed.csv"
    path.write_text("smiles\n" + "\n".join(mixed(data)) + "\n")
    tools = {"curate_yaokit": sys.executable, "curate_rdkit": sys.executable}
    tools |= {"curate_datamol": peers} if peers else {}
    answers = [
        {name: task(python, name, {"csv": str(path)}) for name, python in tools.items()}
        for _ in range(repeats)
    ]
    rows = []
    for name, peer in {"curate_rdkit": "RDKit", "curate_datamol": "datamol"}.items():
        if name not in tools:
            continue
        seconds = [(answer["curate_yaokit"]["seconds"], answer[name]["seconds"]) for answer in answers]
        ours, theirs = (set(answers[0][tool]["smiles"]) for tool in ("curate_yaokit", name))
        notes = f"{len(ours):,} and {len(theirs):,} molecules, {len(ours & theirs):,} in both"
        rows.append(row("curate, 20,000 molecules, 2 cores", peer, seconds, notes))
    return rows


def filter_alerts(data: Path, _: str | None, repeats: int) -> list[Row]:
    """Each repeat takes another part of the 20,000 molecules, so that all are compared once."""
    RDLogger.DisableLog("rdApp.*")
    mols = [mol for text in mixed(data) if (mol := Chem.MolFromSmiles(text)) is not None]
    rows = []
    for what, names in (("PAINS, BRENK, NIH", DEFAULT_CATALOGS), ("all catalogs", ALL_CATALOGS)):
        known = FilterCatalog.FilterCatalogParams.FilterCatalogs.names
        params = FilterCatalog.FilterCatalogParams()
        for name in names:
            params.AddCatalog(known[name])
        catalog = FilterCatalog.FilterCatalog(params)
        alerts(mols[0], names)
        seconds, n_same = [], 0
        for i in range(repeats):
            part = mols[i::repeats]
            start = time.perf_counter()
            ours = [alerts(mol, names) for mol in part]
            middle = time.perf_counter()
            theirs = [catalog.GetMatches(mol) for mol in part]
            seconds.append((middle - start, time.perf_counter() - middle))
            for flags, hits in zip(ours, theirs, strict=True):
                n_same += {f.split(":", 1)[1] for f in flags} == {hit.GetDescription() for hit in hits}
        notes = f"flags identical for {n_same:,} of {len(mols):,} molecules"
        rows.append(row(f"alerts, {what}, 1 core", "RDKit FilterCatalog", seconds, notes))
        rows[-1]["identical"] = n_same == len(mols)
    return rows


def million(data: Path) -> Row:
    """Files with a million SMILES and their packed fingerprints, made once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    smi, npy = CACHE / "moses1m.smi", CACHE / "moses1m.npy"
    if not smi.exists():
        smi.write_text("\n".join(islice(moses(data, "train"), MILLION)) + "\n")
    if not npy.exists():
        smiles = smi.read_text().split()
        with Pool(2) as pool:
            parts = pool.imap(_bits, [smiles[i : i + 10_000] for i in range(0, len(smiles), 10_000)])
            np.save(npy, np.concatenate(list(parts)))
    return {"smi": str(smi), "fingerprints": str(npy), "h5": str(CACHE / "moses1m.h5")}


def _bits(smiles: Sequence[str]) -> np.ndarray:
    return packed(morgan([Chem.MolFromSmiles(text) for text in smiles], chirality=False))


def similarity(data: Path, peers: str | None, repeats: int) -> list[Row]:
    """Single queries and a thousand, on one core and on two."""
    files, others = million(data), list(islice(moses(data, "test"), 1_020))
    asked = {**files, "single": others[:20], "many": others[20:]}
    rows = []
    for threads in (1, 2):
        settings = {**asked, "threads": threads}
        tools = {"search_yaokit": sys.executable} | ({"search_fpsim2": peers} if peers else {})
        answers = [[task(python, name, settings) for name, python in tools.items()] for _ in range(repeats)]
        cores = f"{threads} core{'s' * (threads > 1)}"
        for what, key in (("single query", "single"), ("1,000 queries", "many")):
            seconds = [(pair[0][key], pair[-1][key]) for pair in answers]
            notes = agreement(answers[0]) if key == "single" and peers else ""
            rows.append(row(f"similarity, {what}, {cores}", "FPSim2" if peers else "nothing", seconds, notes))
    found = answers[0][0]["found"]
    rows[0]["identical"] = same = is_identical(files["fingerprints"], asked["single"], found)
    rows[0]["notes"] += f"; neighbors {'identical to' if same else 'DIFFERENT from'} BulkTanimotoSimilarity's"
    return rows


def agreement(answers: Sequence[Row]) -> str:
    """For how many queries both found ten of the same similarities."""
    pairs = zip(*(answer["found"] for answer in answers), strict=True)
    n_same = sum(np.allclose(ours[0], theirs[0], atol=1e-6) for ours, theirs in pairs)
    return f"the ten similarities agree for {n_same} of {len(answers[0]['found'])} queries"


def is_identical(file: str, queries: Sequence[str], found: Sequence[Sequence[list]]) -> bool:
    """Whether RDKit finds the same ten for each query, in the same order, with the same similarities."""
    fingerprints = [DataStructs.CreateFromBinaryText(row.tobytes()) for row in np.load(file, mmap_mode="r")]
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    for smiles, (similarities, index) in zip(queries, found, strict=True):
        query = generator.GetFingerprint(Chem.MolFromSmiles(smiles))
        wanted = np.array(DataStructs.BulkTanimotoSimilarity(query, fingerprints))
        order = np.lexsort((np.arange(len(wanted)), -wanted))[:10]
        if order.tolist() != index or wanted[order].tolist() != similarities:
            return False
    return True


def row(what: str, peer: str, seconds: Sequence[tuple[float, float]], notes: str) -> Row:
    """One comparison; `seconds` are (ours, theirs) of runs that took turns."""
    ratios = [theirs / ours for ours, theirs in seconds]
    return {
        "what": what,
        "peer": peer,
        "ratio": round(statistics.median(ratios), 2),
        "lowest": round(min(ratios), 2),
        "highest": round(max(ratios), 2),
        "seconds": float(f"{statistics.median(ours for ours, _ in seconds):.3g}"),
        "peer_seconds": float(f"{statistics.median(theirs for _, theirs in seconds):.3g}"),
        "repeats": len(seconds),
        "asked": ASKED.get((what, peer)),
        "notes": notes,
    }


def is_met(entry: Row) -> bool:
    """Whether a row reaches what is asked of it."""
    return entry.get("identical", True) and entry["ratio"] >= (entry["asked"] or 0)


def code_hash() -> str:
    """Of the code that the numbers depend on."""
    return codehash.code_hash(*MEASURED, scripts=ROOT.glob("benchmarks/chem*.py"))


def page(results: Row) -> str:
    """The results as Markdown."""
    lines = [
        "# Chemistry kernels",
        "",
        "How many times as fast as its peer each kernel is: the median of runs that took turns, with the "
        "lowest and the highest. What is compared with what stands at the head of `benchmarks/chem.py`.",
        "",
        how(results),
        "",
        "| | Against | Asked | Ratio | Range | Ours, s | Theirs, s | |",
        "|---|---|---:|---:|---|---:|---:|---|",
    ]
    for r in results["rows"]:
        asked = f"≥ {r['asked']}" if r["asked"] else ""
        lines.append(
            f"| {r['what']} | {r['peer']} | {asked} | {r['ratio']} | {r['lowest']}–{r['highest']} "
            f"| {r['seconds']} | {r['peer_seconds']} | {r['notes']} |"
        )
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--peers", help="the Python of an environment made by benchmarks/peers.sh")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    asked = parser.parse_args(argv)
    start = time.monotonic()
    rows = [r for name in asked.only for r in PARTS[name](asked.data, asked.peers, asked.repeats)]
    about = {
        "command": "python benchmarks/chem.py --data DIR -o DIR --peers PYTHON",
        "code_hash": code_hash(),
        "seeds": [],
        "seconds": round(time.monotonic() - start, 1),
        "rows": rows,
        "summary": {f"{r['what']}, against {r['peer']}": r["ratio"] for r in rows},
    }
    write_results("chem", asked.out, about, page)
    for r in rows:
        print(
            f"{'ok  ' if is_met(r) else 'FAIL'}  {r['what']}, against {r['peer']}: {r['ratio']} times as fast"
            f" ({r['lowest']}–{r['highest']}, asked {r['asked'] or 'nothing'}) {r['notes']}"
        )
    return 0 if all(map(is_met, rows)) else 1


PARTS = {"curate": curate, "alerts": filter_alerts, "similarity": similarity}
ASKED = {
    ("curate, 20,000 molecules, 2 cores", "RDKit"): 0.9,
    ("curate, 20,000 molecules, 2 cores", "datamol"): 2.0,
    ("alerts, PAINS, BRENK, NIH, 1 core", "RDKit FilterCatalog"): 3.5,
    ("alerts, all catalogs, 1 core", "RDKit FilterCatalog"): 3.5,
    ("similarity, single query, 1 core", "FPSim2"): 1.0,
    ("similarity, 1,000 queries, 1 core", "FPSim2"): 2.5,
    ("similarity, 1,000 queries, 2 cores", "FPSim2"): 2.5,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Models against chemprop and against the bare chemistry, and what long predictions cost.

    python benchmarks/predictors.py --data DIR -o DIR [--peers PYTHON] [--repeats N] [--only PART …]

DIR of --data holds moleculenet/lipophilicity.csv. PYTHON is that of an environment made by
`benchmarks/peers.sh FOLDER chemprop`; without it only the bare chemistry is compared with. Ratios are
of processor seconds, the median of runs that take turns. Parts:

- gnn: the graph network and chemprop's default one (D-MPNN) on the same 1,000 molecules, at equal size
  (hidden 300, depth 3, batches of 64, the same number of epochs), from SMILES, with 1 and 2 threads
- fp: models on fingerprints predicting 4,000 molecules from SMILES, against RDKit's parse + standardize
  + Morgan, and against chemprop
- stream: `yaokit predict` on a million SMILES and on a tenth of them: the memory of all its processes
- train: `yaokit train --model auto` with cross-validation and report on 1,000 molecules, nothing kept from
  before; needs an idle machine
- imports: what a process that loads a saved model and predicts has imported

What a part measured is kept in build/bench/predictors until the code changes: the same command continues.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import psutil
from results import BUILD, how, kept, write_results

from yaokit.bench import codehash

ROOT = Path(__file__).resolve().parent.parent
CACHE = BUILD / "predictors"
TASKS = Path(__file__).with_name("predictors_tasks.py")
MEASURED = (
    *("models/train.py", "models/rows.py", "screen/predict.py", "nn/graph.py"),
    *(f"models/{name}.py" for name in ("boosting", "forest", "mlp", "svm", "gp", "gnn")),
)
EPOCHS = 10
FP_MODELS = {  # name → members; the stack is what `--model auto` takes of 1,000 molecules
    "boosting": (),
    "forest": (),
    "mlp": (),
    "svm": (),
    "gp": (),
    "trusted": ("boosting", "svm", "gp"),
}
UNWANTED = ("torch", "lightning_fabric", "lightning", "optuna", "sklearn", "captum", "tensorboardX")

Row = dict[str, Any]


class Asked(argparse.Namespace):
    data: Path
    out: Path
    peers: str | None
    repeats: int
    rows: int
    only: list[str]


def molecules(asked: Asked, n: int) -> str:
    """The path of a table (smiles, value) of n molecules, spread over the file."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(asked.data / "moleculenet" / "lipophilicity.csv", encoding="utf-8", newline="") as file:
        rows = [(row["smiles"], row["exp"]) for row in csv.DictReader(file)]
    path = CACHE / f"lipophilicity_{n}.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("smiles", "value"))
        writer.writerows(rows[i * len(rows) // n] for i in range(n))
    return str(path)


def task(python: str, name: str, settings: Row) -> Row:
    """The answer of one task in a process of its own."""
    threads = str(settings.get("threads", 1))
    limits = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads)
    command = [python, str(TASKS), name, json.dumps(settings)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **limits})
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    return json.loads(done.stdout)


def gnn(asked: Asked) -> Iterator[Row]:
    """Molecules a second of fitting and predicting."""
    if not asked.peers:
        return
    n, table = 1_000, molecules(asked, 1_000)
    tools = {"gnn_yaokit": sys.executable, "gnn_chemprop": asked.peers}
    for threads in (1, 2):
        settings = {"csv": table, "threads": threads, "epochs": EPOCHS}
        answers = [
            [task(python, name, settings) for name, python in tools.items()] for _ in range(asked.repeats)
        ]
        sizes = " and ".join(f"{answer['parameters']:,}" for answer in answers[0])
        for what, label in (("fit", f"{EPOCHS} epochs on"), ("predict", "prediction of")):
            pairs = [(ours[what], theirs[what]) for ours, theirs in answers]
            rate = n * (EPOCHS if what == "fit" else 1) / statistics.median(ours["cpu"] for ours, _ in pairs)
            wall = statistics.median(theirs["wall"] / ours["wall"] for ours, theirs in pairs)
            notes = f"{sizes} parameters; {rate:,.0f} molecules/s of ours; {wall:.2f} × by the clock"
            title = f"gnn, {label} {n:,} molecules, {threads} thread{'s' * (threads > 1)}"
            yield ratio(
                title, "chemprop", [(ours["cpu"], theirs["cpu"]) for ours, theirs in pairs], 1.0, notes
            )


def fp(asked: Asked) -> Iterator[Row]:
    """Molecules a second from SMILES."""
    n, table = 4_000, molecules(asked, 4_000)
    settings = {"csv": table, "threads": 1, "epochs": 1}
    tools: dict[str, tuple[str, str, Row]] = {"bare": (sys.executable, "bare", settings)}
    for name, folder in fp_folders(asked).items():
        tools[name] = (sys.executable, "fp_yaokit", {**settings, "model": folder})
    answers = [
        {name: task(*tool)["predict"]["cpu"] for name, tool in tools.items()} for _ in range(asked.repeats)
    ]
    peer = None
    if asked.peers:
        runs = [task(asked.peers, "gnn_chemprop", settings) for _ in range(asked.repeats)]
        peer = statistics.median(run["predict"]["cpu"] for run in runs)
    for name, members in FP_MODELS.items():
        label = f"{name} of {', '.join(members)}" if members else name
        rate = f"{n / statistics.median(answer[name] for answer in answers):,.0f} molecules/s"
        title = f"{label}, prediction of {n:,} SMILES, 1 thread"
        yield ratio(title, "parse + standardize + Morgan", [(a[name], a["bare"]) for a in answers], 0.8, rate)
        if peer:
            yield ratio(title, "chemprop", [(a[name], peer) for a in answers], 3.0, rate)


def fp_folders(asked: Asked) -> dict[str, str]:
    """Saved models on fingerprints by name, learned from 1,000 molecules."""
    folders = {}
    for name, members in FP_MODELS.items():
        folder = CACHE / f"model-{name}-{code_hash()}"
        if not folder.exists():
            settings = {"csv": molecules(asked, 1_000), "name": name, "members": members}
            task(sys.executable, "train_fp", {**settings, "folder": str(folder)})
        folders[name] = str(folder)
    return folders


def stream(asked: Asked) -> Iterator[Row]:
    """Peak memory of the process tree, for all rows and for a tenth."""
    from yaokit.data.catalog.builtin import builtin_records

    model = fp_folders(asked)["trusted"]
    smiles = [str(record.cells["smiles"]) for record in islice(builtin_records("builtin:zinc250k"), 240_000)]
    peaks = []
    for n in (asked.rows // 10, asked.rows):
        path = CACHE / f"zinc_{n}.smi"
        path.write_text("\n".join(islice(cycle(smiles), n)) + "\n")
        seconds, peak = watched(["predict", model, str(path), "-o", str(CACHE / f"zinc_{n}.csv")])
        peaks.append(peak)
        yield amount(
            f"predict {n:,} SMILES, peak memory of all processes",
            peak,
            "MB",
            None,
            f"{n / seconds:,.0f} rows/s",
        )
    title = f"predict, memory for {asked.rows:,} rows over that for a tenth"
    yield amount(title, peaks[1] / peaks[0], "×", ("at most", 1.2), "")


def train(asked: Asked) -> Iterator[Row]:
    """The whole command, by the clock."""
    table = molecules(asked, 1_000)
    seconds = []
    for i in range(asked.repeats):
        folder = CACHE / f"auto-{os.getpid()}-{i}"
        command = [
            "train",
            table,
            "--target",
            "value",
            "--unit",
            "none",
            "--model",
            "auto",
            "-o",
            str(folder),
        ]
        with tempfile.TemporaryDirectory() as cache:
            seconds.append(watched(command, cache)[0])
    title = "train --model auto, cross-validation and report, 1,000 molecules"
    notes = f"{min(seconds):.0f}–{max(seconds):.0f} s by the clock, {os.cpu_count()} cores"
    yield amount(title, statistics.median(seconds), "s", ("at most", 90), notes)


def imports(asked: Asked) -> Iterator[Row]:
    """Packages that a saved model must not need."""
    for name, folder in fp_folders(asked).items():
        found = task(sys.executable, "imported", {"model": folder, "unwanted": UNWANTED})
        notes = f"{found['modules']:,} modules, {found['seconds']['cpu']:.2f} s; " + (
            f"imported: {', '.join(found['unwanted'])}" if found["unwanted"] else "none"
        )
        title = f"{name}, packages of training imported to load and predict"
        yield amount(title, len(found["unwanted"]), "", ("at most", 0), notes)


def watched(words: Sequence[str], cache: str | None = None) -> tuple[float, float]:
    """Seconds by the clock and peak memory (MB) of a yaokit command and its children."""
    environment = {**os.environ, "YAOKIT_CACHE": cache} if cache else None
    start, peak = time.monotonic(), 0.0
    command = [sys.executable, "-c", "from yaokit.cli import main; main()", *words]
    log = CACHE / "command.log"
    with (
        open(log, "w") as out,
        subprocess.Popen(command, stdout=out, stderr=out, env=environment) as process,
    ):
        tree = psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, sum(map(_memory, [tree, *_children(tree)])))
            time.sleep(0.2)
    if process.returncode:
        raise SystemExit(f"yaokit {' '.join(words)} failed:\n{log.read_text()}")
    return time.monotonic() - start, peak / 1e6


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _memory(process: psutil.Process) -> int:
    """What is the process's own, so that shared pages do not count twice."""
    try:
        return process.memory_full_info().uss
    except psutil.Error:
        return 0


def ratio(what: str, peer: str, seconds: Sequence[tuple[float, float]], least: float, notes: str) -> Row:
    """How many times as fast; `seconds` are (ours, theirs) of runs that took turns."""
    every = [theirs / ours for ours, theirs in seconds]
    found = amount(what, statistics.median(every), "×", ("at least", least), notes)
    return {**found, "peer": peer, "lowest": round(min(every), 2), "highest": round(max(every), 2)}


def amount(what: str, value: float, unit: str, asked: tuple[str, float] | None, notes: str) -> Row:
    """One measured number and what is asked of it."""
    limit = list(asked) if asked else None
    return {
        "what": what,
        "peer": "",
        "value": float(f"{value:.4g}"),
        "unit": unit,
        "asked": limit,
        "notes": notes,
    }


def is_met(entry: Row) -> bool:
    """Whether a row reaches what is asked of it."""
    if entry["asked"] is None:
        return True
    which, limit = entry["asked"]
    return entry["value"] >= limit if which == "at least" else entry["value"] <= limit


def code_hash() -> str:
    """Of the code that the numbers depend on."""
    return codehash.code_hash(*MEASURED, scripts=ROOT.glob("benchmarks/predictors*.py"))


def page(results: Row) -> str:
    """The results as Markdown."""
    lines = [
        "# Predictors: speed and memory",
        "",
        "How many times as fast as its peer each model is, per processor second: the median of runs that "
        "took turns, with the lowest and the highest. What is compared with what stands at the head of "
        "`benchmarks/predictors.py`.",
        "",
        how(results),
        "",
        "| | Against | Asked | Measured | Range | | |",
        "|---|---|---:|---:|---|---|---|",
    ]
    for r in results["rows"]:
        asked = f"{'≥' if r['asked'][0] == 'at least' else '≤'} {r['asked'][1]:g}" if r["asked"] else ""
        between = f"{r['lowest']}–{r['highest']}" if "lowest" in r else ""
        verdict = "" if not r["asked"] else "met" if is_met(r) else "**not met**"
        lines.append(
            f"| {r['what']} | {r['peer']} | {asked} | {r['value']:g} {r['unit']} | {between} | {verdict} "
            f"| {r['notes']} |"
        )
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--peers", help="the Python of an environment made by benchmarks/peers.sh")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the part stream")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    asked = parser.parse_args(argv, Asked())
    version, rows, seconds = code_hash(), [], 0.0
    for name in asked.only:
        key = [name, asked.repeats, asked.rows, bool(asked.peers)]
        part = kept("predictors", version, key, lambda name=name: list(PARTS[name](asked)))
        rows += part["rows"]
        seconds += part["seconds"]
        for r in part["rows"]:
            print(
                f"{'ok  ' if is_met(r) else 'FAIL'}  {r['what']} {r['value']:g} {r['unit']} "
                f"{r['peer']} (asked {r['asked'] or 'nothing'}) {r['notes']}",
                flush=True,
            )
    about = {
        "command": "python benchmarks/predictors.py --data DIR -o DIR --peers PYTHON",
        "code_hash": version,
        "seeds": [0],
        "seconds": round(seconds, 1),
        "rows": rows,
        "summary": {f"{r['what']}{r['peer'] and ', against '}{r['peer']}": r["value"] for r in rows},
    }
    write_results("predictors", asked.out, about, page)
    return 0 if all(map(is_met, rows)) else 1


PARTS: dict[str, Callable[[Asked], Iterator[Row]]] = {
    "gnn": gnn,
    "fp": fp,
    "stream": stream,
    "train": train,
    "imports": imports,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

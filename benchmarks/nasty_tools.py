"""Reads files the way users of one tool do: python nasty_tools.py TOOL SECONDS < files (a JSON line each).

Stands alone, for benchmarks/nasty_inputs.py starts it in environments without yaokit too. Each line
{"path", "args", "out"} is answered by a line {"status", "message", "molecules": [[SMILES, value], …]}; a
file is read in a forked child with a limit on time and memory, and status is ok, error (an exception),
crash (killed, or out of memory) or hang.
"""

import contextlib
import io
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

MEMORY_BYTES = 6 * 2**30
Molecule = tuple[str, "float | str | None"]


def pandas_tool() -> Callable[[dict], Iterable[Molecule]]:
    """pandas by the file's ending with its defaults, MolFromSmiles, failures dropped."""
    import pandas as pd
    from rdkit import Chem

    def table(path: str) -> pd.DataFrame:
        kind = ending(path)
        if kind == ".xlsx":
            return pd.read_excel(path)
        return pd.read_parquet(path) if kind == ".parquet" else pd.read_csv(path)

    def read(asked: dict) -> Iterator[Molecule]:
        path = asked["path"]
        if ending(path) in (".sdf", ".mol", ".smi"):
            mols = {
                ".sdf": lambda: Chem.SDMolSupplier(path),
                ".mol": lambda: [Chem.MolFromMolFile(path)],
                ".smi": lambda: Chem.SmilesMolSupplier(path, titleLine=False),
            }[ending(path)]()
            yield from ((Chem.MolToSmiles(mol), None) for mol in mols if mol is not None)
        else:
            for text, value in cells(table(path), asked["args"]):
                if (mol := Chem.MolFromSmiles(text)) is not None:
                    yield Chem.MolToSmiles(mol), value

    return read


def datamol_tool() -> Callable[[dict], Iterable[Molecule]]:
    """datamol's readers and the steps of its tutorial: to_mol, fix, sanitize, standardize."""
    import datamol as dm
    import pandas as pd
    from rdkit import Chem

    def table(path: str) -> pd.DataFrame:
        return dm.read_csv(path) if ending(path) in (".csv", "") else dm.open_df(path)

    def clean(mol: Chem.Mol | None) -> str | None:
        if mol is None:
            return None
        mol = dm.sanitize_mol(dm.fix_mol(mol), sanifix=True, charge_neutral=False)
        if mol is None:
            return None
        return dm.standardize_smiles(dm.to_smiles(dm.standardize_mol(mol)))

    def read(asked: dict) -> Iterator[Molecule]:
        path = asked["path"]
        if ending(path) in (".sdf", ".mol", ".smi"):
            reader = {".sdf": dm.read_sdf, ".mol": lambda p: [dm.read_molblock(Path(p).read_text())]}
            mols = reader.get(ending(path), dm.read_smi)(path)
            found = ((clean(mol), None) for mol in mols)
        else:
            rows = cells(table(path), asked["args"])
            found = ((clean(dm.to_mol(text, ordered=True)), value) for text, value in rows)
        yield from ((smiles, value) for smiles, value in found if smiles)

    return read


def yaokit_tool() -> Callable[[dict], Iterable[Molecule]]:
    """`yaokit curate`, and the tables it writes."""
    from nasty.outcome import read_outcome

    import yaokit.data.curation.curate  # noqa: F401 - imported once, before the children are forked
    from yaokit.cli import app

    def read(asked: dict) -> Iterator[Molecule]:
        out, said = Path(asked["out"]), io.StringIO()
        with contextlib.redirect_stderr(said):
            code = app.run(
                ["curate", asked["path"], "-o", str(out), *asked["args"], "--workers", "1", "--quiet"]
            )
        if code in (2, 3):
            raise ValueError(said.getvalue())
        if code:
            raise SystemExit(said.getvalue())
        fates = read_outcome(out, code, said.getvalue()).fates
        yield from ((fate.smiles, fate.value) for _, fate in sorted(fates.items()) if fate.smiles)

    return read


TOOLS = {"pandas": pandas_tool, "datamol": datamol_tool, "yaokit": yaokit_tool}


def ending(path: str) -> str:
    """The ending in lower case, without that of the compression."""
    path = path.lower()
    for packed in (".gz", ".zst"):
        path = path.removesuffix(packed)
    return Path(path).suffix


def cells(table: object, args: list[str]) -> Iterator[tuple[object, float | str | None]]:
    """Structure and value of each row that has a structure, from the best column that a user could name."""
    from rdkit import Chem, rdBase

    rdBase.DisableLog("rdApp.*")
    names = [str(name) for name in table.columns]
    table.columns = names
    found = [name for name in names if "smiles" in name.lower()]
    if not found:
        share = {
            name: sum(isinstance(t, str) and Chem.MolFromSmiles(t) is not None for t in table[name])
            for name in names
        }
        found = [max(share, key=share.__getitem__)] if any(share.values()) else []
    value = args[args.index("--value") + 1] if "--value" in args else None
    values = table[value] if value else [None] * len(table)
    for text, cell in zip(table[found[0]], values, strict=True):
        if text is not None and text == text:  # not NaN
            yield text, cell if cell is None or isinstance(cell, str) else float(cell)


def served(read: Callable[[dict], Iterable[Molecule]], asked: dict, limit_s: float) -> dict:
    """What `read` gives in a child of its own, or how the child ended."""
    ours, theirs = os.pipe()
    start = time.monotonic()
    child = os.fork()
    if not child:
        os.close(ours)
        _child(read, asked, theirs)
    os.close(theirs)
    answer = b""
    while (left := start + limit_s - time.monotonic()) > 0 and select.select([ours], [], [], left)[0]:
        if not (block := os.read(ours, 1 << 20)):
            break
        answer += block
    is_late = time.monotonic() - start >= limit_s
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(ours)
    seconds = round(time.monotonic() - start, 2)
    try:
        return {**json.loads(answer), "seconds": seconds}
    except ValueError:
        return {"status": "hang" if is_late else "crash", "message": "", "molecules": [], "seconds": seconds}


def _child(read: Callable[[dict], Iterable[Molecule]], asked: dict, pipe: int) -> None:
    os.setsid()
    os.chdir(Path(asked["path"]).parent)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    answer: dict = {"status": "ok", "message": "", "molecules": []}
    try:
        answer["molecules"] = list(read(asked))
    except (MemoryError, SystemExit, RecursionError) as error:
        answer |= {"status": "crash", "message": f"{type(error).__name__}: {error}"[:300]}
    except Exception as error:  # recorded: it is the tool's answer
        answer |= {"status": "error", "message": f"{type(error).__name__}: {error}"[:300]}
    with os.fdopen(pipe, "w") as file:
        json.dump(answer, file)
    os._exit(0)


def main(tool: str, limit_s: float) -> None:
    read = TOOLS[tool]()
    for line in sys.stdin:
        print(json.dumps(served(read, json.loads(line), limit_s)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))

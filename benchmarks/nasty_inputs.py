"""Nasty inputs through yaokit, pandas + RDKit and datamol, judged by one rule, side by side.

    python benchmarks/nasty_inputs.py -o DIR [--peers PYTHON]

writes DIR/nasty_inputs.json and .md. PYTHON is that of an environment made by benchmarks/peers.sh.
The cases are those of tests/nasty, each read in a child of its own with a limit on time (5 s for yaokit,
10 s for the others) and memory. The verdicts, the worst that applies:

- crash: the process died or ran out of memory, or an exception stopped it though good rows are there
- hang: no end within the limit
- silent change: a molecule or number in the result that is not in the file, without a word
- silent loss: a good row is missing, without a word
- ok: all good rows as they are (standardized or as drawn), bad ones left out, or a bad file refused
"""

import argparse
import ctypes
import json
import math
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rdkit import Chem, rdBase
from rdkit.Chem.MolStandardize import rdMolStandardize
from results import how, write_results

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from nasty import CASES, MOLECULES, VALUES  # noqa: E402 - after the path is set
from nasty.case import Case, Cell, Kept, Rejected, Row  # noqa: E402
from nasty.outcome import cells_table, values_table  # noqa: E402

from yaokit.bench import codehash  # noqa: E402

VERDICTS = ("ok", "silent loss", "silent change", "crash", "hang")
LIMITS_S = {"yaokit": 5.0, "pandas": 10.0, "datamol": 10.0}
NAMES = {"yaokit": "yaokit", "pandas": "pandas + RDKit", "datamol": "datamol"}
MEASURED = ("data/curation/curate.py", "data/**/*.toml", "chem/data/*.csv")
GOOD = (Cell("", "CCCCCCl", Kept("CCCCCCl")), Cell("", "CCCCCBr", Kept("CCCCCBr")))


def cases() -> list[Case]:
    """All files, and each nasty cell between two good rows."""
    molecules = [
        Case(
            cell.name,
            "structure cell",
            "t.csv",
            lambda path, cell=cell: cells_table([GOOD[0], cell, GOOD[1]], path),
            (GOOD[0].outcome, cell.outcome, GOOD[1].outcome),
        )
        for cell in MOLECULES
    ]
    return [*CASES, *molecules, *map(_value_case, VALUES)]


def _value_case(cell: Cell) -> Case:
    good = [
        Cell("", "5", Kept("", 9 - math.log10(5), raw=5.0)),
        Cell("", "7", Kept("", 9 - math.log10(7), raw=7.0)),
    ]
    table = [good[0], cell, good[1]]
    rows = [_of_molecule(row.outcome, "C" * (i + 1) + "O") for i, row in enumerate(table)]
    args = ("--value", "IC50", "--unit", "nM")
    return Case(
        cell.name, "value cell", "t.csv", lambda path: values_table(table, path), tuple(rows), args=args
    )


def _of_molecule(row: Row, smiles: str) -> Row:
    """A value's outcome with its molecule, which a tool that does not judge values keeps."""
    return row._replace(faithful=smiles) if isinstance(row, Rejected) else row._replace(smiles=smiles)


def verdict(case: Case, answer: dict[str, Any], tool: str) -> str:
    """One of VERDICTS."""
    status, found = answer["status"], [tuple(molecule) for molecule in answer["molecules"]]
    if status in ("crash", "hang"):
        return status
    if case.rows is None and status == "error":
        return "ok"
    rows = case.rows or case.readable
    if rows is None:
        return "silent change" if found else "ok" if case.code == 3 else "silent loss"
    return "crash" if status == "error" else _of_rows(rows, found, tool)


def _of_rows(rows: Sequence[Row], found: list[tuple], tool: str) -> str:
    """The verdict on the molecules that were found where `rows` were to be found."""
    n_missing = 0
    for row in sorted(rows, key=lambda row: isinstance(row, Rejected)):  # good ones first
        match = next((molecule for molecule in found if molecule[0] in accepted(row)), None)
        if match is not None:
            found.remove(match)
            if not _same_value(row, match[1], tool):
                return "silent change"
        elif not isinstance(row, Rejected):
            n_missing += 1
    return "silent change" if found else "silent loss" if n_missing else "ok"


def _same_value(row: Row, value: float | str | None, tool: str) -> bool:
    """Whether a value that was read as a number is that of the cell; text is left as it is."""
    if isinstance(row, Rejected):
        return not isinstance(value, float) or math.isnan(value) or value == row.raw
    if not isinstance(row, Kept) or row.value is None or isinstance(value, str):
        return True
    asked = row.value if tool == "yaokit" or row.raw is None else row.raw
    return value is not None and math.isclose(value, asked, rel_tol=1e-5)


def accepted(row: Row) -> set[str]:
    """Every faithful spelling of a row's molecule: standardized, as drawn, and as drawn but cleaned."""
    texts = (row.faithful,) if isinstance(row, Rejected) else (row.smiles, row.drawn)
    quiet = rdBase.BlockLogs()
    try:
        mols = [Chem.MolFromSmiles(text) for text in texts if text]
        return {Chem.MolToSmiles(mol) for mol in mols} | {
            Chem.MolToSmiles(rdMolStandardize.Cleanup(mol)) for mol in mols
        }
    finally:
        del quiet


def as_anybody() -> None:
    """Let even root be bound by the modes of files (PR_CAPBSET_DROP of two capabilities)."""
    for capability in (1, 2):
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)


def answers(tool: str, python: str, asked: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the tool makes of each file."""
    done = subprocess.run(
        [python, str(HERE / "nasty_tools.py"), tool, str(LIMITS_S[tool])],
        input="".join(json.dumps(line) + "\n" for line in asked),
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=as_anybody,
        env={"PYTHONPATH": str(HERE.parent / "tests") if tool == "yaokit" else "", "PATH": "/usr/bin:/bin"},
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def run(tools: dict[str, str]) -> list[dict[str, Any]]:
    """A row per case: name, group, and each tool's verdict, seconds and message."""
    chosen = cases()
    rows: list[dict[str, Any]] = [{"case": case.name, "group": case.group} for case in chosen]
    for tool, python in tools.items():
        with tempfile.TemporaryDirectory() as folder:
            asked = []
            for i, case in enumerate(chosen):
                own = Path(folder, str(i))
                own.mkdir()
                asked.append(
                    {
                        "path": str(case.write(own)),
                        "args": list(case.args),
                        "out": str(own / "out" / "t.parquet"),
                    }
                )
            for row, case, answer in zip(rows, chosen, answers(tool, python, asked), strict=True):
                row[tool] = verdict(case, answer, tool)
                row[f"{tool}_seconds"] = answer["seconds"]
                if row[tool] != "ok":
                    row[f"{tool}_message"] = answer["message"]
    return rows


def code_hash() -> str:
    """Of the code that the verdicts depend on, and of the cases."""
    scripts = [*HERE.glob("nasty_*.py"), *HERE.parent.glob("tests/nasty/*.py")]
    return codehash.code_hash(*MEASURED, scripts=[*scripts, HERE.parent / "src/yaokit/cli/curate.py"])


def summary(rows: Sequence[dict[str, Any]], tools: Sequence[str]) -> dict[str, Any]:
    """Per tool the number of cases with each verdict, and the longest time."""
    return {
        tool: {
            **{v: Counter(row[tool] for row in rows)[v] for v in VERDICTS},
            "longest_s": max(row[f"{tool}_seconds"] for row in rows),
        }
        for tool in tools
    }


def page(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    tools = list(results["summary"])
    lines = [
        "# Nasty inputs",
        "",
        f"{len(results['rows'])} files and cells that break readers, each with the outcome it should have, "
        "judged by one rule (see the head of `benchmarks/nasty_inputs.py`; the cases are in `tests/nasty`).",
        "",
        how(results),
        "",
        "| | " + " | ".join(NAMES[tool] for tool in tools) + " |",
        "|---|" + "---:|" * len(tools),
    ]
    lines += [
        f"| {v} | " + " | ".join(str(results["summary"][tool][v]) for tool in tools) + " |" for v in VERDICTS
    ]
    lines += [
        "",
        "## Where any is not ok",
        "",
        "| Group | Case | " + " | ".join(NAMES[t] for t in tools) + " |",
    ]
    lines += ["|---|---|" + "---|" * len(tools)]
    for row in results["rows"]:
        if any(row[tool] != "ok" for tool in tools):
            name = row["case"].replace("|", "\\|")
            lines.append(f"| {row['group']} | {name} | " + " | ".join(row[tool] for tool in tools) + " |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--peers", help="the Python of an environment with datamol")
    asked = parser.parse_args(argv)
    peers = dict.fromkeys(("pandas", "datamol"), asked.peers) if asked.peers else {}
    tools = {"yaokit": sys.executable, **peers}
    start = time.monotonic()
    rows = run(tools)
    about = {
        "command": "python benchmarks/nasty_inputs.py -o DIR --peers PYTHON",
        "code_hash": code_hash(),
        "seeds": [],
        "seconds": round(time.monotonic() - start, 1),
        "rows": rows,
        "summary": summary(rows, list(tools)),
    }
    write_results("nasty_inputs", asked.out, about, page)
    for tool in tools:
        print(f"{NAMES[tool]:<16}" + ", ".join(f"{n} {v}" for v, n in about["summary"][tool].items()))
    return 0 if about["summary"]["yaokit"]["ok"] == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

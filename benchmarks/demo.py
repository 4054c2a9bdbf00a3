"""What a finished `yaokit demo` must show: python benchmarks/demo.py DIR (exit 1 if it does not)."""

import csv
import json
import sys
from pathlib import Path

from rdkit import Chem

from yaokit.data.read.files import read_records


def skeleton(smiles: str) -> str:
    """The molecule without stereo."""
    return Chem.MolToSmiles(Chem.MolFromSmiles(smiles), isomericSmiles=False)


def main(folder: Path) -> int:
    with open(folder / "candidates.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    measured = {skeleton(str(record.cells["smiles"])) for record in read_records("builtin:chembl2321810")}
    found = [Chem.CanonSmiles(row["smiles"]) for row in rows]
    campaign = json.loads((folder / "campaign.json").read_text())
    accounts = [step["n_in"] - step["n_out"] - sum(step["dropped"].values()) for step in campaign["steps"]]
    n_measured = sum(skeleton(smiles) in measured for smiles in found)
    n_inside = sum(row["in_domain"].lower() == "true" for row in rows)
    checks = [
        ("candidates", len(rows), ">= 50", len(rows) >= 50),
        ("unique", len(set(found)), f"= {len(rows)}", len(set(found)) == len(rows)),
        ("measured among them, stereo ignored", n_measured, "= 0", n_measured == 0),
        ("in domain", n_inside, ">= 30", n_inside >= 30),
        ("rows not accounted for", sum(map(abs, accounts)), "= 0", not any(accounts)),
        ("seconds", campaign["seconds"], "<= 300", campaign["seconds"] <= 300),
        ("peak memory, MB", campaign["peak_memory_mb"], "<= 3000", campaign["peak_memory_mb"] <= 3000),
        ("report.html", (folder / "report.html").is_file(), "is there", (folder / "report.html").is_file()),
    ]
    for name, value, wanted, ok in checks:
        print(f"{'ok  ' if ok else 'FAIL'}  {name}: {value} (asked {wanted})")
    return 0 if all(ok for *_, ok in checks) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

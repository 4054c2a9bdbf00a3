"""explanations.html and the files beside it: why a model says what it says."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from markupsafe import Markup
from rdkit import Chem

from yaokit import __version__
from yaokit.chem.depict import common_core
from yaokit.chem.environments import new_atoms
from yaokit.core.errors import UsageError
from yaokit.core.store import publish, write_json, write_text
from yaokit.data.export import write_csv
from yaokit.explain.rules import as_text, faithful
from yaokit.explain.run import Explained
from yaokit.explain.tables import Molecule
from yaokit.report.axes import extent, finite
from yaokit.report.cards import contribution_color
from yaokit.report.figures import interval_bar
from yaokit.report.html import page_environment
from yaokit.report.sheet import Sheet

PAGE = "explanations.html"
_NEAR = 3  # neighbors shown
_GROUPS, _FEATURES = 20, 12  # shown of what matters overall
_MARK = "rgb(222 150 20/0.45)"

Row = Mapping[str, Any]


def check_out(out: Path) -> None:
    """UsageError if `out` is there and is not a folder of explanations, which would be replaced."""
    if out.exists() and not (out.is_dir() and (not any(out.iterdir()) or (out / PAGE).is_file())):
        raise UsageError(f"{out} exists and is not a folder of explanations; choose another one with -o")


def write_explained(explained: Explained, out: Path, model: str) -> None:
    """The folder `out`: the page, the tables, rules and summary; whole or not at all."""
    check_out(out)
    out = out.resolve()  # ".", for one, has no name to put ".part" behind
    part = out.with_name(out.name + ".part")
    part.mkdir(parents=True, exist_ok=True)
    for name, table in explained.tables.items():
        if name == "attributions":
            pq.write_table(table, part / f"{name}.parquet")
        else:
            write_csv(table, part / f"{name}.csv")
    _write_rules(explained, part)
    write_text(part / PAGE, page(explained, model))
    write_json(part / "summary.json", {"yaokit": __version__, "model": model, **explained.summary})
    publish(part, out)


def page(explained: Explained, model: str) -> str:
    """The page's HTML; it needs no network to be read."""
    sheet = Sheet(common_core([explained.molecules[i].mol for i in explained.top]))
    summary = explained.summary
    top = _scale(explained)
    template = page_environment().get_template("explanations.html")
    rules = explained.rules
    return template.render(
        title=f"{summary['task']}: why",
        model=model,
        version=__version__,
        summary=summary,
        task=summary["task"],
        cards=_cards(explained, sheet, top),
        attention=[_attention(explained, i, sheet) for i in explained.attention],
        failed=[row for row in explained.tables["molecules"].to_pylist() if row["status"] == "failed"],
        scale=top,
        colors=[c for c in (contribution_color(v, 1.0) for v in (-1, -0.5, 0.5, 1)) if c],
        groups=_importance(explained.tables["importance"], "group", sheet)[:_GROUPS],
        features=_features(explained.tables["importance"], sheet),
        rules=[(str(rule), rule.value, rule.n) for rule in rules.rules] if rules else [],
        faithful=faithful(rules) if rules else "",
        symbols=sheet.symbols(),
    )


def _write_rules(explained: Explained, folder: Path) -> None:
    rules, task = explained.rules, explained.summary["task"]
    told = as_text(rules, task) if rules else "too few molecules to find rules from\n"
    write_text(folder / "rules.txt", told)
    found = [] if rules is None else rules.rules
    write_json(
        folder / "rules.json",
        {
            "task": task,
            "fidelity": rules.fidelity if rules else None,
            "n_made": rules.n_made if rules else 0,
            "n_held_out": rules.n_held_out if rules else 0,
            "rules": [
                {"conditions": [vars(c) for c in rule.conditions], "value": rule.value, "n": rule.n}
                for rule in found
            ],
        },
    )


def _scale(explained: Explained) -> float:
    """The size of an atom's value that gets full color: the 98th percentile of those shown."""
    sizes = sorted(abs(v) for i in explained.top for v in explained.molecules[i].values.tolist())
    return sizes[int(0.98 * (len(sizes) - 1))] if sizes else 0.0


def _cards(explained: Explained, sheet: Sheet, top: float) -> list[dict[str, Any]]:
    tables, task = explained.tables, explained.summary["task"]
    rows = {row["row"]: row for row in tables["molecules"].to_pylist()}
    near, changed, pairs = (_by_row(tables[name]) for name in ("neighbors", "counterfactuals", "pairs"))
    shown = [rows[explained.molecules[i].row] for i in explained.top]
    columns = [f"{task}_{part}" for part in ("pred", "low", "high")]
    span = extent([row.get(c) for row in shown for c in columns], 0.02)
    cards = []
    for rank, i in enumerate(explained.top, 1):
        molecule = explained.molecules[i]
        row = rows[molecule.row]
        mean, low, high = (row.get(c) for c in columns)
        neighbors = near.get(molecule.row, [])[:_NEAR]
        marks = finite([n["measured"] for n in neighbors])
        inside = "in" if row["in_domain"] is not False else "out"
        colors = [contribution_color(v, top) for v in molecule.values.tolist()]
        cards.append(
            {
                "rank": rank,
                "row": row,
                "mean": mean,
                "low": low,
                "high": high,
                "picture": sheet.show(molecule.smiles, f"atom values of {molecule.id}", colors),
                "bar": Markup(interval_bar(span, mean, (low, high), inside, marks)) if finite([low]) else "",
                "neighbors": [_drawn(n, n["neighbor_smiles"], sheet) for n in neighbors],
                "changed": [_turned(c, c["smiles"], molecule, sheet) for c in changed.get(molecule.row, [])],
                "pairs": [_turned(p, p["product"], molecule, sheet) for p in pairs.get(molecule.row, [])],
                "n_looked_at": explained.n_looked_at.get(i, 0),
                "sum": float(molecule.values.sum()),
                "rest": molecule.rest if finite([molecule.rest]) else None,
                "beyond": _beyond(mean, explained.summary["training_mean"]),
            }
        )
    return cards


def _beyond(mean: float | None, usual: float | None) -> float | None:
    """How far a prediction is above the mean of the training values."""
    return None if mean is None or usual is None else mean - usual


def _attention(explained: Explained, i: int, sheet: Sheet) -> dict[str, Any]:
    """One molecule's attention, with its atoms colored by what they receive."""
    molecule, found = explained.molecules[i], explained.attention[i]
    received = found.received()
    low, high = float(received.min()), float(received.max())
    shares = [(v - low) / (high - low or 1.0) for v in received.tolist()]
    colors = [f"rgb(42 111 151/{0.7 * share:.2f})" if share > 0.05 else None for share in shares]
    picture = sheet.show(molecule.smiles, f"attention to atoms of {molecule.id}", colors)
    return {"id": molecule.id, "picture": picture, "data": found.to_json()}


def _by_row(table: pa.Table) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in table.to_pylist():
        found.setdefault(row["row"], []).append(row)
    return found


def _drawn(row: Row, smiles: str, sheet: Sheet) -> dict[str, Any]:
    return {**row, "picture": sheet.show(smiles, smiles)}


def _turned(row: Row, smiles: str, before: Molecule, sheet: Sheet) -> dict[str, Any]:
    """The same of a molecule made from another one; what is new in it is marked."""
    atoms = new_atoms(before.mol, Chem.MolFromSmiles(smiles))
    return {**row, "picture": sheet.show(smiles, smiles, _marked(smiles, atoms))}


def _importance(table: pa.Table, kind: str, sheet: Sheet) -> list[dict[str, Any]]:
    """Rows of one kind, each with its width beside the largest and a picture where there is an example."""
    rows = [row for row in table.to_pylist() if row["kind"] == kind]
    largest = max((row["importance"] for row in rows), default=0.0) or 1.0
    return [
        {**row, "width": 100 * row["importance"] / largest, "picture": _example(row, sheet)} for row in rows
    ]


def _features(table: pa.Table, sheet: Sheet) -> dict[str, list[dict[str, Any]]]:
    """By member, its most used features."""
    rows = [row for row in table.to_pylist() if row["kind"] != "group"]
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        its = found.setdefault(row["member"], [])
        if len(its) < _FEATURES:
            largest = its[0]["importance"] if its else row["importance"] or 1.0
            its.append({**row, "width": 100 * row["importance"] / largest, "picture": _example(row, sheet)})
    return found


def _example(row: Row, sheet: Sheet) -> Markup | None:
    if not row["example"]:
        return None
    marked: Sequence[str | None] = _marked(row["example"], row["atoms"])
    return sheet.show(row["example"], f"{row['name']} in {row['example']}", marked)


def _marked(smiles: str, atoms: Sequence[int]) -> list[str | None]:
    n = Chem.MolFromSmiles(smiles).GetNumAtoms()
    return [_MARK if i in set(atoms) else None for i in range(n)]

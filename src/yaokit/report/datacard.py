"""OUT.html: the data card of a curated table, one self-contained page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from markupsafe import Markup

from yaokit import __version__
from yaokit.chem.depict import common_core
from yaokit.chem.descriptors import properties
from yaokit.chem.parse import parse
from yaokit.core.reasons import REASONS, Failure
from yaokit.core.store import write_text
from yaokit.data.curation.issues import KINDS
from yaokit.report.axes import Chart, extent
from yaokit.report.figures import share_bar
from yaokit.report.html import page_environment
from yaokit.report.sheet import Sheet

_BINS = 30
_SAMPLED = 1_000  # molecules whose properties are shown
_GROUPS = 20  # parts of the table that they are taken from
_DRAWN = 3  # issues of a kind with structures
_PROPERTIES = (("mw", "Molecular weight, Da"), ("clogp", "cLogP (Crippen)"))


@dataclass(frozen=True)
class Histogram:
    """Counts between edges."""

    edges: np.ndarray
    counts: np.ndarray

    def svg(self, title: str, x_label: str, y_label: str = "molecules") -> Markup:
        """The bars."""
        top = extent([0, *self.counts.tolist()], 0.08)[1]
        span = (float(self.edges[0]), float(self.edges[-1]))
        chart = Chart(span, (0, top), title, x_label, y_label, 420, 240)
        edges = self.edges.tolist()
        for low, high, n in zip(edges[:-1], edges[1:], self.counts.tolist(), strict=True):
            chart.box((low, high), (0, n), "bar", f"{low:.4g} to {high:.4g}: {n:,}")
        return Markup(chart.svg())


def write_datacard(stem: Path, summary: Mapping[str, Any]) -> Path:
    """Write STEM.html from the summary and STEM.parquet; it needs no network to be read."""
    table = pq.ParquetFile(stem.with_name(f"{stem.name}.parquet"))
    issues = {
        kind: [issue for issue in found[:_DRAWN] if issue["smiles"]]
        for kind, found in summary["issues"]["top"].items()
    }
    sheet = Sheet(_core([s for found in issues.values() for i in found for s in _structures(i)]))
    page = page_environment().get_template("datacard.html")
    text = page.render(
        title=stem.name,
        version=__version__,
        summary=summary,
        funnel=Markup(share_bar(list(_funnel(summary)))),
        reasons=[(code, REASONS[code], n) for code, n in summary["codes"].items()],
        drops=_drops(summary["drops"]),
        tasks=[_task(task, table) for task in summary["tasks"]],
        molecules=_molecules(table),
        issues=[
            (kind, KINDS[kind], summary["issues"]["counts"][kind], found) for kind, found in issues.items()
        ],
        drawn={kind: [_drawn(sheet, issue) for issue in found] for kind, found in issues.items()},
        columns=[(f.name, str(f.type).replace("double", "number")) for f in table.schema_arrow],
        symbols=sheet.symbols(),
    )
    path = stem.with_name(f"{stem.name}.html")
    write_text(path, text)
    return path


def _funnel(summary: Mapping[str, Any]) -> Iterator[tuple[str, int, str]]:
    yield "kept", summary["n_kept"], "kept"
    yield "merged into a kept row", summary["n_merged"], "merged"
    for code, n in summary["codes"].items():
        yield REASONS[code], n, "dropped"


def _drops(drops: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The groups with their rates and bars, all codes in one order."""
    if drops is None:
        return None
    codes = list(dict.fromkeys(code for group in drops["groups"] for code in group["codes"]))
    groups = [
        {
            **group,
            "rate": group["n_rejected"] / group["n_in"],
            "by_code": [group["codes"].get(code, 0) for code in codes],
        }
        for group in drops["groups"]
    ]
    return {**drops, "groups": groups, "codes": codes}


def _task(task: Mapping[str, Any], table: pq.ParquetFile) -> dict[str, Any]:
    """A task with the distribution of its values, or of its classes."""
    if not task["n"]:
        return {**task, "figure": None}
    if "classes" in task:
        n = task["classes"]
        bar = share_bar([("1", n["1"], "kept"), ("0", n["0"], "merged")])
        return {**task, "figure": Markup(bar)}
    label = f"{task['name']}{'' if task['unit'] in ('p', 'none') else ', ' + task['unit']}"
    found = _histogram(table, task["name"], task["min"], task["max"])
    return {**task, "figure": found.svg(f"Values of {task['name']}", label)}


def _histogram(table: pq.ParquetFile, column: str, low: float, high: float) -> Histogram:
    """Of one column, read part by part."""
    edges = np.linspace(*((low, high) if high > low else (low - 0.5, high + 0.5)), _BINS + 1)
    counts = np.zeros(_BINS, np.int64)
    for batch in table.iter_batches(columns=[column]):
        counts += np.histogram(batch.column(0).drop_null().to_numpy(), edges)[0]
    return Histogram(edges, counts)


def _molecules(table: pq.ParquetFile) -> list[tuple[Markup, str]]:
    """A figure and its caption for each property of a sample of molecules."""
    smiles = _sample(table)
    found = [mol for text in smiles if not isinstance(mol := parse(text), Failure)]
    rows = [properties(mol, [name for name, _ in _PROPERTIES]) for mol in found]
    n = table.metadata.num_rows
    which = f"n = {len(rows):,}" if len(smiles) == n else f"{len(rows):,} of n = {n:,}, evenly taken"
    figures = []
    for name, label in _PROPERTIES:
        counts, edges = np.histogram([row[name] for row in rows], _BINS)
        figures.append((Histogram(edges, counts).svg(label, label), f"{label}; {which}."))
    return figures


def _sample(table: pq.ParquetFile) -> list[str]:
    """SMILES of up to _SAMPLED molecules, spread evenly over the table."""
    numbers = np.unique(np.linspace(0, table.num_row_groups - 1, _GROUPS).astype(int)).tolist()
    out: list[str] = []
    for number in numbers:
        column = table.read_row_group(number, columns=["smiles"])["smiles"]
        wanted = max(1, _SAMPLED // len(numbers))
        out += column.take(np.unique(np.linspace(0, len(column) - 1, wanted).astype(int))).to_pylist()
    return out


def _structures(issue: Mapping[str, Any]) -> list[str]:
    return [smiles for smiles in (issue["smiles"], issue["other_smiles"]) if smiles]


def _drawn(sheet: Sheet, issue: Mapping[str, Any]) -> list[tuple[str, Markup]]:
    """Names and drawings of the molecules of an issue."""
    names = (issue["id"], issue["other_id"])
    return [(name, sheet.show(s, name)) for name, s in zip(names, _structures(issue), strict=False)]


def _core(smiles: Sequence[str]) -> Any:
    mols = [mol for text in smiles if not isinstance(mol := parse(text), Failure)]
    return common_core(mols)

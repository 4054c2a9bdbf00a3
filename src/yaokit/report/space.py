"""A map of chemical space: similar molecules lie together; hover shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup
from rdkit import Chem

from yaokit.chem import depict
from yaokit.chem.fingerprints import morgan_counts
from yaokit.core.seed import rng
from yaokit.report.axes import finite
from yaokit.report.run import Run
from yaokit.report.sheet import Sheet

MAX_MEASURED, MAX_FOUND = 1_000, 300
WIDTH, HEIGHT, MARGIN = 900, 620, 24
N_COLORS = 7
FEWEST = 5  # with fewer molecules a map says nothing


@dataclass(frozen=True)
class Point:
    """One molecule on the map."""

    group: str  # "measured", "candidate", or the step that found it
    id: str
    smiles: str
    value: float | None  # measured or predicted, of the main task
    in_domain: bool | None = None
    rank: int | None = None


def build(run: Run, sheet: Sheet) -> dict[str, Any] | None:
    """The map, its groups, and what the script needs to show a molecule."""
    points = choose(run)
    if len(points) < FEWEST:
        return None
    xy = place([p.smiles for p in points], int(run.about.get("seed") or 0))
    groups = list(dict.fromkeys(p.group for p in points))
    edges = _color_edges([p.value for p in points if p.group == "measured"])
    return {
        "svg": _svg(points, xy, groups, edges),
        "groups": [(g, sum(p.group == g for p in points), _look(g, groups)) for g in groups],
        "edges": edges,
        "colors": colors(edges),
        "n_measured": len(run.measured),
        "data": [_data(point, x, y, sheet) for point, (x, y) in zip(points, xy, strict=True)],
    }


def choose(run: Run) -> list[Point]:
    """All measured molecules (a sample of 1,000 if more), a sample of those found, all candidates."""
    task, seed = run.main_task, int(run.about.get("seed") or 0)
    ranked = {c["smiles"] for c in run.candidates}
    found = [row for row in run.pool if row["smiles"] not in ranked]
    points = [
        Point("measured", row["id"], row["smiles"], row.get(task))
        for row in _sample(run.measured, MAX_MEASURED, seed)
    ]
    points += [_found(row, str(row.get("source")), task) for row in _sample(found, MAX_FOUND, seed)]
    points += [_found(row, "candidate", task) for row in run.candidates]
    return [p for p in points if Chem.MolFromSmiles(p.smiles) is not None]


def place(smiles: Sequence[str], seed: int) -> np.ndarray:
    """(n, 2) pixels by t-SNE (van der Maaten & Hinton 2008) on log-counts; about 5 s for 1,600 molecules.

    The counts are reduced to 50 dimensions first; the two main ones are the start.
    """
    from sklearn.manifold import TSNE
    from sklearn.utils.extmath import randomized_svd
    from threadpoolctl import threadpool_limits

    counts = morgan_counts(smiles)
    counts.data = np.log1p(counts.data)
    n = len(smiles)
    u, sizes, _ = randomized_svd(counts, min(50, n - 1), random_state=seed)
    reduced = u * sizes - (u * sizes).mean(axis=0)
    start = reduced[:, :2] / max(float(reduced[:, 0].std()), 1e-12) * 1e-4
    perplexity = min(30.0, (n - 1) / 3)
    with threadpool_limits(1):  # waiting for a second thread costs more than it helps
        xy = TSNE(perplexity=perplexity, init=start, random_state=seed).fit_transform(reduced)
    low, high = xy.min(axis=0), xy.max(axis=0)
    share = (xy - low) / np.maximum(high - low, 1e-12)
    return np.round(MARGIN + share * (np.array([WIDTH, HEIGHT]) - 2 * MARGIN)).astype(int)


def _found(row: dict[str, Any], group: str, task: str) -> Point:
    return Point(
        group, row["id"], row["smiles"], row.get(f"{task}_pred"), row.get("in_domain"), row.get("rank")
    )


def _sample(rows: list[dict[str, Any]], n: int, seed: int) -> list[dict[str, Any]]:
    if len(rows) <= n:
        return rows
    picked = rng(seed, "report", "map", n).choice(len(rows), n, replace=False)
    return [rows[i] for i in sorted(picked)]


def _color_edges(values: Sequence[float | None]) -> list[float]:
    """Borders of the color classes: quantiles of the measured values."""
    known = finite(values)
    if not known:
        return []
    if set(known) <= {0.0, 1.0}:
        return [0.0, 0.5, 1.0]
    return [round(float(v), 2) for v in np.quantile(known, np.linspace(0, 1, N_COLORS + 1))]


def colors(edges: Sequence[float]) -> list[int]:
    """The number of the color between each two borders, spread over all there are."""
    n = max(1, len(edges) - 1)
    return [round(i * (N_COLORS - 1) / max(1, n - 1)) for i in range(n)]


def _look(group: str, groups: Sequence[str]) -> str:
    if group in ("measured", "candidate"):
        return group
    found = [g for g in groups if g not in ("measured", "candidate")]
    return f"found f{found.index(group) % 6}"


def _svg(points: Sequence[Point], xy: np.ndarray, groups: Sequence[str], edges: Sequence[float]) -> Markup:
    layers = []
    order = sorted(groups, key=lambda g: (g == "candidate", g == "measured"))
    for group in order:
        dots = [
            _dot(i, point, x, y, edges)
            for i, (point, (x, y)) in enumerate(zip(points, xy, strict=True))
            if point.group == group
        ]
        look = _look(group, groups)
        layers.append(f'<g class="{look}" data-layer="{groups.index(group)}">{"".join(dots)}</g>')
    return Markup("".join(layers))


def _dot(i: int, point: Point, x: int, y: int, edges: Sequence[float]) -> str:
    color, known = "", finite([point.value])
    if point.group == "measured" and known and edges:
        place = int(np.searchsorted(edges[1:-1], known[0], side="right"))
        color = f' class="v{colors(edges)[place]}"'
    return f'<circle{color} cx="{x}" cy="{y}" r="3.5"/>'


def _data(point: Point, x: int, y: int, sheet: Sheet) -> dict[str, Any]:
    """What the script knows of a point; short names, as there are many."""
    mol = Chem.MolFromSmiles(point.smiles)
    value = round(point.value, 2) if point.value is not None and finite([point.value]) else None
    data = {"x": int(x), "y": int(y), "g": point.group, "i": point.id, "v": value}
    if point.rank is not None:
        data["r"] = point.rank
    if point.in_domain is not None:
        data["d"] = bool(point.in_domain)
    return data | {"m": depict.compact(mol, sheet.core)}

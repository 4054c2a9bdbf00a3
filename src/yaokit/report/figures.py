"""The report's charts: each a function of plain numbers that gives an SVG."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from yaokit.report.axes import Chart, Scale, extent, finite

Row = Mapping[str, Any]


def similarity_histogram(
    edges: Sequence[float], counts: Sequence[int], trusted: Sequence[tuple[float, float]], title: str
) -> str:
    """Molecules by similarity to the measured ones; similarities the model was right at are shaded."""
    top = extent([0, *counts], 0.08)[1]
    x_label = "similarity to the nearest measured molecule"
    chart = Chart((edges[0], edges[-1]), (0, top), title, x_label, "molecules")
    for low, high in trusted:
        low, high = max(low, edges[0]), min(high, edges[-1])
        if high > low:
            chart.box((low, high), (0, top), "trusted", f"in domain by similarity: {low:.2f}–{high:.2f}")
    for low, high, n in zip(edges[:-1], edges[1:], counts, strict=True):
        chart.box((low, high), (0, n), "bar", f"similarity {low:.2f}–{high:.2f}: {n:,} molecules")
    return chart.svg()


def candidate_intervals(rows: Sequence[Row], task: str, best_measured: float | None) -> str:
    """Every candidate by rank: prediction and interval, with the best measured value as a line."""
    columns = [f"{task}_{part}" for part in ("pred", "low", "high")]
    span = extent([best_measured, *(r.get(c) for r in rows for c in columns)])
    width = max(420, min(1160, 90 + 18 * len(rows)))
    chart = Chart((0.2, len(rows) + 0.8), span, "Candidates by rank", "rank", f"predicted {task}", width, 280)
    if best_measured is not None:
        ends = [(0.2, best_measured), (len(rows) + 0.8, best_measured)]
        chart.line(ends, "baseline", f"best measured: {best_measured:.2f}")
    for row in rows:
        mean, ends = finite([row.get(columns[0])]), finite(row.get(c) for c in columns[1:])
        look = "in" if row.get("in_domain") else "out"
        if len(ends) == 2:
            chart.line([(row["rank"], end) for end in ends], f"whisker {look}")
        if mean:
            tip = f"{row['rank']}. {row['id']}: {mean[0]:.2f}, interval {_interval(ends)}"
            chart.shapes.append(f'<a href="#c{row["rank"]}">')
            chart.circle(row["rank"], mean[0], f"mean {look}", tip, 4)
            chart.shapes.append("</a>")
    return chart.svg()


def interval_bar(
    span: tuple[float, float],
    mean: float | None,
    ends: Sequence[float | None],
    look: str,
    marks: Sequence[float | None] = (),
) -> str:
    """A prediction as a dot on its interval, measured neighbors as triangles below; unknown left out."""
    x = Scale(*span, 6, 234)
    known, low_high = finite([mean]), finite(ends)
    parts = ['<path class="axis" d="M6,14H234"/>']
    if len(low_high) == 2:
        parts.append(f'<path class="whisker {look}" d="M{x(low_high[0])},14H{x(low_high[1])}"/>')
    for mark in finite(marks):
        tip = f"<title>measured neighbor: {mark:.2f}</title>"
        parts.append(f'<path class="neighbor" d="M{x(mark)},17l4,8h-8z">{tip}</path>')
    for value in known:
        parts.append(f'<circle class="mean {look}" cx="{x(value)}" cy="14" r="5"/>')
    axis = (
        f'<text x="6" y="37">{span[0]:.1f}</text><text x="234" y="37" text-anchor="end">{span[1]:.1f}</text>'
    )
    text = f"{known[0]:.2f}, interval {_interval(low_high)}" if known else "unknown"
    head = f'<svg class="interval" role="img" aria-label="prediction {text}" viewBox="0 0 240 40">'
    return f"{head}{''.join(parts)}{axis}</svg>"


def share_bar(parts: Sequence[tuple[str, int, str]]) -> str:
    """A bar of labelled counts (label, count, look) that fills its width."""
    total = sum(n for _, n, _ in parts)
    shapes, x = [], 0.0
    for label, n, look in parts:
        width = 1000 * n / total if total else 0
        tip = f"<title>{escape(label)}: {n:,}</title>"
        shapes.append(f'<rect class="{look}" x="{x:.1f}" width="{width:.1f}" height="10">{tip}</rect>')
        x += width
    return f'<svg class="share" viewBox="0 0 1000 10" preserveAspectRatio="none">{"".join(shapes)}</svg>'


def _interval(ends: Sequence[float]) -> str:
    return f"{ends[0]:.2f} to {ends[1]:.2f}" if len(ends) == 2 else "unknown"

"""The report's charts: each a function of plain numbers that gives an SVG."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from yaokit.report.axes import Chart, Scale, extent, finite

Row = Mapping[str, Any]


def predicted_measured(rows: Sequence[Row], task: str) -> str:
    """Measured against predicted, a dot a molecule; rows need y, stack, id, in_domain."""
    known = [r for r in rows if len(finite((r["y"], r["stack"]))) == 2]
    span = extent([v for r in known for v in (r["y"], r["stack"])])
    chart = Chart(
        span, span, f"{task}: predicted and measured", f"predicted {task}", f"measured {task}", 420, 380
    )
    chart.line([(span[0], span[0]), (span[1], span[1])], "baseline", "perfect agreement")
    for row in known:
        tip = f"{row['id']}: measured {row['y']:.2f}, predicted {row['stack']:.2f}"
        chart.circle(row["stack"], row["y"], "dot in" if row["in_domain"] else "dot out", tip)
    return chart.svg()


def error_by_similarity(bins: Sequence[Row], whole: float | None, task: str) -> str:
    """RMSE in each bin of similarity to training, its width the bin's, with the RMSE of all as a line."""
    low, high = bins[0]["low"], bins[-1]["high"]
    top = extent([0, whole, *(b["rmse"] for b in bins)], 0.08)[1]
    x_label = "similarity to the nearest training molecule"
    chart = Chart((low, high), (0, top), "Error by similarity to training", x_label, f"RMSE, {task}")
    for b in bins:
        if not finite([b["rmse"]]):
            continue
        tip = f"similarity {b['low']:.2f}–{b['high']:.2f}: RMSE {b['rmse']:.2f}, n = {b['n']}"
        chart.box((b["low"], b["high"]), (0, b["rmse"]), "bar", tip)
        if chart.sx(b["high"]) - chart.sx(b["low"]) > 24:
            chart.text((b["low"] + b["high"]) / 2, b["rmse"], f"{b['n']}", dy=-4)
    if finite([whole]):
        chart.line([(low, whole or 0), (high, whole or 0)], "baseline", f"all molecules: RMSE {whole:.2f}")
    return chart.svg()


def model_errors(models: Mapping[str, Row], metric: str = "rmse") -> str:
    """One row a model: the mean of a metric over folds and its 95 % interval."""
    known = {name: m[metric] for name, m in models.items() if finite([m.get(metric, {}).get("mean")])}
    names = list(known)
    span = extent([v for m in known.values() for v in (m["mean"], m["low"], m["high"])], 0.12)
    y_ticks = [(-i, name) for i, name in enumerate(names)]
    y = (-len(names) + 0.5, 0.5)
    title = f"{metric.upper()} of each model"
    label = f"{metric.upper()} (lower is better)"
    chart = Chart(span, y, title, label, "", 420, 90 + 30 * len(names), 78, y_ticks=y_ticks)
    for i, (name, m) in enumerate(known.items()):
        look = "stack" if name == "stack" else "other"
        if finite([m["low"], m["high"]]) == [m["low"], m["high"]]:
            chart.line([(m["low"], -i), (m["high"], -i)], f"whisker {look}")
        chart.circle(m["mean"], -i, f"mean {look}", f"{name}: {m['mean']:.3f}", 5)
    return chart.svg()


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

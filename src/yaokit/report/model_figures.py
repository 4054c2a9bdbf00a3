"""Charts of how good models are: each a function of plain numbers that gives an SVG."""

from collections.abc import Mapping, Sequence
from typing import Any

from yaokit.core.digits import significant
from yaokit.report.axes import Chart, extent, finite
from yaokit.report.findings import is_worse
from yaokit.report.measures import name_of

Row = Mapping[str, Any]

MAX_WHISKERS = 200  # molecules up to which each shows its interval


def parity(rows: Sequence[Row], task: str) -> str:
    """Measured against predicted, a dot a molecule and, if few, its interval.

    Rows hold y, stack, stack_low, stack_high, id, in_domain.
    """
    known = [r for r in rows if len(finite((r["y"], r["stack"]))) == 2]
    span = extent([v for r in known for v in (r["y"], r["stack"])])
    chart = Chart(
        span, span, f"{task}: predicted and measured", f"predicted {task}", f"measured {task}", 420, 380
    )
    chart.line([(span[0], span[0]), (span[1], span[1])], "baseline", "perfect agreement")
    for row in known if len(known) <= MAX_WHISKERS else ():
        ends = finite((row.get("stack_low"), row.get("stack_high")))
        if len(ends) == 2:
            low, high = (min(max(end, span[0]), span[1]) for end in ends)
            chart.line([(low, row["y"]), (high, row["y"])], "whisker faint")
    for row in known:
        tip = f"{row['id']}: measured {row['y']:.2f}, predicted {row['stack']:.2f}"
        chart.circle(row["stack"], row["y"], "dot in" if row["in_domain"] else "dot out", tip)
    return chart.svg()


def by_similarity(bins: Sequence[Row], key: str, label: str, whole: float | None) -> str:
    """An error in each bin of similarity to training, its width the bin's, with that of all as a line."""
    low, high = bins[0]["low"], bins[-1]["high"]
    top = extent([0, whole, *(b.get(key) for b in bins)], 0.08)[1]
    x_label = "similarity to the nearest training molecule"
    chart = Chart((low, high), (0, top), "Error by similarity to training", x_label, label)
    for b in bins:
        if not finite([b.get(key)]):
            continue
        tip = f"similarity {b['low']:.2f}–{b['high']:.2f}: {label} {b[key]:.2f}, n = {b['n']}"
        chart.box((b["low"], b["high"]), (0, b[key]), "bar", tip)
        if chart.sx(b["high"]) - chart.sx(b["low"]) > 24:
            chart.text((b["low"] + b["high"]) / 2, b[key], f"{b['n']}", dy=-4)
    for value in finite([whole]):
        chart.line([(low, value), (high, value)], "baseline", f"all molecules: {value:.2f}")
    return chart.svg()


def model_metric(models: Mapping[str, Row], key: str, label: str, better: str) -> str:
    """One row a model: the mean of a metric over folds and its 95 % interval."""
    known = {name: m[key] for name, m in models.items() if finite([(m.get(key) or {}).get("mean")])}
    span = extent([v for m in known.values() for v in (m["mean"], m.get("low"), m.get("high"))], 0.12)
    chart = _rows(list(known), span, f"{label} of each model", f"{label} ({better} is better)")
    for i, (name, m) in enumerate(known.items()):
        look = "stack" if name == "stack" else "other"
        ends = finite([m.get("low"), m.get("high")])
        if len(ends) == 2:
            chart.line([(end, -i) for end in ends], f"whisker {look}")
        chart.circle(m["mean"], -i, f"mean {look}", f"{name_of(name)}: {m['mean']:.3f}", 5)
    return chart.svg()


def comparison(tests: Mapping[str, Row], label: str, better: str) -> str:
    """One row a rival: how far the stack is from it, with the 95 % interval; dashed: no difference.

    `tests` hold difference (stack minus rival), low, high, effect_size, better.
    """
    known = {name: t for name, t in tests.items() if finite([t.get("difference")])}
    values = [v for t in known.values() for v in (t["difference"], t.get("low"), t.get("high"))]
    span = extent([0.0, *values], 0.15)
    where = "left" if better == "lower" else "right"
    title = f"The stack against the others in {label}"
    chart = _rows(list(known), span, title, f"difference in {label} (stack better: {where})", 46)
    chart.line([(0, -len(known) + 0.4), (0, 0.6)], "baseline", "no difference")
    for i, (name, t) in enumerate(known.items()):
        ends = finite([t.get("low"), t.get("high")])
        look = "stack" if t.get("better") else "other"
        if len(ends) == 2:
            chart.line([(end, -i) for end in ends], f"whisker {look}")
        chart.circle(t["difference"], -i, f"mean {look}", f"{name_of(name)}: {t['difference']:+.3f}", 5)
        chart.text(span[1], -i, told(t), "end", -11)
    return chart.svg()


def pairs(tests: Sequence[Row], models: Sequence[str], label: str) -> str:
    """A cell for every two models, the best on top and on the left: how far the row's is ahead.

    `tests` hold first (the better), second, difference, low, high, p, effect_size and better; `models`
    stand best first. Colored, with a star: told apart beyond the noise.
    """
    n, place = len(models), {name: i for i, name in enumerate(models)}
    names = [(-i - 0.5, f"{i + 1}  {name_of(name)}") for i, name in enumerate(models)]
    left = int(max(78, 28 + 6.2 * max(len(text) for _, text in names)))
    size = (left + 52 * n + 14, 30 * n + 56)
    chart = Chart((0, n), (-n, 0), f"Every two models in {label}", "ahead of number …", "", *size, left)
    chart.x_ticks, chart.y_ticks = [(i + 0.5, f"{i + 1}") for i in range(n)], names
    for test in tests:
        row, column = place[test["first"]], place[test["second"]]
        at = ((column, column + 1), (-row - 1, -row))
        words = f"{name_of(test['first'])} against {name_of(test['second'])}: {test['difference']:+.3f}"
        if len(finite([test.get("low"), test.get("high"), test.get("p")])) == 3:
            words += f" ({test['low']:+.3f} to {test['high']:+.3f}), p {test['p']:.2g}, {told(test)}"
        chart.box(*at, "cell right s3" if test["better"] else "cell ground", words)
        size = f"{significant(abs(test['difference']), 2):.10g}"
        chart.text(column + 0.5, -row - 0.5, f"{size}*" if test["better"] else size, dy=4)
    return chart.svg()


def told(test: Row) -> str:
    """Effect size and verdict of a comparison, in a few words."""
    verdict = "better" if test.get("better") else "worse" if is_worse(test) else "within the noise"
    size = finite([test.get("effect_size")])
    if not finite([test.get("p")]):
        return "not tested"
    return f"effect {abs(size[0]):.1f}, {verdict}" if size else verdict


def learning_curve(points: Sequence[Row], label: str, whole: Mapping[str, float | None]) -> str:
    """An error or score against how many molecules were learned from, with its spread over folds.

    Points hold n, mean, std; `whole` are the values of baselines that learned from all, as lines.
    """
    ns = [p["n"] for p in points] or [0, 1]
    values = [v for p in points for v in (p["mean"], *_around(p))]
    span = extent([*values, *whole.values()], 0.1)
    x = extent([0.0, *ns], 0.05)
    chart = Chart((0.0, x[1]), span, "Learning curve", "molecules learned from", label)
    for name, value in whole.items():
        for known in finite([value]):
            chart.line([(0.0, known), (x[1], known)], "baseline", f"{name_of(name)}: {known:.3f}")
            chart.text(x[1], known, name_of(name), "end", -4)
    chart.line([(p["n"], p["mean"]) for p in points if finite([p["mean"]])], "curve stack")
    for p in points:
        if finite([p["mean"]]):
            chart.line([(p["n"], end) for end in _around(p)], "whisker stack")
            chart.circle(p["n"], p["mean"], "mean stack", f"{p['n']:,} molecules: {p['mean']:.3f}", 4)
    return chart.svg()


def _around(point: Row) -> list[float]:
    """Mean minus and plus its spread."""
    known = finite([point["mean"], point.get("std")])
    return [known[0] - known[1], known[0] + known[1]] if len(known) == 2 else []


def _rows(names: Sequence[str], x: tuple[float, float], title: str, label: str, step: int = 30) -> Chart:
    """A chart with one row a model, the first on top."""
    ticks = [(-i, name_of(name)) for i, name in enumerate(names)]
    left = 28 + 6.2 * max((len(text) for _, text in ticks), default=0)
    height = 84 + step * max(1, len(names))
    y = (-len(names) + 0.4, 0.6)
    return Chart(x, y, title, label, "", 420, height, int(max(78, left)), y_ticks=ticks)

"""Charts of class predictions: how well probabilities rank, and whether they mean what they say.

Each takes (n,) labels of 0 and 1 and scores by model name, the stack's under "stack".
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from yaokit.models import ranking
from yaokit.report.axes import Chart, extent
from yaokit.report.measures import name_of

Scores = Mapping[str, np.ndarray]

_UNIT = (0.0, 1.0)
_TICKS = tuple((i / 5, f"{i / 5:g}") for i in range(6))
_POINTS = 160  # of a curve
_BINS = 20  # of the histogram
_Z95 = 1.96


def roc(y: np.ndarray, scores: Scores, areas: Mapping[str, float | None]) -> str:
    """True against false positives; `areas` are the AUROC that stand beside the names."""
    chart = _square("ROC curve", "false-positive rate", "true-positive rate")
    chart.line([(0, 0), (1, 1)], "baseline", "chance: AUROC 0.50")
    for name, score in scores.items():
        curve = ranking.roc(y, score)
        chart.line(_thin(curve.x, curve.y), f"curve {_look(name)}")
    _key(chart, scores, areas, "AUROC", low=True)
    return chart.svg()


def precision_recall(y: np.ndarray, scores: Scores, areas: Mapping[str, float | None]) -> str:
    """Precision against recall, with the share of class 1 as the line of chance."""
    chart = _square("Precision and recall", "recall", "precision")
    base = float(np.mean(y)) if len(y) else 0.0
    chart.line([(0, base), (1, base)], "baseline", f"chance: {base:.2f} of all are class 1")
    for name, score in scores.items():
        curve = ranking.precision_recall(y, score)
        chart.line(_thin(curve.x, curve.y), f"curve {_look(name)}")
    _key(chart, scores, areas, "AUPRC", low=base >= 0.5)
    return chart.svg()


def enrichment(y: np.ndarray, scores: Scores, wanted: int = 1) -> str:
    """Share of the class wanted found against the share of molecules tested, best first, on a log scale."""
    if not wanted:
        y, scores = 1 - y, {name: 1 - score for name, score in scores.items()}
    smallest = 1 / max(2, len(y))
    ticks = [(float(np.log10(v)), f"{100 * v:g} %") for v in (0.001, 0.01, 0.1) if v >= smallest]
    ticks.append((0.0, "all"))
    x = (float(np.log10(smallest)), 0.0)
    label = f"share of class {wanted} found"
    chart = Chart(x, _UNIT, "Enrichment", "share tested, best first", label, x_ticks=ticks)
    tested = np.arange(1, len(y) + 1) / max(1, len(y))
    where = np.log10(tested)
    chart.line(_thin(where, tested), "baseline", "chance")
    n_hits = max(1.0, float(np.sum(y)))
    chart.line(_thin(where, np.minimum(1, tested * len(y) / n_hits)), "ideal", "the best there can be")
    for name, score in scores.items():
        found = np.cumsum(y[np.argsort(-score, kind="stable")]) / n_hits
        chart.line(_thin(where, found), f"curve {_look(name)}", name_of(name))
    _key(chart, scores, {}, "", low=False, left=True)
    return chart.svg()


def reliability(groups: Mapping[str, Sequence[Mapping[str, float]]], repeats: int = 1) -> str:
    """The share that is class 1 among molecules given like probabilities, with 95 % intervals.

    `groups` of each model hold n, predicted and observed (models.metrics.reliability); a molecule
    stands among them `repeats` times. Perfect is the diagonal.
    """
    chart = _square("Calibration", "predicted probability of class 1", "measured share of class 1")
    chart.line([(0, 0), (1, 1)], "baseline", "perfect calibration")
    for name, bins in groups.items():
        chart.line([(b["predicted"], b["observed"]) for b in bins], f"curve thin {_look(name)}")
        for b in bins:
            x, share = b["predicted"], b["observed"]
            chart.line(
                [(x, end) for end in _wilson(share, max(1.0, b["n"] / repeats))], f"whisker {_look(name)}"
            )
            tip = f"{name_of(name)}: {b['n']} predictions of {x:.2f} on average, {share:.2f} are class 1"
            chart.circle(x, share, f"mean {_look(name)}", tip, 4)
    _key(chart, groups, {}, "", low=True)
    return chart.svg()


def class_scores(y: np.ndarray, score: np.ndarray) -> str:
    """Molecules by predicted probability: class 1 above the line, class 0 below."""
    edges = np.linspace(0, 1, _BINS + 1)
    up, down = (np.histogram(score[y == label], edges)[0] for label in (1, 0))
    top = extent([float(max(up.max(initial=0), 1)), float(-max(down.max(initial=0), 1))], 0.1)
    chart = Chart(_UNIT, top, "Probabilities by class", "predicted probability of class 1", "molecules")
    chart.y_ticks = [(v, f"{abs(v):,g}") for v in chart.sy.ticks() if v == int(v)]
    for low, high, n, m in zip(edges[:-1], edges[1:], up.tolist(), down.tolist(), strict=True):
        where = f"{low:.2f} to {high:.2f}"
        chart.box((low, high), (0, n), "bar one", f"class 1, {where}: {n:,}")
        chart.box((low, high), (0, -m), "bar zero", f"class 0, {where}: {m:,}")
    chart.line([(0, 0), (1, 0)], "axis")
    chart.line([(0.5, top[0]), (0.5, top[1])], "baseline", "called class 1 from here on")
    chart.text(0.985, top[1], "class 1", "end", 14)
    chart.text(0.985, top[0], "class 0", "end", -6)
    return chart.svg()


def confusion(y: np.ndarray, score: np.ndarray, threshold: float = 0.5) -> str:
    """The four counts of calling class 1 from a probability of `threshold` on."""
    said = score >= threshold
    ticks = [(0.5, "class 0"), (1.5, "class 1")]
    chart = Chart((0, 2), (0, 2), "Confusion matrix", "predicted", "measured", 340, 260, 64)
    chart.x_ticks = chart.y_ticks = ticks
    chart.box((0, 2), (0, 2), "ground")
    for truth in (0, 1):
        total = int((y == truth).sum())
        for call in (0, 1):
            n = int(((y == truth) & (said == bool(call))).sum())
            share = n / total if total else 0.0
            look = "right" if truth == call else "wrong"
            tip = f"measured class {truth}, predicted class {call}: {n:,} of {total:,}"
            chart.box((call, call + 1), (truth, truth + 1), f"cell {look} s{round(4 * share)}", tip)
            chart.text(call + 0.5, truth + 0.5, f"{n:,}", dy=-2)
            chart.text(call + 0.5, truth + 0.5, f"{share:.0%} of class {truth}", dy=14)
    return chart.svg()


def _square(title: str, x_label: str, y_label: str) -> Chart:
    return Chart(_UNIT, _UNIT, title, x_label, y_label, 400, 380, x_ticks=_TICKS, y_ticks=_TICKS)


def _thin(x: np.ndarray, y: np.ndarray) -> list[tuple[float, float]]:
    """At most _POINTS points of a curve, its ends among them."""
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    kept = known[np.unique(np.linspace(0, len(known) - 1, _POINTS).astype(int))] if len(known) else known
    return [(round(float(x[i]), 4), round(float(y[i]), 4)) for i in kept]


def _wilson(share: float, n: float) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927, doi:10.1080/01621459.1927.10502953)."""
    share, z2 = min(max(share, 0.0), 1.0), _Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))


def _key(
    chart: Chart,
    names: Iterable[str],
    values: Mapping[str, float | None],
    label: str,
    low: bool,
    left: bool = False,
) -> None:
    """Name and value of each curve, in a corner of the plot that the curves leave free."""
    lines: Sequence[str] = list(names)
    for i, name in enumerate(lines):
        value = values.get(name)
        text = name_of(name) + (f", {label} {value:.3f}" if value is not None else "")
        y, dy = (chart.y[0], -10 - 16 * (len(lines) - 1 - i)) if low else (chart.y[1], 14 + 16 * i)
        x, anchor = (chart.x[0], "start") if left else (chart.x[1], "end")
        chart.label(x, y, text, _look(name), anchor, dy)


def _look(name: str) -> str:
    return name if name in ("stack", "nearest", "forest") else "other"

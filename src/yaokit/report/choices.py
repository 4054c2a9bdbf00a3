"""The small print of a task: what was chosen by the data, and where its numbers flatter for it."""

from collections.abc import Iterator, Mapping
from typing import Any

from yaokit.models.stacking import LIKELIHOOD, WAYS
from yaokit.report.measures import kind_of, primary

WEIGHED = {  # by the keys of WAYS
    "fitted": "fitted to the errors",
    "between": "half fitted, half equal",
    "equal": "all equal",
    LIKELIHOOD: "of the highest likelihood, drawn a little to equal ones",
}
SCALES = {"linear": "the values as they are", "log": "logarithms", "rank": "ranks"}
_FLATTERS = (
    "the numbers flatter a little; a given test set or a split by time judges rows that no choice saw."
)


def choices(metrics: Mapping[str, Any]) -> Iterator[str]:
    """Sentences on weights, scale and settings of one task of metrics.json."""
    way = metrics.get("way")
    if way in WEIGHED and len(metrics.get("weights") or {}) > 1:
        label = primary(kind_of(metrics)).label
        best = f", of three ways the best in {label} out of fold" if way in WAYS else ""
        yield f"Weights are {WEIGHED[way]}{best}; what judges a fold is told by the others."
    scale = metrics.get("scale")
    if scale in ("log", "rank"):
        yield f"Members learned {SCALES[scale]} of the values."
    yield from untuned(metrics)
    yield from caveats(metrics)


def untuned(metrics: Mapping[str, Any]) -> Iterator[str]:
    """Which members stayed as they were where others were tuned."""
    tuned = metrics.get("tuned") or []
    left = [name for name in metrics.get("weights") or {} if name not in tuned]
    if tuned and left:
        yield f"Settings of {', '.join(tuned)} were tuned; there are none to tune of {', '.join(left)}."


def caveats(metrics: Mapping[str, Any]) -> Iterator[str]:
    """Those choices alone that were made by rows that also judge."""
    if metrics.get("scale_on_judged"):
        yield f"The scale ({SCALES[metrics['scale']]}) was chosen on rows that also judge: {_FLATTERS}"
    if metrics.get("tuned_on_judged"):
        yield f"Settings were tuned on folds that also judge: {_FLATTERS}"

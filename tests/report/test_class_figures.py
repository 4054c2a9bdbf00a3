"""Charts of class predictions: well-formed, true to the numbers, unbroken by odd data."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from yaokit.models.metrics import reliability
from yaokit.report import class_figures as figures

Y = np.array([0, 0, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1] * 5, float)
SCORE = np.clip(Y * 0.4 + np.linspace(0.1, 0.6, len(Y)), 0, 1)
DRAWN = {
    "roc": lambda y, s: figures.roc(y, s, {"stack": 0.9}),
    "precision_recall": lambda y, s: figures.precision_recall(y, s, {"stack": None}),
    "enrichment": figures.enrichment,
    "reliability": lambda y, s: figures.reliability({k: reliability(y, p) for k, p in s.items()}),
    "class_scores": lambda y, s: figures.class_scores(y, s["stack"]),
    "confusion": lambda y, s: figures.confusion(y, s["stack"]),
}


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize(
    "y", [Y, np.ones(12), np.zeros(12), np.array([1.0])], ids=["mixed", "all 1", "all 0", "one row"]
)
def test_each_chart_is_whole_for_any_labels(name, y):
    svg = DRAWN[name](y, {"stack": SCORE[: len(y)], "forest": np.full(len(y), 0.3)})
    assert ET.fromstring(svg) is not None
    assert "nan" not in svg.lower()


def test_the_curve_of_perfect_scores_goes_through_the_corner():
    chart = figures.Chart((0, 1), (0, 1), "", "", "", 400, 380)
    svg = figures.roc(Y, {"stack": Y}, {})
    assert f"{chart.sx(0)},{chart.sy(1)}" in svg


def test_the_matrix_counts_each_molecule_once():
    svg = figures.confusion(np.array([0, 0, 0, 1, 1.0]), np.array([0.1, 0.2, 0.7, 0.5, 0.4]))
    for tip in (
        "measured class 0, predicted class 0: 2 of 3",
        "measured class 0, predicted class 1: 1 of 3",
        "measured class 1, predicted class 1: 1 of 2",
    ):
        assert tip in svg


def test_wilson_interval_is_that_of_the_table():
    """10 of 20: 0.2993 to 0.7007 (Wilson without continuity correction; Newcombe 1998, table I method 3)."""
    assert figures._wilson(0.5, 20) == pytest.approx((0.2993, 0.7007), abs=1e-4)


def test_the_share_of_a_group_stands_on_the_diagonal_when_probabilities_hold():
    rng = np.random.default_rng(0)
    p = rng.random(4000)
    svg = figures.reliability({"stack": reliability((rng.random(4000) < p).astype(float), p)})
    tips = [t.text or "" for t in ET.fromstring(svg).iter("title") if "on average" in (t.text or "")]
    assert len(tips) == 10
    for tip in tips:
        said, found = (float(tip.split(word)[1].split()[0]) for word in ("predictions of ", "average, "))
        assert found == pytest.approx(said, abs=0.06)


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_the_key_of_precision_and_recall_leaves_the_curves_free(share):
    y = (np.arange(100) < 100 * share).astype(float)
    root = ET.fromstring(figures.precision_recall(y, {"stack": np.linspace(1, 0, 100)}, {"stack": 0.9}))
    (key,) = [t for t in root.iter("text") if (t.text or "").startswith("stack")]
    middle = float(root.get("viewBox", "").split()[3]) / 2
    assert (float(key.get("y", "")) > middle) == (share > 0.5)  # curves end at the share, at the right


def test_enrichment_is_of_the_class_that_is_wanted():
    of_0 = figures.enrichment(Y, {"stack": SCORE}, wanted=0)
    of_1 = figures.enrichment(1 - Y, {"stack": 1 - SCORE})
    assert "share of class 0 found" in of_0
    assert of_0.replace("class 0", "class 1") == of_1

"""Charts: well-formed, with round ticks, unbroken by empty or odd numbers."""

import xml.etree.ElementTree as ET

import pytest

from yaokit.report import figures, model_figures
from yaokit.report.axes import Scale, extent

NAN = float("nan")


def test_ticks_are_round_and_inside():
    assert Scale(0, 1, 0, 100).ticks() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert Scale(4.27, 9.22, 0, 100).ticks() == pytest.approx([5, 6, 7, 8, 9])


@pytest.mark.parametrize("values", [[], [NAN], [None], [3.0], [3.0, 3.0]])
def test_extent_always_has_a_width(values: list):
    low, high = extent(values)
    assert low < high


@pytest.mark.parametrize("n", [0, 1, 60])
def test_candidate_intervals_shows_each_prediction(n: int):
    rows = [
        {
            "rank": i,
            "id": "<x>",
            "p_pred": NAN if i == 2 else 5.0,
            "p_low": 4.0,
            "p_high": NAN,
            "in_domain": i > 3,
        }
        for i in range(1, n + 1)
    ]
    root = ET.fromstring(figures.candidate_intervals(rows, "p", None))
    assert len(list(root.iter("circle"))) == n - (n >= 2)


def test_charts_of_nothing_are_still_charts():
    assert ET.fromstring(model_figures.parity([], "p")) is not None
    assert ET.fromstring(model_figures.model_metric({}, "rmse", "RMSE", "lower")) is not None
    assert ET.fromstring(figures.similarity_histogram([0, 0.5, 1], [0, 0], [(0.4, 1)], "<lib>")) is not None
    assert ET.fromstring(figures.share_bar([("kept", 0, "kept")])) is not None


def test_interval_bar_leaves_out_what_is_unknown():
    assert "circle" not in figures.interval_bar((0, 10), NAN, (None, None), "in", [None])
    assert "NaN" not in figures.interval_bar((0, 10), 5, (NAN, 6), "in", [4.0])


def test_pairs_are_colored_only_where_models_can_be_told_apart():
    tests = [
        {"first": "svm", "second": "<x>", "difference": -0.2, "low": -0.3, "high": -0.1, "p": 0.01},
        {"first": "svm", "second": "forest", "difference": -0.1, "low": None, "high": None, "p": NAN},
    ]
    tests = [{"effect_size": 1.5, "better": i == 0, **test} for i, test in enumerate(tests)]
    root = ET.fromstring(model_figures.pairs(tests, ["svm", "forest", "<x>"], "RMSE"))
    first, second = root.iter("rect")
    assert ("right" in first.attrib["class"], "right" in second.attrib["class"]) == (True, False)
    assert first[0].text == "svm against <x>: -0.200 (-0.300 to -0.100), p 0.01, effect 1.5, better"
    assert second[0].text == "svm against random forest: -0.100"
    assert float(first.attrib["x"]) > float(second.attrib["x"])

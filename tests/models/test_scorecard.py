"""What is said of a task, against counts and scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics as sk

from yaokit.core.types import SETS
from yaokit.models import scorecard
from yaokit.models.metrics import METRICS
from yaokit.models.targets import CLASSIFICATION, KINDS, REGRESSION

NAMES = ("nearest", "stack")


def classes(n: int = 240, repeats: int = 2, share: float = 0.25) -> dict[str, np.ndarray]:
    """Columns of a class task: a stack that knows something, a baseline that knows less."""
    random = np.random.default_rng(0)
    y = np.tile((random.uniform(size=n) < share).astype(float), repeats)
    m = len(y)
    stack, nearest = (1 / (1 + np.exp(-(k * (2 * y - 1) - 1 + random.normal(size=m)))) for k in (1.2, 0.4))
    return {
        "repeat": np.repeat(np.arange(repeats), n),
        "fold": np.tile(np.arange(n) % 4, repeats),
        "row": np.tile(np.arange(n), repeats),
        "y": y,
        "nearest_similarity": random.uniform(0.2, 1, m),
        "nearest": nearest,
        "stack": stack,
        "stack_std": np.sqrt(stack * (1 - stack)),
        "stack_low": stack * 0.9,
        "stack_high": 1 - (1 - stack) * 0.9,
        "in_domain": random.uniform(size=m) < 0.8,
        "stack_raw": stack**2,
        "stack_set": random.integers(0, 4, m).astype(np.int8),
    }


def numbers(n: int = 240) -> dict[str, np.ndarray]:
    """Columns of a task of numbers whose intervals hold four of five values."""
    random, columns = np.random.default_rng(0), classes(n)
    y = random.normal(6, 1, len(columns["y"]))
    error = np.where(np.arange(len(y)) % 5 == 0, 2.0, 0.5) * random.choice([-1, 1], len(y))
    columns |= {"y": y, "stack": y + error, "nearest": y + 2 * error}
    return columns | {"stack_low": y + error - 1, "stack_high": y + error + 1}


def test_a_fold_is_measured_by_what_it_is_large_enough_for():
    columns = classes()
    rows = scorecard.per_fold(columns, NAMES, CLASSIFICATION, maximize=True)
    assert len(rows) == 2 * 4 * 2
    here = (columns["repeat"] == 1) & (columns["fold"] == 2)
    found = next(r for r in rows if (r["model"], r["repeat"], r["fold"]) == ("stack", 1, 2))
    assert found["n"] == here.sum()
    assert found["auroc"] == pytest.approx(sk.roc_auc_score(columns["y"][here], columns["stack"][here]))
    assert not {"ece", "precision_top50"} & found.keys()


def test_early_recognition_is_that_of_the_class_looked_for():
    columns = classes()
    swapped = columns | {name: 1 - columns[name] for name in ("y", *NAMES)}
    low = scorecard.per_fold(columns, NAMES, CLASSIFICATION, maximize=False)
    high = scorecard.per_fold(swapped, NAMES, CLASSIFICATION, maximize=True)
    assert [row["bedroc"] for row in low] == pytest.approx([row["bedroc"] for row in high])


@pytest.mark.parametrize("kind", KINDS)
def test_every_metric_of_the_kind_is_in_the_table(kind: str):
    columns = classes() if kind == CLASSIFICATION else numbers()
    folds = scorecard.per_fold(columns, NAMES, kind, maximize=True)
    table = scorecard.model_table(columns, folds, kind, 0.25, maximize=True)
    wanted = {name for name, metric in METRICS.items() if metric.kind == kind}
    assert {name: set(found) for name, found in table.items()} == dict.fromkeys(NAMES, wanted)
    for key, found in table["stack"].items():
        low, high = METRICS[key].limits
        assert low <= found["mean"] <= high, key
        assert found["low"] is None or low <= found["low"] <= found["mean"] <= found["high"] <= high, key


def test_pooled_metrics_are_those_of_whole_repeats():
    columns = classes()
    table = scorecard.model_table(
        columns,
        scorecard.per_fold(columns, NAMES, CLASSIFICATION, maximize=True),
        CLASSIFICATION,
        0.25,
        maximize=True,
    )
    rates = []
    for rows in (slice(240), slice(240, 480)):
        best = np.argsort(-columns["stack"][rows])[:48]  # a fifth
        rates.append(columns["y"][rows][best].mean())
    assert table["stack"]["precision_top50"]["mean"] == pytest.approx(np.mean(rates))
    assert table["stack"]["ece"]["low"] is None


def test_the_stack_is_compared_by_area_where_more_is_better():
    columns = classes()
    folds = scorecard.per_fold(columns, NAMES, CLASSIFICATION, maximize=True)
    told = scorecard.comparisons(columns, folds, NAMES, ["nearest"], CLASSIFICATION, 0.25)
    found = told["comparison"]["nearest"]
    assert found["metric"] == "auroc"
    assert found["difference"] > 0
    assert found["better"]
    assert found["n_folds"] == 8
    pair = next(p for p in told["pairs"] if {p["first"], p["second"]} == {"stack", "nearest"})
    assert pair["first"] == "stack"
    assert pair["difference"] == found["difference"]
    assert pair["p"] >= found["p"]
    assert len(told["pairs"]) == len(NAMES) * (len(NAMES) - 1) / 2


def test_a_stack_that_is_one_member_stands_among_pairs_once():
    columns = classes()
    columns["svm"] = columns["stack"]
    names = (*NAMES, "svm")
    folds = scorecard.per_fold(columns, names, CLASSIFICATION, maximize=True)
    told = scorecard.comparisons(columns, folds, names, ["nearest"], CLASSIFICATION, 0.25)
    assert [(pair["first"], pair["second"]) for pair in told["pairs"]] == [("svm", "nearest")]


def test_one_test_set_is_compared_by_drawing_its_rows():
    columns = classes(repeats=1)
    columns["fold"][:] = 4
    folds = scorecard.per_fold(columns, NAMES, CLASSIFICATION, maximize=True)
    told = scorecard.comparisons(columns, folds, NAMES, ["nearest"], CLASSIFICATION, 0.25)
    found = told["comparison"]["nearest"]
    assert (found["n_folds"], found["better"], found["metric"]) == (1, True, "auroc")


def test_a_set_holds_a_class_if_it_names_it():
    columns = classes()
    columns["y"] = np.tile([0.0, 1.0], 240)
    columns["stack_set"] = np.tile([SETS.index(s) for s in ("0", "0", "both", "1", "none", "both")], 80)
    found = scorecard.coverage(columns, CLASSIFICATION)
    assert found["coverage"] == pytest.approx(4 / 6)
    assert found["coverage_0"] == pytest.approx(2 / 3)
    assert found["coverage_1"] == pytest.approx(2 / 3)
    assert (found["single"], found["both"], found["none"]) == pytest.approx((3 / 6, 2 / 6, 1 / 6))


def test_an_interval_holds_what_lies_in_it():
    found = scorecard.coverage(numbers(), REGRESSION)
    assert found["coverage"] == pytest.approx(0.8)
    assert found["width"] == pytest.approx(2)


@pytest.mark.parametrize("maximize", [True, False])
def test_the_best_predicted_are_of_the_class_that_is_looked_for(maximize: bool):
    columns = classes(repeats=1)
    found = scorecard.selection(columns, CLASSIFICATION, maximize=maximize)
    share = columns["y"].mean()
    assert found["k"] == 48
    assert found["chance"] == pytest.approx(share if maximize else 1 - share)
    assert (found["measured"] > share) == maximize


def test_equal_predictions_count_by_their_share_whatever_their_order():
    columns = classes(repeats=1)
    columns["stack"] = np.round(columns["stack"], 1)
    order = np.argsort(columns["y"], kind="stable")
    found = [
        scorecard.selection(
            {name: values[rows] for name, values in columns.items()}, CLASSIFICATION, maximize=True
        )
        for rows in (order, order[::-1])
    ]
    assert found[0] == pytest.approx(found[1])


def test_calibration_is_told_before_and_after():
    columns = classes()
    found = scorecard.calibration(columns)
    assert found["ece_before"] > found["ece_after"]
    assert found["auroc_before"] == pytest.approx(found["auroc_after"])  # squaring keeps the order
    assert sum(b["n"] for b in found["bins"]) == len(columns["y"])
    assert found["width"] == pytest.approx(0.1)


def test_the_confusion_matrix_is_the_mean_of_the_repeats():
    columns = classes()
    cells = scorecard.confusion_per_repeat(columns)
    wanted = sk.confusion_matrix(columns["y"], columns["stack"] >= 0.5).ravel() / 2
    assert list(cells.values()) == pytest.approx(wanted.tolist())
    assert sum(cells.values()) == 240


def test_errors_inside_and_outside_need_twenty_molecules():
    columns = classes()
    columns["in_domain"] = columns["row"] >= 10
    found = scorecard.domain_errors(columns)
    assert found["rmse_out"] is None
    inside = columns["in_domain"]
    assert found["rmse_in"] == pytest.approx(np.sqrt(np.mean((columns["stack"] - columns["y"])[inside] ** 2)))

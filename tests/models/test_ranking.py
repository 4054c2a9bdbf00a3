"""Rankings against scikit-learn and RDKit's scoring functions, and ties by hand."""

import numpy as np
import pytest
from rdkit.ML.Scoring import Scoring
from sklearn import metrics as sk

from yaokit.models.ranking import (
    auprc,
    auroc,
    bedroc,
    enrichment,
    hit_rate,
    hits,
    precision_recall,
    roc,
    top_count,
)


def ranked(n: int = 400, share: float = 0.1, tied: bool = False) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    y = (random.uniform(size=n) < share).astype(float)
    score = y + random.normal(size=n)
    return y, np.round(score) if tied else score


@pytest.mark.parametrize("tied", [False, True])
def test_areas_are_those_of_sklearn_also_with_ties(tied: bool):
    y, score = ranked(tied=tied)
    assert auroc(y, score) == pytest.approx(sk.roc_auc_score(y, score), abs=1e-12)
    assert auprc(y, score) == pytest.approx(sk.average_precision_score(y, score), abs=1e-12)


def test_curves_are_those_of_sklearn():
    y, score = ranked(tied=True)
    found, wanted = roc(y, score), sk.roc_curve(y, score, drop_intermediate=False)
    for ours, theirs in zip(found, wanted, strict=True):
        assert np.allclose(ours, theirs)
    precision, recall, _ = sk.precision_recall_curve(y, score)
    curve = precision_recall(y, score)
    assert np.allclose(curve.y, precision[-2::-1])
    assert np.allclose(curve.x, recall[-2::-1])


def test_early_recognition_is_that_of_rdkit():
    y, score = ranked()
    listed = [[label] for label in y[np.argsort(-score)].astype(int)]
    for alpha in (20.0, 80.5):
        assert bedroc(y, score, alpha) == pytest.approx(Scoring.CalcBEDROC(listed, 0, alpha))
    for share in (0.01, 0.05, 0.1):
        assert enrichment(y, score, share) == pytest.approx(Scoring.CalcEnrichment(listed, 0, [share])[0])


@pytest.mark.parametrize("metric", [auroc, auprc, bedroc, enrichment, hit_rate])
def test_the_order_of_the_rows_changes_nothing(metric):
    y, score = ranked(tied=True)
    order = np.random.default_rng(1).permutation(len(y))
    assert metric(y[order], score[order]) == pytest.approx(metric(y, score), abs=1e-12)


@pytest.mark.parametrize("metric", [auroc, auprc, bedroc])
@pytest.mark.parametrize("y", [np.zeros(9), np.ones(9), np.zeros(0)], ids=["no 1", "no 0", "none"])
def test_with_a_class_missing_nothing_can_be_told(metric, y: np.ndarray):
    assert np.isnan(metric(y, np.linspace(0, 1, len(y))))


def test_chance_puts_its_share_first():
    y, flat = np.array([1.0, 0, 0, 0] * 50), np.ones(200)
    assert enrichment(y, flat) == pytest.approx(1)
    assert hit_rate(y, flat) == pytest.approx(0.25)
    assert auroc(y, flat) == pytest.approx(0.5)


def test_a_step_that_the_top_cuts_counts_in_part():
    y, score = np.array([1.0, 1, 0, 0, *[0] * 16]), np.array([9, 5, 5, 5, *[1] * 16])
    assert hit_rate(y, score, k=2) == pytest.approx((1 + 1 / 3) / 2)  # 1 of the first, 1 of 3 tied ones


def test_the_best_tenth_are_hits_and_the_top_is_at_most_a_fifth():
    assert np.flatnonzero(hits(np.arange(20.0))).tolist() == [18, 19]
    assert np.flatnonzero(hits(np.arange(20.0), maximize=False)).tolist() == [0, 1]
    assert [top_count(n) for n in (3, 20, 1000)] == [1, 4, 50]

"""Class tasks: sets against crepes, and what is said against what happens in fresh data."""

import json

import numpy as np
import pytest
from crepes import ConformalClassifier

from yaokit.core.types import SETS
from yaokit.models.classtrust import ClassTrust, Sets
from yaokit.models.metrics import calibration_error, score

BOTH, NONE = SETS.index("both"), SETS.index("none")


def out_of_fold(n: int, seed: int = 0, share: float = 0.3, copies: int = 1) -> dict[str, np.ndarray]:
    """Rows of two members: one that is too sure of itself, one that knows nothing.

    Near the training set (similarity 0.8) the first is right more often than far from it (0.25).
    """
    random = np.random.default_rng(seed)
    y = (random.uniform(size=n) < share).astype(float)
    similarity = np.where(random.uniform(size=n) < 0.7, 0.8, 0.25)
    signal = np.where(similarity > 0.5, 3.0, 0.0) * (y - 0.5) + random.normal(size=n)
    sure = 1 / (1 + np.exp(-3 * signal))
    rows = {
        "rows": np.arange(n),
        "y": y,
        "weight": np.ones(n),
        "mean": np.column_stack([sure, random.uniform(size=n)]),
        "spread": np.column_stack([0.1 + 0.2 * sure * (1 - sure), np.full(n, 0.2)]),
        "similarity": similarity,
    }
    return {k: np.concatenate([v] * copies) for k, v in rows.items()}


def judged(trust: ClassTrust, rows: dict[str, np.ndarray]):
    return trust.judge(rows["mean"], rows["spread"], rows["similarity"])


@pytest.fixture(scope="module")
def trust() -> ClassTrust:
    return ClassTrust.fit(out_of_fold(1500))


@pytest.mark.parametrize("n", [4, 9, 10, 19, 20, 99, 400])
def test_a_set_holds_the_classes_that_crepes_keeps(n: int):
    random = np.random.default_rng(n)
    p, y = random.uniform(size=2 * n), np.tile([0.0, 1.0], n)
    new = np.concatenate([p, np.linspace(0, 1, 201)])
    reference = ConformalClassifier().fit(np.where(y > 0.5, 1 - p, p), bins=y)

    def kept(label: float, alphas: np.ndarray) -> np.ndarray:
        bins = np.full(len(alphas), label)
        p_values = reference.predict_p(alphas[:, None], bins=bins, smoothing=False)[:, 0]
        return p_values >= 0.1 - 1e-9

    codes = {(True, False): 0, (False, True): 1, (True, True): BOTH, (False, False): NONE}
    pairs = zip(kept(0.0, new).tolist(), kept(1.0, 1 - new).tolist(), strict=True)
    assert Sets.fit(p, y).codes(new).tolist() == [codes[pair] for pair in pairs]


def test_each_class_stays_in_its_set_nine_times_of_ten():
    shares = []
    for seed in range(10):
        fitted = ClassTrust.fit(out_of_fold(1000, seed))
        new = out_of_fold(4000, 100 + seed)
        y, sets = new["y"], judged(fitted, new).sets
        shares.append([np.isin(sets[y == label], [label, BOTH]).mean() for label in (0, 1)])
    assert (np.mean(shares, axis=0) > 0.89).all()
    assert np.min(shares) > 0.85


def test_a_probability_is_what_happens_though_the_member_boasts(trust: ClassTrust):
    new = out_of_fold(8000, 1)
    found = judged(trust, new)
    assert calibration_error(new["y"], found.mean) < 0.02
    assert calibration_error(new["y"], new["mean"][:, 0]) > 0.05
    assert score("log_loss", new["y"], found.mean) < score("log_loss", new["y"], new["mean"][:, 0])


def test_bounds_hold_the_probability_and_are_narrow_where_rows_are_many(trust: ClassTrust):
    found = judged(trust, out_of_fold(2000, 2))
    assert (found.low <= found.mean).all()
    assert (found.mean <= found.high).all()
    assert (found.low >= 0).all()
    assert (found.high <= 1).all()
    assert np.median((found.high - found.low)[found.in_domain]) < 0.05
    assert found.std[found.in_domain] == pytest.approx(
        np.sqrt(found.mean * (1 - found.mean))[found.in_domain]
    )


def test_calibration_keeps_the_order_of_the_stack(trust: ClassTrust):
    new = out_of_fold(2000, 3)
    found, order = judged(trust, new), np.argsort(new["mean"] @ trust.weights)
    assert (np.diff(found.mean[order]) > 0).all()
    for inside in (True, False):
        at = order[found.in_domain[order] == inside]
        assert (np.diff(found.low[at]) > 0).all()
        assert (np.diff(found.high[at]) > 0).all()


def test_where_the_model_knows_nothing_it_says_so(trust: ClassTrust):
    new = out_of_fold(2000, 4)
    found, far = judged(trust, new), new["similarity"] < 0.5
    assert not found.in_domain[far].any()
    assert found.in_domain[~far].mean() > 0.9
    outside = ~found.in_domain
    assert (found.sets[outside] == BOTH).all()
    assert (found.low[outside] <= trust.base_rate + 0.01).all()
    assert (found.high[outside] >= trust.base_rate - 0.01).all()
    assert (found.std[outside] >= np.sqrt(trust.base_rate * (1 - trust.base_rate)) - 1e-12).all()


def test_repeats_do_not_narrow_the_bounds():
    once, thrice = (ClassTrust.fit(out_of_fold(200, copies=copies)) for copies in (1, 3))
    new = out_of_fold(500, 5)
    for name in ("low", "high", "sets"):
        assert getattr(judged(thrice, new), name) == pytest.approx(getattr(judged(once, new), name), abs=0.02)


def test_one_class_alone_crashes_nothing():
    rows = out_of_fold(30)
    found = judged(ClassTrust.fit({**rows, "y": np.zeros(30)}), rows)
    assert np.isfinite(found.mean).all()
    assert found.mean.mean() < 0.2
    assert np.isin(found.sets, [BOTH, SETS.index("1")]).all()


def test_json_and_arrays_hold_everything(trust: ClassTrust):
    settings = json.loads(json.dumps(trust.settings()))
    loaded, new = ClassTrust.from_settings(settings, trust.arrays()), out_of_fold(500, 6)
    for ours, theirs in zip(judged(trust, new), judged(loaded, new), strict=True):
        assert np.array_equal(ours, theirs)

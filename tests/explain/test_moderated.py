"""Changes without an effect are seldom shown, whatever their number of pairs, and real ones are."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from yaokit.chem.matched import Change, Effect
from yaokit.explain.moderated import Spread

SIZES = (3, 5, 10)
Draw = Callable[[np.random.Generator, int], np.ndarray]
NOTHING: dict[str, Draw] = {
    "normal": lambda r, n: r.normal(size=n),
    "spreads that differ": lambda r, n: r.normal(size=n) * np.sqrt(4 / r.chisquare(4)),
    "heavy tails": lambda r, n: r.standard_t(3, size=n),
    "classes": lambda r, n: r.integers(0, 2, n) - r.integers(0, 2, n).astype(float),
    "bounds": lambda r, n: np.maximum(r.normal(size=n), 0.5) - np.maximum(r.normal(size=n), 0.5),
}


def effect(deltas, pairs=()) -> Effect:
    apart = tuple((2 * i, 2 * i + 1) for i in range(len(deltas)))
    return Effect(Change("F[*:1]", "Cl[*:1]", "c"), np.asarray(deltas, float), tuple(pairs) or apart)


def passing(effects: list[Effect]) -> dict[int, float]:
    """By number of pairs, the share whose interval leaves out 0."""
    common = Spread.of(effects)
    found: dict[int, list[bool]] = {}
    for e in effects:
        low, high = common.interval(e)
        found.setdefault(e.n, []).append(low > 0 or high < 0)
    return {n: float(np.mean(its)) for n, its in found.items()}


@pytest.mark.parametrize("kind", list(NOTHING))
def test_one_in_twenty_changes_that_do_nothing_passes(kind: str):
    r = np.random.default_rng(1)
    found = passing([effect(NOTHING[kind](r, n)) for n in SIZES * 700])
    assert set(found) == set(SIZES)
    assert max(found.values()) <= 0.08


def test_one_in_twenty_passes_of_few_changes_too():
    r = np.random.default_rng(2)
    shares = [passing([effect(r.normal(size=n)) for n in SIZES]) for _ in range(700)]
    for n in SIZES:
        assert np.mean([share[n] for share in shares]) <= 0.08


def test_pairs_with_a_common_molecule_pass_no_more_often():
    r = np.random.default_rng(3)

    def star(n: int) -> Effect:
        """n pairs of three molecules before, one of them in all but two."""
        before = [0] * (n - 2) + [1, 2]
        values = r.normal(size=n + 3)
        return effect(values[3:] - values[before], [(b, i + 3) for i, b in enumerate(before)])

    assert max(passing([star(n) for n in SIZES * 700]).values()) <= 0.08


def test_real_changes_pass():
    r = np.random.default_rng(4)
    found = passing([effect(3 * r.choice([-1, 1]) + r.normal(size=n)) for n in SIZES * 100])
    assert min(found.values()) > 0.95


def test_a_single_change_has_the_interval_of_student():
    deltas = [0.4, 1.1, 0.9, 0.2]
    wanted = ttest_1samp(deltas, 0).confidence_interval(0.95)
    found = Spread.of([effect(deltas)]).interval(effect(deltas))
    assert found == pytest.approx((wanted.low, wanted.high))


def test_agreement_by_luck_is_not_believed():
    r = np.random.default_rng(5)
    common = Spread.of([effect(r.normal(size=5)) for _ in range(100)])
    low, high = common.interval(effect([0.30, 0.31, 0.32]))
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(common.variance / 3), rel=0.1)
    assert low < 0


def test_changes_that_never_vary_prove_nothing():
    low, high = Spread.of([effect([1.0, 1.0, 1.0])]).interval(effect([1.0, 1.0, 1.0]))
    assert low < 0 < high

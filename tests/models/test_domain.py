"""The domain's bins by hand."""

import numpy as np
import pytest

from yaokit.models.domain import STATISTICS, Domain, Rows
from yaokit.models.trust import Trust


def known_errors() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """40 rows at similarity .25 that are far off, 160 at .75 that are not; the spread is alike."""
    similarity = np.repeat([0.25, 0.75], [40, 160])
    error = np.repeat([3.0, 0.5], [40, 160])
    return similarity, np.tile(np.linspace(0.1, 0.5, 20), 10), error


def fit(similarity, spread, error, guess=10.0, molecule=None) -> Domain:
    """The domain of rows of which guessing the mean is far off."""
    n = len(error)
    return Domain.fit(
        Rows(np.arange(n) if molecule is None else molecule, similarity, spread, error, np.full(n, guess))
    )


def test_a_bin_is_inside_if_its_error_is_not_much_above_that_of_all():
    similarity, spread, error = known_errors()
    error[:20] = 0.5  # 20 of 200 rows are far off: the 90th percentile of all is still low
    domain = fit(similarity, spread, error)
    assert domain.whole_error == pytest.approx(0.75, abs=0.3)
    bins = {(b.low, b.high): (b.n, b.in_domain) for b in domain.similarity_bins}
    assert bins == {(0.0, 0.2): (0, False), (0.2, 0.7): (40, False), (0.7, 1.0): (160, True)}
    inside = domain.contains(np.array([0.1, 0.25, 0.75, 1.0]), np.full(4, 0.3))
    assert inside.tolist() == [False, False, True, True]


def test_bins_are_joined_until_each_holds_twenty_rows():
    similarity = np.concatenate([np.full(10, 0.95), np.full(10, 0.85), np.full(25, 0.55), np.full(5, 0.15)])
    domain = fit(similarity, np.linspace(0.1, 0.2, 50), np.ones(50))
    assert [(b.low, b.high, b.n, b.in_domain) for b in domain.similarity_bins] == [
        (0.0, 0.5, 5, False),  # too few to know
        (0.5, 0.8, 25, True),
        (0.8, 1.0, 20, True),
    ]


def test_more_spread_than_ever_seen_is_outside():
    similarity, spread, _ = known_errors()
    domain = fit(similarity, spread, np.ones(200))
    assert domain.contains(np.array([0.75, 0.75]), np.array([0.5, 0.6])).tolist() == [True, False]


def test_too_few_rows_make_no_domain():
    domain = fit(np.full(19, 0.8), np.linspace(0, 1, 19), np.ones(19))
    assert not domain.contains(np.full(3, 0.8), np.array([0.0, 0.5, 1.0])).any()


def test_a_spread_that_never_varies_is_one_bin():
    domain = fit(np.full(50, 0.8), np.zeros(50), np.ones(50))
    assert domain.contains(np.array([0.8, 0.8]), np.array([0.0, 0.1])).tolist() == [True, False]


@pytest.mark.parametrize("statistic", list(STATISTICS))
def test_settings_hold_the_whole_domain(statistic: str):
    similarity, spread, error = known_errors()
    rows = Rows(np.arange(200), similarity, spread, error, np.full(200, 10.0))
    domain = Domain.fit(rows, statistic)
    settings = domain.settings()
    assert Domain.from_settings(settings) == domain
    assert settings[f"whole_{statistic}_error"] == STATISTICS[statistic].of(error)
    assert f"{statistic}_error" in settings["spread_bins"][0]


def test_a_rare_class_that_is_missed_leaves_its_bin_outside():
    """Of 200 molecules 10 are of class 1: their bin misses them, which a 90th percentile would not see."""
    y = np.zeros(200)
    y[:10] = 1
    similarity, spread = np.repeat([0.45, 0.85], 100), np.tile(np.linspace(0.1, 0.2, 20), 10)
    said = np.where(similarity > 0.5, 0.01, 0.05)
    rows = Rows(np.arange(200), similarity, spread, np.abs(said - y), np.abs(y.mean() - y))
    wanted = {0.8: (100, False), 1.0: (100, True)}
    missed = Domain.fit(rows, "rms").similarity_bins
    assert {b.high: (b.n, b.in_domain) for b in missed if b.n} == wanted
    assert missed[-1].error == pytest.approx(0.01)


def test_outside_an_interval_is_never_narrower_than_a_guess():
    similarity, spread, error = known_errors()
    random = np.random.default_rng(0)
    y = random.normal(6, 3, 200)
    mean = (y + error * random.choice([-1, 1], 200))[:, None]
    rows = {"rows": np.arange(200), "y": y, "mean": mean, "spread": spread[:, None], "weight": np.ones(200)}
    trust = Trust.fit({**rows, "similarity": similarity})
    judged = trust.judge(np.full((2, 1), 6.0), np.full((2, 1), 0.1), np.array([0.05, 0.75]))
    assert judged.in_domain.tolist() == [False, True]
    half = (judged.high - judged.low) / 2
    assert half[0] >= np.quantile(np.abs(y - y.mean()), 0.9) - 1e-12
    assert judged.std[0] >= y.std() - 1e-12
    assert half[0] >= half[1]


def test_where_a_guess_is_as_good_nothing_is_inside():
    rows = np.full(50, 0.8), np.linspace(0.1, 0.2, 50), np.ones(50)
    assert fit(*rows, guess=1.2).contains(np.array([0.8]), np.array([0.15])).all()
    assert not fit(*rows, guess=1.1).contains(np.array([0.8]), np.array([0.15])).any()


def test_repeats_of_a_molecule_count_once():
    rows = np.full(57, 0.8), np.linspace(0.1, 0.2, 57), np.ones(57)
    thrice = fit(*rows, molecule=np.repeat(np.arange(19), 3))
    assert not thrice.contains(np.array([0.8]), np.array([0.15])).any()
    assert fit(*rows).similarity_bins[-1].in_domain


def test_doubt_that_is_due_is_no_fault():
    """A rare class is said with doubt: its bin errs much more than the whole, but as much as it says."""
    spread = np.concatenate([np.linspace(0.1, 0.2, 160), np.linspace(0.3, 0.4, 40)])
    said = np.where(spread < 0.25, 0.01, 0.5)
    y = np.where(spread < 0.25, 0.0, np.arange(200) % 2)
    rows = Rows(np.arange(200), np.full(200, 0.8), spread, np.abs(said - y), np.abs(y.mean() - y))
    assert not Domain.fit(rows, "rms").spread_bins[-1].in_domain
    doubtful = Domain.fit(rows._replace(promised=np.sqrt(said * (1 - said))), "rms")
    assert doubtful.spread_bins[-1].error > 1.5 * doubtful.whole_error
    assert doubtful.spread_bins[-1].in_domain
    assert Domain.from_settings(doubtful.settings()) == doubtful

"""Intervals against crepes, and against fresh data of the same kind."""

import numpy as np
import pytest
from crepes import ConformalRegressor

from yaokit.models.conformal import Conformal


def exchangeable(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Errors whose size goes with the spread that is told of them."""
    random = np.random.default_rng(seed)
    spread = random.uniform(0.1, 1.0, n)
    return random.normal(0, 0.2 + spread), spread


def overconfident(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Errors of one size whatever the spread says: small spreads promise too much."""
    random = np.random.default_rng(seed)
    return random.normal(0, 0.5, n), random.uniform(0.05, 1.0, n)


@pytest.mark.parametrize("n", [10, 19, 25, 99])
def test_one_bin_is_the_interval_of_crepes(n: int):
    residual, spread = exchangeable(n, 0)
    fitted = Conformal.fit(residual, spread)
    new = np.array([0.0, 0.3, 2.0])
    reference = ConformalRegressor().fit(residuals=residual, sigmas=spread + fitted.floor)
    wanted = reference.predict_int(y_hat=np.zeros(3), sigmas=new + fitted.floor, confidence=0.9)[:, 1]
    assert fitted.half_width(new) == pytest.approx(wanted)


def test_five_bins_are_the_interval_of_crepes():
    residual, spread = exchangeable(1000, 0)
    fitted = Conformal.fit(residual, spread)
    edges = np.sort(spread)[[200, 400, 600, 800]]
    bins = np.searchsorted(edges, spread, side="right")
    reference = ConformalRegressor().fit(residuals=residual, sigmas=spread + fitted.floor, bins=bins)
    new = np.linspace(0.1, 1, 50)
    wanted = reference.predict_int(
        y_hat=np.zeros(50),
        sigmas=new + fitted.floor,
        bins=np.searchsorted(edges, new, side="right"),
        confidence=0.9,
    )[:, 1]
    assert fitted.half_width(new) == pytest.approx(wanted)


def test_nine_rows_are_too_few_for_a_90_percent_interval():
    assert np.isinf(Conformal.fit(*exchangeable(9, 0)).half_width(np.ones(1))).all()


@pytest.mark.parametrize("draw", [exchangeable, overconfident])
def test_nine_of_ten_new_values_lie_inside_for_sure_and_for_doubtful_predictions(draw):
    shares = []
    for seed in range(20):
        fitted = Conformal.fit(*draw(500, seed))
        residual, spread = draw(1000, 1000 + seed)
        inside = np.abs(residual) <= fitted.half_width(spread)
        order = np.argsort(spread)
        shares.append([inside[rows].mean() for rows in np.array_split(order, 5)])
    assert (np.abs(np.mean(shares, axis=0) - 0.905) < 0.025).all()


def test_the_expected_error_is_the_root_mean_square_of_what_happened():
    residual, spread = exchangeable(5000, 1)
    fitted = Conformal.fit(residual, spread)
    assert np.sqrt(np.mean((residual / fitted.std(spread)) ** 2)) == pytest.approx(1.0, abs=1e-9)


def test_within_a_bin_more_spread_means_a_wider_interval():
    fitted = Conformal.fit(*exchangeable(90, 2))
    assert (np.diff(fitted.half_width(np.linspace(0, 3, 10))) > 0).all()


def test_models_without_any_spread_still_get_an_interval():
    residual = np.random.default_rng(0).normal(size=300)
    fitted = Conformal.fit(residual, np.zeros(300))
    assert fitted.half_width(np.zeros(1))[0] == pytest.approx(np.quantile(np.abs(residual), 0.9), abs=0.1)

"""What replicates say of the noise, and of the error that no model can beat."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from yaokit.data.curation.activity import Measured
from yaokit.data.curation.replicates import Noise, _of_median, combined

NOISE = 0.5


def simulated(sizes: list[int]) -> tuple[dict, np.ndarray, np.ndarray]:
    """What is told of molecules with so many measurements each, their curated values and the truth."""
    random, noise = np.random.default_rng(0), Noise()
    truth = random.normal(6, 1, len(sizes))
    rows = [
        [Measured(value, "=") for value in random.normal(true, NOISE, n)]
        for true, n in zip(truth, sizes, strict=True)
    ]
    for row in rows:
        noise.add(row)
    medians = np.array([measured.value for row in rows if (measured := combined(row))])
    told = noise.told(len(medians), float(medians.var()))
    assert told is not None
    return told, medians, truth


@pytest.mark.parametrize(
    "sizes",
    [[2] * 3000, [3] * 3000, [4] * 3000, [5] * 3000, [1, 2, 3, 5] * 1000, [1] * 2500 + [2] * 500],
    ids=["2", "3", "4", "5", "1, 2, 3 and 5", "nearly all 1"],
)
def test_the_truth_itself_comes_down_to_the_floor_and_not_below(sizes: list[int]):
    told, medians, truth = simulated(sizes)
    error = np.mean((medians - truth) ** 2)
    assert told["rmse"] == pytest.approx(NOISE, rel=0.1)
    assert told["floor_rmse"] == pytest.approx(error**0.5, rel=0.05 if len(set(sizes)) == 1 else 0.1)
    assert told["best_r2"] == pytest.approx(1 - error / medians.var(), abs=0.03)


@pytest.mark.parametrize("n", [1, 3, 5, 7, 15, 51])
def test_the_variance_of_a_median_is_near_that_of_its_density(n: int):
    """Of an odd count: n! / m!² · (Φ (1 − Φ))ᵐ φ with m = (n − 1) / 2, integrated."""
    m = n // 2
    log_ways = math.lgamma(n + 1) - 2 * math.lgamma(m + 1)

    def moment(x: float) -> float:
        log_density = log_ways + m * (stats.norm.logcdf(x) + stats.norm.logsf(x)) + stats.norm.logpdf(x)
        return x * x * math.exp(log_density)

    assert _of_median(n) == pytest.approx(integrate.quad(moment, -8, 8)[0], rel=0.03)


@pytest.mark.parametrize("n", [2, 4, 6, 10])
def test_a_median_of_an_even_count_varies_as_simulated(n: int):
    medians = np.median(np.random.default_rng(n).normal(size=(200_000, n)), axis=1)
    assert _of_median(n) == pytest.approx(medians.var(), rel=0.035)


def test_bounds_and_single_values_tell_of_no_noise():
    noise = Noise()
    noise.add([Measured(5.0, "=")])
    noise.add([Measured(5.0, "="), Measured(7.0, ">")])
    assert noise.told(2, 1.0) is None


def test_without_a_spread_of_values_no_r2_is_told():
    noise = Noise()
    noise.add([Measured(5.0, "="), Measured(6.0, "=")])
    told = noise.told(1, None)
    assert told == {
        "rmse": pytest.approx(0.5**0.5),
        "n_groups": 1,
        "floor_rmse": pytest.approx(0.5),
        "best_r2": None,
    }

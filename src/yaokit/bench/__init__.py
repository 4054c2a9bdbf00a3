"""Published benchmarks, offline: `run` measures one, BENCHMARKS lists them."""

from yaokit.bench.runner import BENCHMARKS, run

__all__ = ["BENCHMARKS", "run"]

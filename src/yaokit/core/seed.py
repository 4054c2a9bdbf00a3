"""Random generators that depend on a seed and on what they are for, not on call order."""

import hashlib

import numpy as np


def rng(seed: int, *purpose: str | int) -> np.random.Generator:
    """A generator for one purpose: the same seed and purpose give the same stream."""
    return np.random.default_rng(derived(seed, *purpose))


def derived(seed: int, *purpose: str | int) -> int:
    """A 31-bit seed for libraries that take an integer."""
    text = "/".join(str(part) for part in (seed, *purpose))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") & 0x7FFFFFFF

"""A memory of scaffolds, so that a search does not give one scaffold a thousand times."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from yaokit.chem.scaffold import scaffolds


class ScaffoldMemory:
    """Lowers scores of scaffolds that have enough good molecules already.

    Good is at least `share` of the best score so far. From the (limit + 1)-th good one of a
    scaffold on, a score is multiplied by limit / number of good ones. After Blaschke 2020
    (doi:10.1186/s13321-020-00473-0), which sets it to 0 instead.
    """

    def __init__(self, limit: int = 10, share: float = 0.8) -> None:
        if limit < 1:
            raise ValueError(f"limit is {limit}; at least 1 molecule per scaffold must be allowed")
        self.limit, self.share = limit, share
        self._good: Counter[str] = Counter()
        self._best = 0.0

    def penalized(self, smiles: Sequence[str], scores: np.ndarray) -> np.ndarray:
        """(n,) the scores as a generator should see them; remembers these molecules. NaN stays."""
        out = np.array(scores, float)
        for i, core in enumerate(scaffolds(smiles)):
            self._best = max(self._best, np.nan_to_num(out[i]))
            if out[i] >= self.share * self._best:
                self._good[core] += 1
                out[i] *= min(1.0, self.limit / self._good[core])
        return out

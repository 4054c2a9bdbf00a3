"""What networks share that can start from a pre-trained one."""

from pathlib import Path
from typing import Any

import numpy as np

from yaokit.core.errors import UsageError
from yaokit.models.network import Network
from yaokit.models.targets import Targets

_LR = 5e-4  # of weights that have learned already


class WarmStart(Network):
    """With `pretrained` it learns at a lower rate; `frozen`: only the head learns.

    `_prepare` of a subclass puts the weights to start from into `_start`.
    """

    settings = (*Network.settings, "pretrained", "frozen")
    pretrained: str | None = None
    frozen = False
    _start: dict[str, np.ndarray] | None = None  # weights to start from, while it is fitted

    def __init__(self, seed: int = 0, features: str | None = None, **settings: Any) -> None:
        super().__init__(seed, features, **settings)
        if self.frozen and self.pretrained is None:
            raise UsageError(f"{self.name}: nothing can be frozen without a pretrained network; name one")
        if self.pretrained is not None and not self.frozen and "lr" not in settings:
            self.lr = _LR

    def fit_features(self, X: Any, y: Targets, work: Path | None = None) -> None:
        super().fit_features(X, y, work)
        self._start = None

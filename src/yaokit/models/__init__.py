"""Predictors: one file each, all behind the same Protocol."""

from pathlib import Path

from yaokit.core.errors import UsageError
from yaokit.core.lazy import pick
from yaokit.models.base import Predictor, read_card

MODELS = {
    "nearest": "yaokit.models.nearest:Nearest",
    "forest": "yaokit.models.forest:Forest",
    "boosting": "yaokit.models.boosting:Boosting",
    "svm": "yaokit.models.svm:Svm",
    "gp": "yaokit.models.gp:Gp",
    "mlp": "yaokit.models.mlp:Mlp",
    "cnn": "yaokit.models.cnn:Cnn",
    "rnn": "yaokit.models.rnn:Rnn",
    "transformer": "yaokit.models.transformer:Transformer",
    "gnn": "yaokit.models.gnn:Gnn",
    "trusted": "yaokit.models.trusted:Trusted",
}

__all__ = ["MODELS", "Predictor", "load", "read_card"]


def load(folder: str | Path) -> Predictor:
    """The predictor in a model folder; UsageError says what is wrong with the folder."""
    folder = Path(folder)
    card = read_card(folder)
    try:
        return pick(MODELS, card["model"], "model").load(folder)
    except (LookupError, TypeError, ValueError, FileNotFoundError) as error:
        what = f"{type(error).__name__}: {error}"
        raise UsageError(f"{folder} is damaged ({what}): train the model again") from error

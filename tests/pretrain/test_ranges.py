"""Settings that no objective can learn with are refused before anything is done."""

import pytest

from yaokit.core.errors import UsageError
from yaokit.pretrain.causal import Causal
from yaokit.pretrain.graph import Graph
from yaokit.pretrain.masked import Masked


@pytest.mark.parametrize(
    ("kind", "settings", "told"),
    [
        (Causal, {"width": 0}, "width = 0: a whole number, 1 or more"),
        (Causal, {"depth": -1}, "depth = -1: a whole number"),
        (Causal, {"longest": 0}, "longest = 0: a whole number"),
        (Causal, {"width": 1.5}, "width = 1.5: a whole number"),
        (Causal, {"dropout": 2}, "dropout = 2: a share"),
        (Causal, {"randomized": "all"}, "randomized = 'all': a share"),
        (Causal, {"size": "gpt-small", "width": 100}, "width = 100: a multiple of 16"),
        (Causal, {"architecture": "gpt"}, "architecture = 'gpt': gru has another"),
        (Graph, {"hidden": 0}, "hidden = 0: a whole number"),
        (Graph, {"masked": 1.5}, "masked = 1.5: a share"),
        (Graph, {"hidden_atoms": float("nan")}, "hidden_atoms = nan: a share"),
        (Graph, {"bits": -1.0}, "bits = -1.0: a number, 0 or more"),
        (Masked, {"width": 100}, "width = 100: a multiple of 8"),
        (Masked, {"heads": 0}, "heads = 0: a whole number"),
        (Masked, {"share": -0.1}, "share = -0.1: a share"),
        (Masked, {"longest": 2}, "longest = 2: a whole number, 3 or more"),
        (Masked, {"weight": float("inf")}, "weight = inf: a number"),
    ],
)
def test_settings_out_of_range_are_refused(kind, settings, told):
    with pytest.raises(UsageError, match=told):
        kind(**settings)


def test_a_width_that_the_encoder_cannot_divide_is_told():
    with pytest.raises(UsageError, match="hidden = 6 is no multiple of the 4 heads"):
        Graph(encoder="attentive", hidden=6).module()

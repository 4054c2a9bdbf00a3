"""What `yaokit evaluate` prints."""

from typing import Any

from yaokit.cli.evaluate import _of_task


def told(rmse: float, coverage: float) -> dict[str, Any]:
    value = {"mean": rmse, "low": None, "high": None}
    return {"models": {"stack": {"rmse": value}}, "interval": {"coverage": coverage}, "comparison": {}}


def test_molecules_that_were_not_learned_from_come_first():
    new = {"n": 60, **told(0.788, 0.917)}
    about = {"task": "pKi", "kind": "regression", "n": 180, "n_learned": 120, "without_learned": new}
    assert _of_task(about | told(0.641, 0.956))[:-1] == [
        ("pKi", "60 molecules with an exact value that it did not learn from"),
        ("  stack", "RMSE 0.788"),
        ("  coverage", "91.7 %, 90 % asked for"),
        ("  all", "180 molecules with an exact value, with the 120 it learned from"),
        ("    stack", "RMSE 0.641"),
        ("    coverage", "95.6 %, 90 % asked for"),
    ]


def test_with_all_of_them_learned_from_that_is_said():
    about = {"task": "pKi", "kind": "regression", "n": 120, "n_learned": 120, **told(0.6, 0.96)}
    assert _of_task(about)[0] == ("pKi", "120 molecules with an exact value, all of which it learned from")


def test_with_new_molecules_alone_nothing_is_said_of_learning():
    about = {"task": "pKi", "kind": "regression", "n": 60, "n_learned": 0, **told(0.8, 0.9)}
    facts = _of_task(about)
    assert facts[0] == ("pKi", "60 molecules with an exact value")
    assert [name for name, _ in facts] == ["pKi", "  stack", "  coverage", "  verdict"]

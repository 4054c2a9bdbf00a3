"""A few rules that mimic a model, and how faithfully they do."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rdkit import Chem

from yaokit.chem.groups import readable, readable_names, whole_numbers
from yaokit.core.seed import derived, rng
from yaokit.explain.subject import Subject

DEPTH = 3
MAX_MOLECULES = 2_000
MIN_MOLECULES = 40
_HELD_OUT = 0.25
_MIN_LEAF = 0.02  # share of the molecules


@dataclass(frozen=True)
class Condition:
    """`feature` is above the limit, or not."""

    feature: str
    above: bool
    limit: float

    def __str__(self) -> str:
        name = self.feature.removeprefix("number of: ")
        least = int(np.floor(self.limit)) + 1  # the smallest whole number above the limit
        if name == self.feature:
            if name in whole_numbers():
                return f"{name} {'≥' if self.above else '<'} {least}"
            return f"{name} {'>' if self.above else '≤'} {self.limit:.3g}"
        if self.above:
            return f"{least} or more: {name}" if least > 1 else f"a {name}"
        return f"fewer than {least}: {name}" if least > 1 else f"no {name}"


@dataclass(frozen=True)
class Rule:
    """What the model says on average of molecules that meet all conditions."""

    conditions: tuple[Condition, ...]
    value: float  # mean prediction; of a class the mean probability
    n: int  # molecules that the rule was made from

    def __str__(self) -> str:
        return "if " + " and ".join(map(str, self.conditions)) if self.conditions else "always"


@dataclass(frozen=True)
class Rules:
    """The rules, highest value first, and their fidelity on molecules they were not made from."""

    rules: tuple[Rule, ...]
    fidelity: dict[str, float | None]  # r2 and error (numbers) or agreement (classes) and that of a guess
    n_made: int
    n_held_out: int


def find_rules(subject: Subject, mols: Sequence[Chem.Mol], task: int, seed: int = 0) -> Rules | None:
    """A decision tree of at most three questions on readable features; None of too few molecules.

    It learns the model's predictions, not the measured values, on three quarters of the molecules;
    fidelity is measured on the others. For a class, agreement counts predictions on the same side
    of a probability of one half.
    """
    if len(mols) < MIN_MOLECULES:
        return None
    order = rng(seed, "rules").permutation(len(mols))[:MAX_MOLECULES]
    chosen = [mols[int(i)] for i in order]
    X, y = readable(chosen), subject.predict(chosen).mean[:, task]
    n = round(len(chosen) * (1 - _HELD_OUT))
    tree = _tree(X[:n], y[:n], derived(seed, "tree"))
    told = tree.predict(X[n:])
    fidelity = _agreement(told, y[n:], y[:n]) if subject.is_class(task) else _r2(told, y[n:], y[:n])
    return Rules(tuple(_rules(tree.tree_)), fidelity, n, len(chosen) - n)


def _tree(X: np.ndarray, y: np.ndarray, seed: int):
    from sklearn.tree import DecisionTreeRegressor

    leaf = max(5, round(_MIN_LEAF * len(y)))
    return DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=leaf, random_state=seed).fit(X, y)


def _r2(told: np.ndarray, y: np.ndarray, learned: np.ndarray) -> dict[str, float | None]:
    error, guess = np.sqrt(np.mean((told - y) ** 2)), np.sqrt(np.mean((learned.mean() - y) ** 2))
    r2 = float(1 - np.sum((told - y) ** 2) / np.sum((y - y.mean()) ** 2)) if y.std() > 0 else None
    return {"r2": r2, "error": float(error), "error_of_guess": float(guess)}


def _agreement(told: np.ndarray, y: np.ndarray, learned: np.ndarray) -> dict[str, float | None]:
    usual = np.mean(learned >= 0.5) >= 0.5
    return {
        "agreement": float(np.mean((told >= 0.5) == (y >= 0.5))),
        "agreement_of_guess": float(np.mean((y >= 0.5) == usual)),
    }


def _rules(tree) -> list[Rule]:
    """The leaves of a fitted tree, highest value first."""
    names = readable_names()
    out: list[Rule] = []

    def walk(node: int, path: tuple[Condition, ...]) -> None:
        if tree.children_left[node] < 0:
            out.append(Rule(_short(path), float(tree.value[node, 0, 0]), int(tree.n_node_samples[node])))
            return
        name, limit = names[tree.feature[node]], float(tree.threshold[node])
        walk(tree.children_left[node], (*path, Condition(name, False, limit)))
        walk(tree.children_right[node], (*path, Condition(name, True, limit)))

    walk(0, ())
    return sorted(out, key=lambda rule: -rule.value)


def _short(path: Sequence[Condition]) -> tuple[Condition, ...]:
    """Without conditions that a later one on the same feature implies."""
    tight: dict[tuple[str, bool], Condition] = {}
    for condition in path:
        tight.pop((condition.feature, condition.above), None)
        tight[condition.feature, condition.above] = condition
    return tuple(tight.values())


def as_text(rules: Rules, task: str) -> str:
    """The rules as lines of text, with their fidelity."""
    lines = [f"{rule}: {task} {rule.value:.3g} (n = {rule.n})" for rule in rules.rules]
    return "\n".join([*lines, "", faithful(rules)]) + "\n"


def faithful(rules: Rules) -> str:
    """How well the rules mimic the model, in words."""
    f, where = rules.fidelity, f"on {rules.n_held_out} molecules that the rules were not made from"
    if "agreement" in f:
        text = (
            f"The rules agree with the model {f['agreement']:.0%} of the time {where}; "
            f"always saying the more frequent class does {f['agreement_of_guess']:.0%}."
        )
        return text.replace("%", " %")
    r2 = "unknown" if f["r2"] is None else f"{f['r2']:.2f}"
    errors = f"RMSE {f['error']:.2g}, that of a guess {f['error_of_guess']:.2g}"
    return f"The rules follow the model with R² {r2} ({errors}) {where}."

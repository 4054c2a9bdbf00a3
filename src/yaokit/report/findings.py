"""What the numbers of one task say, in sentences; nothing is said of what is not known."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from yaokit.models.ranking import top_count
from yaokit.models.targets import CLASSIFICATION, REGRESSION
from yaokit.report.axes import finite
from yaokit.report.measures import kind_of, measure, name_of, primary

Row = Mapping[str, Any]

COVERAGE_OFF = 0.03
SIGNIFICANT = 0.05  # a smaller p is no noise, as in models.paired
_HELD = "intervals held the measured value"


def how(metrics: Row) -> str:
    """How the numbers were made: split, folds, repeats and seed."""
    if metrics.get("how"):
        return str(metrics["how"])
    repeats = metrics.get("repeats") or 1
    times = f" × {repeats} repeat{'' if repeats == 1 else 's'}"
    folds = f"{metrics.get('folds')} folds{times}" if metrics.get("folds") != 1 else "one test set"
    return f"{metrics.get('split')} split, {folds}, seed {metrics.get('seed')}"


def verdict(test: Row, baseline: str, kind: str = REGRESSION) -> str:
    """The paired comparison with a baseline, in words."""
    label = measure(test["metric"]).label if test.get("metric") else primary(kind).label
    if not is_known(test):
        return f"Not tested against the {name_of(baseline)}: its {_unknown(kind)}."
    size = abs(test["difference"])
    side = "lower" if test["difference"] < 0 else "higher"
    numbers = f"{size:.3f} {side} than that of the {name_of(baseline)}"
    if len(finite([test.get("low"), test.get("high"), test.get("p")])) < 3:
        return f"Not tested: its {label} is {numbers}; too few folds that differ for a test."
    if not any((test["difference"], test["low"], test["high"])):
        return f"Equal: its {label} is that of the {name_of(baseline)}."
    ends = f"{test['low']:+.3f} to {test['high']:+.3f}".replace("-", "−")
    n = test.get("n_folds") or 1
    over = f", {n} folds" if n > 1 else ""
    spread = f"95 % interval {ends}, p {_p(test['p'])}{over}"
    start = "Better" if test["better"] else "Worse" if is_worse(test) else "Not better beyond the noise"
    return f"{start}: its {label} is {numbers} ({spread})."


def is_known(test: Row) -> bool:
    """Whether there is a difference to speak of; AUROC has none where all molecules are of one class."""
    return bool(finite([test.get("difference")]))


def is_worse(test: Row) -> bool:
    """Whether the stack is worse beyond the noise: the interval lies wholly on the other side."""
    known = finite([test.get("p")])
    return bool(known) and known[0] < SIGNIFICANT and not test.get("better")


def verdicts(metrics: Row) -> list[tuple[bool, str]]:
    """Whether the stack is better than each rival, and the words for it."""
    tests = metrics.get("comparison") or {}
    return [
        (bool(test.get("better")), verdict(test, rival, kind_of(metrics))) for rival, test in tests.items()
    ]


def findings(metrics: Row) -> list[str]:
    """All other sentences."""
    parts = (_interval, _sets, _calibration, _top, _selection, _domain, _noise, _bounds)
    return [sentence for part in parts for sentence in part(metrics)]


def share(value: float | None, digits: int = 0) -> str:
    """0.123 as "12 %"."""
    return f"{100 * value:.{digits}f} %" if finite([value]) and value is not None else "–"


def number(value: float | None, digits: int = 2) -> str:
    """The value with so many digits; a dash if it is unknown."""
    return f"{value:.{digits}f}".replace("-", "−") if finite([value]) else "–"


def _interval(metrics: Row) -> Iterator[str]:
    found = metrics.get("interval") or {}
    if kind_of(metrics) == CLASSIFICATION or not finite([found.get("coverage")]):
        return
    off = f" ± {100 * found['coverage_std']:.1f}" if finite([found.get("coverage_std")]) else ""
    text = (
        f"Of 100 intervals meant to hold {100 * found['level']:.0f} measured values, "
        f"{100 * found['coverage']:.1f}{off} did; their median width is {number(found.get('width'))}."
    )
    if finite([found.get("coverage_narrowest")]):
        text += f" Of the narrowest fifth, {100 * found['coverage_narrowest']:.1f} did."
    yield text


def _sets(metrics: Row) -> Iterator[str]:
    found = metrics.get("sets") or metrics.get("interval") or {}
    if kind_of(metrics) != CLASSIFICATION or not finite([found.get("coverage")]):
        return
    text = (
        f"Of 100 sets meant to hold {100 * found['level']:.0f} measured classes, "
        f"{100 * found['coverage']:.1f} did"
    )
    by_class = finite([found.get("coverage_1"), found.get("coverage_0")])
    if len(by_class) == 2:
        text += f" ({share(by_class[0])} of class 1, {share(by_class[1])} of class 0)"
    parts = [
        f"{share(found.get(key))} {words}"
        for key, words in (("single", "name one class"), ("both", "name both"), ("none", "name none"))
        if finite([found.get(key)])
    ]
    yield f"{text}; {', '.join(parts)}." if parts else f"{text}."


def _calibration(metrics: Row) -> Iterator[str]:
    found = metrics.get("calibration") or {}
    before, after = found.get("ece_before"), found.get("ece_after", found.get("ece"))
    if not finite([after]):
        return
    was = f"; before calibration {number(before, 3)}" if finite([before]) else ""
    yield f"Probabilities miss the measured share by {number(after, 3)} on average (calibration error){was}."


def _wanted(metrics: Row) -> int:
    """The class that is looked for; an older metrics.json does not tell it."""
    return 0 if metrics.get("minimize") else 1


def _top(metrics: Row) -> Iterator[str]:
    stack = (metrics.get("models") or {}).get("stack") or {}
    key = "precision_top50" if kind_of(metrics) == CLASSIFICATION else "hit_rate_top50"
    rate = (stack.get(key) or {}).get("mean")
    if not finite([rate]):
        return
    picked = metrics.get("selection") or {}
    is_class = kind_of(metrics) == CLASSIFICATION
    goal = f"are class {_wanted(metrics)}" if is_class else "belong to the measured best tenth"
    chance = f"; chance gives {share(picked['chance'])}" if finite([picked.get("chance")]) else ""
    each = " in each repeat" if (metrics.get("repeats") or 1) > 1 else ""
    k = picked.get("k") or top_count(metrics.get("n_judged", metrics["n"]))
    yield f"Of the {k} molecules predicted best{each}, {share(rate)} {goal}{chance}."


def _selection(metrics: Row) -> Iterator[str]:
    found = metrics.get("selection") or {}
    if len(finite([found.get("predicted"), found.get("measured")])) < 2:
        return
    is_class = kind_of(metrics) == CLASSIFICATION
    ends = "sets" if is_class else "intervals"
    held = f"; {share(found['coverage'])} of their {ends} held" if finite([found.get("coverage")]) else ""
    if is_class:
        wanted = _wanted(metrics)
        said, true = (found[key] if wanted else 1 - found[key] for key in ("predicted", "measured"))
        yield (
            f"Those {found['k']} were given a probability of {number(said)} of class {wanted} on average, "
            f"and {share(true)} of them are class {wanted}{held}."
        )
        return
    yield (
        f"Those {found['k']} were predicted {number(found['predicted'])} on average and measured "
        f"{number(found['measured'])}{held}. Candidates, picked from many more, may fall further short."
    )


def _domain(metrics: Row) -> Iterator[str]:
    found = metrics.get("domain") or {}
    if not finite([found.get("share_in_domain")]):
        return
    label = "RMSE" if kind_of(metrics) != CLASSIFICATION else "root mean square error of the probability"
    inside, outside = (found.get(f"rmse_{side}") for side in ("in", "out"))
    text = f"{share(found['share_in_domain'])} of molecules fell inside the domain"
    if finite([inside]):
        text += f": {label} {number(inside)} there"
    if finite([outside]):
        yield f"{text}, {number(outside)} outside."
    else:
        yield f"{text}; too few fell outside to give an error there."


def _noise(metrics: Row) -> Iterator[str]:
    found = metrics.get("noise") or {}
    if not finite([found.get("rmse")]):
        if kind_of(metrics) != CLASSIFICATION:
            yield "How far repeated values differ is not known, so neither is the error no model can beat."
        return
    is_elsewhere = metrics.get("split") == "external"  # the noise is that of the table learned from
    whose = "the molecules learned from" if is_elsewhere else "the same molecule"
    differ = f"Replicates of {whose} differ by an RMSE of {number(found['rmse'])}"
    over, no_model = f"({found['n_groups']:,} molecules)", "no model can be expected to come below"
    best = found.get("best_r2")
    nor = f", nor to reach an R² above {number(best)}" if finite([best]) else ""
    if is_elsewhere:
        yield f"{differ} {over}. Measured against single values with that noise, {no_model} it."
    elif finite([found.get("floor_rmse")]):
        yield (
            f"{differ} {over}, as far as single measurements are off. On this table, where replicates became "
            f"their median, {no_model} an RMSE of {number(found['floor_rmse'])}{nor}."
        )
    else:  # an older model
        yield f"{differ} {over}. Measured against values with that noise, {no_model} it{nor}."


def _bounds(metrics: Row) -> Iterator[str]:
    if n := metrics.get("n_censored_unused"):
        yield f"{n:,} values with > or < were not used."
    if n := metrics.get("n_censored"):
        yield f"{n:,} with > or < in place of a value: learned from where a member can, never judged by."
    if n := metrics.get("n_bounds"):
        yield f"{n:,} with > or < in place of a value: nothing is judged by them."


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"


def summary(metrics: Row) -> tuple[bool, str]:
    """Whether the stack beats all its rivals, and that in one sentence."""
    tests, learned = metrics.get("comparison") or {}, metrics.get("n_learned") or 0
    if not tests:
        why = ": it learned from all these molecules" if learned else ""
        return False, f"The stack was not compared with a baseline{why}."
    if not any(map(is_known, tests.values())):
        return False, f"The stack was not compared with a baseline: its {_unknown(kind_of(metrics))}."
    where = f"On the {metrics['n'] - learned:,} molecules it did not learn from, the" if learned else "The"
    return all(test.get("better") for test in tests.values()), f"{where} stack is {_standing(tests)}."


def _standing(tests: Mapping[str, Row]) -> str:
    """Which rivals the stack is better than, which worse, and of which neither can be said."""
    better = [name_of(rival) for rival, test in tests.items() if test.get("better")]
    worse = [name_of(rival) for rival, test in tests.items() if is_worse(test)]
    rest = [name for name in map(name_of, tests) if name not in (*better, *worse)]
    told = [f"{word} than {_and(names)}" for word, names in (("better", better), ("worse", worse)) if names]
    if not told:
        return f"not better than {_or(rest)} beyond the noise"
    if rest:
        told[-1] += f", {'and not better' if worse else 'but not'} than {_or(rest)}"
    return f"{', but '.join(told)}{'' if rest else ','} beyond the noise"


def warnings(metrics: Row) -> Iterator[str]:
    """What to beware of, of one task."""
    task = metrics["task"]
    tests = metrics.get("comparison") or {}
    if tests and not any(map(is_known, tests.values())):
        yield f"{task}: the model is not compared with the baselines: its {_unknown(kind_of(metrics))}."
    for baseline, test in tests.items():
        if is_known(test) and not test["better"]:
            word = "worse" if is_worse(test) else "not better"
            yield (
                f"{task}: the model is {word} than the {baseline} baseline beyond the noise of "
                f"{'the test set' if metrics.get('folds') == 1 else 'cross-validation'}."
            )
    found = metrics.get("interval") or {}
    if finite([found.get("coverage")]) and abs(found["coverage"] - found["level"]) > COVERAGE_OFF:
        kind = "sets held the measured class" if kind_of(metrics) == CLASSIFICATION else _HELD
        yield f"{task}: {share(found['level'])} {kind} {share(found['coverage'])} of the time."


def _unknown(kind: str) -> str:
    """That what models are compared by is unknown on the rows that judge, and what it needs."""
    needs = ", where molecules of both classes are needed" if kind == CLASSIFICATION else ""
    return f"{primary(kind).label} is unknown here{needs}"


def _and(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), *names[-1:]] if len(names) > 1 else names)


def _or(names: Sequence[str]) -> str:
    return " or ".join([", ".join(names[:-1]), *names[-1:]] if len(names) > 1 else names)

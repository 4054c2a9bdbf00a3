"""Which members to stack when nobody says: by the number of molecules and the time there is."""

from collections.abc import Sequence
from typing import NamedTuple

from yaokit.core.errors import UsageError
from yaokit.models.labels import features_of, make

AUTO = "auto"


class Cost(NamedTuple):
    """Seconds of one core for a fit to n molecules: `at_1000` × (n / 1,000) ** `power`.

    Each task beyond the first adds `per_task` of that: 1 where each has a fit of its own, less where they
    share the work on features, 0 where they share all but the last layer of a network.
    """

    at_1000: float
    power: float
    per_task: float = 0.0

    def seconds(self, n: int, tasks: int = 1) -> float:
        return self.at_1000 * (max(n, 100) / 1000) ** self.power * (1 + self.per_task * (tasks - 1))


class Choice(NamedTuple):
    """A member, what a fit costs, and for how many molecules it is taken without a time limit."""

    label: str
    cost: Cost
    up_to: float
    above: float = 0


# Up to this a Gaussian process takes the place of the network: out of fold it errs less, and it is quicker to
# fit. Above it would be slow to ask.
FEW = 1_000

# In the order in which they are worth their time; costs measured on one core of a laptop.
CHOICES = (
    Choice("boosting", Cost(1.5, 0.9, 1.0), float("inf")),
    Choice("mlp", Cost(1.0, 1.0), float("inf"), above=FEW),
    Choice("svm", Cost(0.4, 1.3, 0.8), 10_000),
    Choice("boosting:full", Cost(8.0, 0.9, 1.0), 0),
    Choice("svm:full", Cost(1.0, 1.3, 0.8), 0),
    Choice("gp", Cost(0.4, 1.5, 0.7), FEW),
    Choice("gnn", Cost(20.0, 1.0), 0),
    Choice("transformer", Cost(90.0, 1.0), 0),
)


def choose(
    n: int, fits: int, *, tasks: int = 1, features: str | None, time_limit_min: float | None, workers: int
) -> list[str]:
    """Labels of the members for `n` molecules, each to be fitted `fits` times by `workers` processes.

    A fit is to all `tasks`, taken to be known of every molecule.

    Without a limit the quick ones; with one all that fit into it, in the order of CHOICES.
    UsageError if the limit is not positive.
    """
    if time_limit_min is None:
        return with_features([c.label for c in CHOICES if c.above < n <= c.up_to], features)
    if not time_limit_min > 0:
        raise UsageError(f"a time limit of {time_limit_min:g} minutes leaves no time; give more than 0")
    left = time_limit_min * 60 * workers
    labels: list[str] = []
    for choice in CHOICES:
        seconds = choice.cost.seconds(n, tasks) * fits
        if seconds <= left or not labels:
            labels.append(choice.label)
            left -= seconds
    return with_features(labels, features)


def with_features(labels: Sequence[str], features: str | None) -> list[str]:
    """The labels, with these features where none are named and the member reads them.

    UsageError if there is no such member.
    """
    if features is None:
        return list(labels)
    if features not in ("fp", "full"):
        raise UsageError(f"no features are called {features!r}; choose from: fp, full")
    takers = [label for label in labels if ":" not in label and features in make(label).feature_kinds]
    if not takers:
        raise UsageError(
            f"features {features!r} would change nothing: each of {', '.join(labels)} names its own or "
            "cannot read them; leave them out, or add a member that takes them, such as svm"
        )
    named = [f"{label}:{features}" if label in takers else label for label in labels]
    default = {label: f"{label.partition(':')[0]}:{features_of(label)}" for label in named}
    return [label for i, label in enumerate(named) if default[label] not in map(default.get, named[:i])]

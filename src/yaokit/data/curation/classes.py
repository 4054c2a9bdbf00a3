"""Class labels: words as 1 and 0, numbers cut at a threshold with a gray zone around it."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from yaokit.core.errors import UsageError
from yaokit.core.reasons import Failure
from yaokit.data.curation.activity import Measured

_YES = (
    "1",
    "1.0",
    "active",
    "yes",
    "y",
    "true",
    "t",
    "positive",
    "pos",
    "+",
    "hit",
    "toxic",
    "binder",
    "high",
)
_NO = ("0", "0.0", "inactive", "no", "n", "false", "f", "negative", "neg", "-", "non-hit", "nontoxic")
_ALSO_NO = (
    "non-toxic",
    "not toxic",
    "nonbinder",
    "non-binder",
    "low",
    "not active",
    "non-active",
    "nonactive",
)
_USUAL = {**dict.fromkeys(_YES, 1), **dict.fromkeys((*_NO, *_ALSO_NO), 0)}
_MISSING = {
    "",
    "na",
    "n/a",
    "nan",
    "none",
    "null",
    "n.d.",
    "nd",
    "?",
    "unknown",
    "inconclusive",
    "nt",
    "n.t.",
}


@dataclass(frozen=True)
class Classes:
    """How values become 1 or 0: by `threshold` (numbers) or by `words` (labels).

    A number of at least threshold + gray is 1, of at most threshold - gray (with no gray zone: of
    less than the threshold) 0; what lies between belongs to neither.
    """

    threshold: float | None = None
    gray: float = 0.0
    words: Mapping[str, int] = field(default_factory=lambda: _USUAL)

    def __post_init__(self) -> None:
        for name, value in (("threshold", self.threshold or 0.0), ("gray zone", self.gray)):
            if not math.isfinite(value):
                raise UsageError(f"a {name} of {value:g} cannot be; give a finite number")
        if self.gray < 0:
            raise UsageError(f"a gray zone of {self.gray:g} cannot be; give 0 or more")
        if self.gray and self.threshold is None:
            raise UsageError("a gray zone needs a threshold; give --threshold too")

    def of_value(self, measured: Measured) -> Measured | Failure:
        """1 or 0 for a number; a bound that does not decide, or a gray value, is a Failure."""
        assert self.threshold is not None
        value, relation = measured
        low, high = self.threshold - self.gray, self.threshold + self.gray
        if value >= high and relation in "=>":
            return Measured(1.0, "=")
        if relation in "=<" and (value < low or (value == low and (self.gray > 0 or relation == "<"))):
            return Measured(0.0, "=")
        bound = relation.strip("=")
        zone = f"{low:g} to {high:g}" if self.gray else f"the threshold {self.threshold:g}"
        why = f"does not tell on which side of {zone} it is" if bound else f"is in the gray zone, {zone}"
        return Failure("GRAY_ZONE", f"{bound}{value:.4g} {why}")

    def of_label(self, text: str | None) -> Measured | Failure | None:
        """1 or 0 for a word; None for an empty cell; a Failure lists the words that are known."""
        word = plain(text)
        if word in self.words:
            return Measured(float(self.words[word]), "=")
        if word in _MISSING:
            return None
        known = (
            ", ".join(list(self.words)[:6]) if self.words is not _USUAL else "1/0, active/inactive, yes/no"
        )
        return Failure("VALUE_TEXT", f"{str(text)[:40]!r} is none of the two classes ({known})")


def are_labels(cells: Iterable[str | None]) -> bool:
    """Whether the cells hold usual class labels (1/0, active/inactive, …) and nothing else."""
    found = False
    for cell in cells:
        if (word := plain(cell)) in _USUAL:
            found = True
        elif word not in _MISSING:
            return False
    return found


def plain(text: str | None) -> str:
    """The word as it is compared."""
    return " ".join((text or "").lower().split())


def words_of(cells: Iterable[str | None], column: str) -> tuple[dict[str, int], str | None]:
    """Which words of a column are 1 and which 0, and a note if that was decided by their order.

    UsageError if they are numbers to be cut at a threshold, or more than two unknown words.
    """
    found = _distinct(cells)
    unknown = [word for word in found if word not in _USUAL]
    if not unknown:
        return {word: _USUAL[word] for word in found}, None
    numbers = [word for word in found if _is_number(word)]
    if len(found) > 2 and len(numbers) > len(found) / 2:
        raise UsageError(
            f"{column} holds numbers ({', '.join(numbers[:3])}, …), not two classes; give --threshold to "
            "`yaokit curate` or `yaokit train`, or keep two labels"
        )
    if len(found) != 2:
        seen = ", ".join(repr(word) for word in found[:5])
        raise UsageError(
            f"{column} holds {len(found)} different labels ({seen}), not two; keep two or map them"
        )
    no, yes = _ordered(found, numbers)
    return {no: 0, yes: 1}, f"{column}: {yes!r} is class 1, {no!r} is class 0"


def _distinct(cells: Iterable[str | None]) -> list[str]:
    """The different words; no more than 1,000 are collected."""
    found: dict[str, None] = {}
    for cell in cells:
        if (word := plain(cell)) not in _MISSING:
            found[word] = None
            if len(found) >= 1000:
                break
    return list(found)


def _ordered(words: list[str], numbers: list[str]) -> tuple[str, str]:
    """The two words, that of class 0 first: the smaller number, the negated word, the usual one."""
    if len(numbers) == 2:
        low, high = sorted(words, key=float)
        return low, high
    for no, yes in (words, words[::-1]):
        if _USUAL.get(no) == 0 or _USUAL.get(yes) == 1 or (no.endswith(yes) and no != yes):
            return no, yes
    first, second = sorted(words)
    return first, second


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True

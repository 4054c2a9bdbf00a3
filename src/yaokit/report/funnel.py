"""Where every molecule went: counts in and out of each step, and why."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from yaokit.core.reasons import REASONS
from yaokit.report.figures import share_bar
from yaokit.report.run import Run, StepFolder
from yaokit.report.sheet import Sheet

MERGED = "merged into a kept row (replicates)"


@dataclass(frozen=True)
class Account:
    """One step's counts; `lost` is what its summary does not explain and should be 0."""

    name: str
    kind: str
    n_in: int
    n_out: int
    dropped: tuple[tuple[str, str, int], ...]  # code, meaning, count
    lost: int
    notes: tuple[str, ...]

    @property
    def bar(self) -> Markup:
        parts = [("kept", self.n_out, "kept")]
        parts += [
            (meaning, n, "merged" if code == "MERGED" else "dropped") for code, meaning, n in self.dropped
        ]
        return Markup(share_bar([*parts, ("not accounted for", max(self.lost, 0), "lost")]))


def build(run: Run, sheet: Sheet) -> dict[str, Any] | None:
    """One account a step, for all steps that count molecules."""
    accounts = [account(step) for step in run.folders if "n_in" in step.summary]
    return {"accounts": accounts} if accounts else None


def account(step: StepFolder) -> Account:
    """The counts of one step's summary."""
    summary = step.summary
    reasons = dict(summary.get("codes") or {}) | dict(summary.get("dropped") or {})
    if summary.get("n_merged"):
        reasons = {"MERGED": summary["n_merged"]} | reasons
    dropped = tuple((code, _meaning(code), n) for code, n in reasons.items() if n)
    n_in, n_out = summary["n_in"], summary.get("n_out", 0)
    lost = n_in - n_out - sum(n for *_, n in dropped)
    return Account(step.name, step.kind, n_in, n_out, dropped, lost, tuple(summary.get("notes") or ()))


def _meaning(code: str) -> str:
    return MERGED if code.upper() == "MERGED" else REASONS.get(code, code)

"""What a step is, and what it is given."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import AfterValidator, BaseModel, ConfigDict

from yaokit.core.errors import UsageError
from yaokit.core.progress import SILENT, Progress
from yaokit.report.run import StepFolder


class Settings(BaseModel):
    """A step's settings; an unknown name is an error.

    Fields called `seed`, `title`, `plan` (the text of the TOML file) and `objective` are filled in
    from the campaign unless the step sets them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


def one_of(names: Callable[[], Iterable[str]]) -> AfterValidator:
    """For a setting that must be one of `names`; the error lists them."""

    def check(name: str) -> str:
        known = sorted(names())
        if name not in known:
            raise ValueError(f"{name!r} is not known; choose from: {', '.join(known)}")
        return name

    return AfterValidator(check)


@dataclass(frozen=True)
class Inputs:
    """The folders of the steps before this one, and how to work."""

    folders: Sequence[StepFolder] = ()
    workers: int = 1
    progress: Progress = field(default=SILENT, compare=False)

    def of(self, kind: str) -> list[StepFolder]:
        """The folders of one kind of step, in the order of the plan."""
        return [folder for folder in self.folders if folder.kind == kind]

    def one(self, kind: str) -> StepFolder:
        """The folder of the last such step; UsageError if there is none."""
        found = self.of(kind)
        if not found:
            raise UsageError(f"the plan needs a step with use = {kind!r} before this one")
        return found[-1]


@dataclass(frozen=True)
class Step:
    """One kind of step: reads the folders of the kinds in `after`, writes its own folder.

    `run(out, inputs, settings)` gives the summary (n_in, n_out, dropped, notes, …), which the runner
    writes to summary.json. `out` may hold what an interrupted run of the same step left there.
    `files` names the files and folders outside the campaign that the settings point to. Raise
    `version` when the same settings give another result.
    """

    name: str
    run: Callable[[Path, Inputs, Any], dict[str, Any]]
    settings: type[Settings]
    after: tuple[str, ...] = ()
    version: int = 1
    files: Callable[[Any], Sequence[str]] = lambda settings: ()

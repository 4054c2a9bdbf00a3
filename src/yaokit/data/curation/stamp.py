"""What a curated table says of how it was made, so that what is learned from it treats molecules alike."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from yaokit.chem.standardize import Standardizer
from yaokit.core.errors import UsageError

_KEY = b"yaokit"
_OPTIONS = {  # of `yaokit curate`, by what they change
    "tautomer": "--tautomer",
    "isotopes": "--remove-isotopes",
    "stereo": "--remove-stereo",
    "strict": "--lenient",
}


@dataclass(frozen=True)
class Stamp:
    """The standardizer of a curated table, and how far replicates of each task differed."""

    standardizer: Standardizer
    noise: dict[str, dict[str, Any]]  # by task, as a summary tells it; tasks without replicates are left out

    @classmethod
    def of(cls, text: bytes) -> Self:
        """What `stamp` wrote."""
        found = json.loads(text)
        return cls(Standardizer.from_settings(found["standardizer"]), dict(found["noise"]))

    def told(self) -> list[str]:
        """A note on what of the standardizer is not as usual."""
        ours, usual = self.standardizer.settings(), Standardizer().settings()
        options = [option for name, option in _OPTIONS.items() if ours[name] != usual[name]]
        words = "the table was curated with {}: the model treats all molecules so"
        return [words.format(" ".join(options))] if options else []

    def passed_on(self, summary: dict[str, Any]) -> dict[str, Any]:
        """The summary of the same table, read again, with the noise that its rows no longer show.

        A task put on another scale or made classes since has another noise: it stays unknown.
        """
        tasks = [{**task, "noise": self._noise_of(task)} for task in summary["tasks"]]
        return {**summary, "tasks": tasks, "noise": tasks[0]["noise"] if tasks else None}

    def _noise_of(self, task: Mapping[str, Any]) -> dict[str, Any] | None:
        is_same = task["name"] == task["column"] and task["unit"] != "class"
        return task["noise"] or (self.noise.get(task["name"]) if is_same else None)


def stamp(summary: Mapping[str, Any]) -> dict[bytes, bytes]:
    """For the metadata of the Parquet file: the standardizer's settings and each task's noise."""
    noise = {task["name"]: task["noise"] for task in summary["tasks"] if task["noise"]}
    return {_KEY: json.dumps({"standardizer": summary["standardizer"], "noise": noise}).encode()}


def stamped(path: str | Path) -> Stamp | None:
    """What `stamp` put into a file; None for one of other origin. UsageError if it is not understood."""
    if Path(path).suffix.lower() != ".parquet":
        return None
    try:
        text = (pq.read_metadata(path).metadata or {}).get(_KEY)
    except (pa.ArrowInvalid, OSError):
        return None  # who reads its rows is told
    try:
        return None if text is None else Stamp.of(text)
    except (ValueError, LookupError, TypeError):
        raise UsageError(
            f"{path} was curated by another version of yaokit: curate the raw files again"
        ) from None

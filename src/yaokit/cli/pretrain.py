"""`yaokit pretrain`."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from yaokit.cli.options import Count, Hidden, Limit, Out, cores
from yaokit.cli.show import Result, listed
from yaokit.core.errors import UsageError
from yaokit.core.progress import Progress

if TYPE_CHECKING:
    from yaokit.pretrain.corpus import Corpus
    from yaokit.pretrain.recipe import Recipe

_GO_ON = "not finished: run the same command again to go on"


def pretrain(
    corpus: Annotated[list[str] | None, Parameter(name="CORPUS", negative=())] = None,
    /,
    *,
    out: Out,
    kind: Literal["causal", "graph", "masked"] | None = None,
    recipe: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    data: Annotated[Path | None, Parameter(metavar="DIR")] = None,
    steps: Limit | None = None,
    time_limit: Annotated[float | None, Parameter(metavar="MIN")] = None,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    devices: Count = 1,
    workers: Count | None = None,
    progress: Annotated[Progress, Hidden],
) -> Result:
    """Let a network learn from molecules alone, for models and design to begin with.

    The corpus is standardized, made distinct, shuffled and kept in shards; one of
    10⁹ lines needs no more memory than one of 10⁶. DIR gets card.json and
    weights.safetensors, which `yaokit train --from DIR` (graph, masked) and
    `yaokit generate DIR` (causal) take, and training/ with checkpoint and logs.
    Stopped at any moment, the same command goes on, to the same weights.

    For example:
      yaokit pretrain library.smi.gz --kind graph -o encoder
      yaokit pretrain --recipe recipes/moses.toml --data data -o prior --time-limit 10
      yaokit pretrain corpora/own --recipe own.toml --data data --steps 0 -o prior

    Parameters
    ----------
    corpus
        files of molecules, as `yaokit screen` reads them, or a folder with a prepared corpus. With a
        recipe it may be left out (then DIR/corpus), or name the folder to prepare the recipe's corpus in
    out
        the folder to write
    kind
        causal (a language model: the prior of generators), graph or masked (encoders for models); of the
        recipe if not given
    recipe
        a TOML file with corpus, network and training; recipes/ of yaokit's repository has those of the
        networks it ships
    data
        the folder that the recipe's sources are in
    steps
        of the whole training, instead of the recipe's; 0 only prepares the corpus
    time_limit
        minutes after which it stops, to be continued; the corpus and what a network learns of it count too
    device
        where it is trained; auto takes a GPU if there is one
    devices
        how many GPUs work together; with --device cpu, how many processes on the processor
    workers
        processes for chemistry; as many as there are cores if not given
    """
    from yaokit.core.store import locked
    from yaokit.nn.devices import check_device
    from yaokit.pretrain.checkpoint import check_out
    from yaokit.pretrain.prepare import Late

    n, clock = workers or cores(), _Clock(time_limit)
    asked = _recipe(recipe, kind)
    _check(corpus, asked, steps, time_limit)
    if steps != 0:
        check_device(device, devices, asked.training.precision)
    check_out(out)
    out.mkdir(parents=True, exist_ok=True)
    with locked(out):
        try:
            found = _corpus(corpus, asked, recipe, data, out, n, progress, clock.is_late)
        except Late as late:
            return _unfinished(late.done, out)
        facts, notes = [("corpus", _told(found)), ("", found.folder)], [*_unknown(found), *_failed(found)]
        if steps == 0:
            return Result({"corpus": found.about}, facts, notes)
        card = _trained(found, asked, recipe, out, steps, clock.left_s(), device, devices, n, progress)
    notes += [] if card["is_finished"] else [_GO_ON]
    return Result(card, [*facts, *_facts(card), ("folder", out)], notes)


class _Clock:
    """Time since the command began, and its limit."""

    def __init__(self, minutes: float | None) -> None:
        self.end = None if minutes is None else time.monotonic() + 60 * minutes

    def left_s(self) -> float | None:
        return None if self.end is None else max(0.0, self.end - time.monotonic())

    def is_late(self) -> bool:
        return self.left_s() == 0


def _recipe(path: Path | None, kind: str | None) -> "Recipe":
    from yaokit.pretrain.recipe import Recipe, read_recipe

    found = read_recipe(path) if path else Recipe()
    if kind and found.kind and kind != found.kind:
        raise UsageError(f"{path} is a recipe for --kind {found.kind}, not {kind}")
    return found.model_copy(update={"kind": kind or found.kind})


def _check(
    corpus: Sequence[str] | None, recipe: "Recipe", steps: int | None, time_limit: float | None
) -> None:
    if not corpus and not recipe.corpus:
        raise UsageError("nothing to learn from; give CORPUS, or a --recipe with [corpus]")
    if not recipe.kind and steps != 0:
        raise UsageError("--kind is missing; choose one of: causal, graph, masked")
    if time_limit is not None and not time_limit >= 0:
        raise UsageError(f"--time-limit {time_limit:g}: a number of minutes, 0 or more")


def _corpus(
    given: Sequence[str] | None,
    recipe: "Recipe",
    path: Path | None,
    data: Path | None,
    out: Path,
    workers: int,
    progress: Progress,
    is_late: Callable[[], bool],
) -> "Corpus":
    from yaokit.pretrain.corpus import ABOUT, open_corpus
    from yaokit.pretrain.prepare import prepare
    from yaokit.pretrain.recipe import corpus_of
    from yaokit.pretrain.sources import Source

    folder = Path(given[0]) if given and len(given) == 1 else None
    if folder and (folder / ABOUT).exists() and not recipe.corpus:
        return open_corpus(folder)
    if recipe.corpus and path:
        if given and not (folder and _may_be_folder(given[0])):
            raise UsageError(
                f"{path} has a [corpus] of its own, so CORPUS must be a folder, not {', '.join(given)}; "
                "leave CORPUS out, or remove [corpus] from the recipe"
            )
        place = folder or out / "corpus"
        return corpus_of(
            recipe, place, data, path.parent, workers=workers, progress=progress, is_late=is_late
        )
    if folder and folder.is_dir():
        return open_corpus(folder)  # which says what it lacks
    name = ", ".join(Path(file).name for file in given or ())
    sources = [Source(file) for file in given or ()]
    return prepare(out / "corpus", sources, name=name, workers=workers, progress=progress, is_late=is_late)


def _may_be_folder(text: str) -> bool:
    """Whether it is a folder or, where nothing is, has a name that no file of molecules has."""
    from yaokit.data.catalog.builtin import is_builtin
    from yaokit.data.read.files import READERS, suffix

    path = Path(text)
    if path.exists():
        return path.is_dir()
    return text != "-" and not is_builtin(text) and suffix(path) not in (*READERS, ".gz", ".zst")


def _trained(
    corpus: "Corpus",
    recipe: "Recipe",
    path: Path | None,
    out: Path,
    steps: int | None,
    limit_s: float | None,
    device: str,
    devices: int,
    workers: int,
    progress: Progress,
) -> dict[str, Any]:
    from yaokit.pretrain.run import Job, pretrain

    plan = recipe.training if steps is None else replace(recipe.training, steps=steps)
    about = {
        "name": recipe.name or out.name,
        "recipe": path.name if path else None,
        "licence": recipe.licence,
    }
    job = Job(
        corpus,
        recipe.kind or "",
        out,
        recipe.network,
        plan,
        device,
        devices=devices,
        workers=workers,
        about=about,
    )
    return pretrain(job, time_limit_s=limit_s, progress=progress)


def _unfinished(done: str, out: Path) -> Result:
    """Of a corpus that is not finished: as of a training without a step."""
    card = {"steps": 0, "is_finished": False}
    return Result(card, [("corpus", f"not finished: {done}"), *_facts(card), ("folder", out)], [_GO_ON])


def _told(corpus: "Corpus") -> str:
    """A corpus in one line."""
    counts = corpus.about["counts"]
    codes: dict[str, int] = {}
    for source in corpus.about["sources"]:
        for code, n in source["codes"].items():
            codes[code] = codes.get(code, 0) + n
    shards = f"{len(corpus.sizes):,} shard{'s' * (len(corpus.sizes) > 1)}"
    text = f"{len(corpus):,} molecules in {shards}, of {counts['n_in']:,} lines"
    named = {"duplicates": "n_duplicates", "held out": "n_held_out", "not sampled": "n_not_sampled"}
    parts = [f"{counts[key]:,} {name}" for name, key in named.items() if counts[key]]
    rejected = f"{counts['n_rejected']:,} rejected" + (f" ({listed(codes)})" if codes else "")
    return f"{text}: {', '.join([*parts, rejected])}"


def _unknown(corpus: "Corpus") -> list[str]:
    """A note of letters that networks of sequences cannot learn, which older versions kept."""
    n = corpus.about.get("n_unknown_tokens", 0)
    if not n:
        return []
    letters = f"{n:,} letter{'s' * (n > 1)} of the corpus' lines {'are' if n > 1 else 'is'}"
    return [f"{letters} no token of yaokit's: prepare it again for a masked or causal network"]


def _failed(corpus: "Corpus") -> list[str]:
    """A note of each file to be left out, not all of whose lines are molecules."""
    return [
        f"{file['n_failed']:,} of {file['n_in']:,} lines of {file['name']} are no molecule, so they keep "
        "nothing out of the corpus"
        for file in corpus.about["excluded"]
        if file.get("n_failed")
    ]


def _facts(card: Mapping[str, Any]) -> list[tuple[str, str]]:
    if not card["steps"]:
        return [("steps", "none yet")]
    facts = [("steps", f"{card['steps']:,} of {card['of_steps']:,} ({card['epochs']:g} epochs)")]
    facts.append(("loss", f"{card['losses']['train']:.4f} in training"))
    for held in card["losses"]["valid"]:
        parts = ", ".join(f"{name} {value:.4f}" for name, value in held.items() if name != "step")
        facts.append(("", f"{parts} of molecules held back, at step {held['step']:,}"))
    return [*facts, ("weights", f"{card['parameters']:,}"), ("CPU hours", f"{card['cpu_hours']:g}")]

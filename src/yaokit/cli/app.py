"""From argv to a command's function, its result on stdout and its exit code."""

import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cyclopts import App, Parameter

from yaokit import __version__
from yaokit.cli.failures import report
from yaokit.cli.show import Result, show
from yaokit.core.progress import default_progress

COMMANDS = {
    "demo": ("yaokit.cli.demo:demo", "a whole campaign on the built-in data"),
    "campaign init": ("yaokit.cli.campaign:init", "write a commented plan for your own table"),
    "campaign run": ("yaokit.cli.campaign:run", "run a plan, or continue where it stopped"),
    "campaign status": ("yaokit.cli.campaign:status", "which steps are done, and what they found"),
    "curate": ("yaokit.cli.curate:curate", "one clean table from raw measurement files"),
    "train": ("yaokit.cli.train:train", "a model with intervals, domain and honest numbers"),
    "screen": ("yaokit.cli.screen:screen", "the best of libraries of any size"),
    "data list": ("yaokit.cli.data:list_", "the data sets there are, embedded and to be fetched"),
    "data show": ("yaokit.cli.data:show", "size, licence, citation and checksum of one"),
    "data fetch": ("yaokit.cli.data:fetch", "bring some into the cache, with checksums"),
    "data leakage": ("yaokit.cli.data:leakage", "what a test set shares with a training set"),
    "bench": ("yaokit.cli.bench:bench", "a published benchmark, its published numbers beside ours"),
    "predict": ("yaokit.cli.predict:predict", "predictions beside the rows of a file"),
    "evaluate": ("yaokit.cli.evaluate:evaluate", "a model tested on molecules measured elsewhere"),
    "models list": ("yaokit.cli.models:list_", "what there is to learn with"),
    "pretrain": ("yaokit.cli.pretrain:pretrain", "a network that has seen millions of molecules"),
    "generate": ("yaokit.cli.generate:generate", "new molecules from a language model"),
    "explain": ("yaokit.cli.explain:explain", "why a model predicts what it does"),
}

GROUPS = {
    "campaign": "plan, run and follow a campaign on your own data",
    "data": "data sets: the catalog, and what two of them share",
    "models": "what there is to learn with",
}

ABOUT = "yaokit: from measurements to ranked, explained candidate molecules."
EVERYWHERE = (
    "With every command: --json (the result as JSON on standard output), --quiet (no progress), "
    "--debug (the traceback of an error)."
)


@dataclass(frozen=True)
class Flags:
    """What can be said with every command, at any place."""

    json: bool = False
    quiet: bool = False
    debug: bool = False


def main() -> None:
    """The program `yaokit`."""
    signal.signal(signal.SIGTERM, _stop)
    sys.exit(run(sys.argv[1:]))


def run(argv: Sequence[str]) -> int:
    """Run one command line; the exit code."""
    tokens, flags = take_flags(argv)
    try:
        result = _call(tokens, flags)
        if result is not None:
            show(result, as_json=flags.json)
            if result.error:
                raise result.error
    except (Exception, KeyboardInterrupt) as error:
        return report(error, argv, debug=flags.debug)
    return 0


def take_flags(argv: Sequence[str]) -> tuple[list[str], Flags]:
    """The words that are left, and the flags found before a `--`."""
    end = list(argv).index("--") if "--" in argv else len(argv)
    names = {f"--{name}": name for name in Flags.__dataclass_fields__}
    flags = Flags(**{names[word]: True for word in argv[:end] if word in names})
    return [word for i, word in enumerate(argv) if i >= end or word not in names], flags


def build(tokens: Sequence[str]) -> App:
    """The commands, none of them imported before it is used."""
    app = _app("yaokit", ABOUT, version=f"yaokit {__version__}", help_epilogue=EVERYWHERE)
    groups = {name: _app(name, line) for name, line in GROUPS.items()}
    for words, (target, line) in COMMANDS.items():
        *group, name = words.split()
        asked = list(tokens[: len(group) + 1]) == [*group, name]
        parent = groups[group[0]] if group else app
        parent.command(target, name=name, help=None if asked else line)  # None: its docstring
    for group in groups.values():
        app.command(group)
    return app


def _app(name: str, text: str, **settings: Any) -> App:
    parameter = Parameter(negative=(), show_default=_default)
    return App(name=name, help=text, help_format="plaintext", default_parameter=parameter, **settings)


def _default(value: Any) -> str | None:
    """A default as it would be typed; None, False and () are not shown."""
    if not value:
        return None
    return " ".join(value) if isinstance(value, tuple) else str(value)


def _call(tokens: Sequence[str], flags: Flags) -> Result | None:
    command, bound, given = build(tokens).parse_args(tokens, exit_on_error=False, print_error=False)
    own = {"progress": default_progress(flags.quiet)} if "progress" in given else {}
    return command(*bound.args, **bound.kwargs, **own)


def _stop(signum: int, frame: object) -> None:
    raise KeyboardInterrupt

"""From an exception to one line on stderr and an exit code."""

import errno
import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from importlib.metadata import distributions
from pathlib import Path

from cyclopts import CycloptsError, UnusedCliTokensError

from yaokit import __version__
from yaokit.core.errors import YaokitError

INTERNAL = 70
_FULL = {errno.ENOSPC, errno.EDQUOT}
_PERMISSION = {errno.EACCES, errno.EPERM, errno.EROFS}
_PATH = {errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG, *_PERMISSION}


def report(error: BaseException, argv: Sequence[str], *, debug: bool = False) -> int:
    """Print what happened in one line (and the traceback if `debug`); the exit code."""
    if debug:
        traceback.print_exception(error)
    known = _known(error)
    code, message = known or (INTERNAL, _crash(error, argv))
    print(f"yaokit: {' '.join(message.split())}", file=sys.stderr, flush=True)
    return code


def _known(error: BaseException) -> tuple[int, str] | None:
    """Exit code and message of what is not a defect of yaokit."""
    if isinstance(error, YaokitError):
        return error.exit_code, str(error)
    if isinstance(error, CycloptsError):
        return 2, _usage(error)
    if isinstance(error, KeyboardInterrupt):
        return 5, "stopped; run the same command again to continue"
    if isinstance(error, MemoryError):
        return 5, "out of memory; close other programs or lower --workers, then run the same command again"
    for cause in _chain(error):
        if isinstance(cause, OSError) and (found := _system(cause)):
            return found
    return None


def _system(error: OSError) -> tuple[int, str] | None:
    name = error.filename if isinstance(error.filename, str | bytes | os.PathLike) else None
    where = os.fsdecode(name) if name is not None else None
    if error.errno in _FULL:
        folder = Path(where).absolute().parent if where else "a folder written to"
        return 5, f"disk full: {folder}; free space and run the same command again"
    if error.errno in _PATH and where:
        cure = " or change its permissions" if error.errno in _PERMISSION else ""
        return 2, f"{where}: {os.strerror(error.errno or 0).lower()}; choose another path{cure}"
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _usage(error: CycloptsError) -> str:
    command = " ".join(["yaokit", *(error.command_chain or ())])
    if isinstance(error, UnusedCliTokensError):
        text = f"{' '.join(error.unused_tokens or ())!r} belongs to no argument or option"
    else:
        text = str(error).strip().rstrip(".")
    return f"{text}. See {command} --help"


def _crash(error: BaseException, argv: Sequence[str]) -> str:
    """Write the traceback and versions to a file; the message that names it."""
    name = f"yaokit-crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    text = "\n".join(
        [*_versions(), f"command: yaokit {' '.join(argv)}", "", *traceback.format_exception(error)]
    )
    what = f"internal error: {type(error).__name__}: {error}"
    for folder in (Path.cwd(), Path(tempfile.gettempdir())):
        try:
            (folder / name).write_text(text, encoding="utf-8")
        except OSError:
            continue
        return f"{what}; please report it with the file {folder / name}"
    return f"{what}; no file could be written, run again with --debug to see more"


def _versions() -> list[str]:
    packages = sorted({f"{d.name}=={d.version}" for d in distributions()}, key=str.lower)
    return [
        f"yaokit {__version__}",
        f"python {sys.version}",
        platform.platform(),
        "packages: " + " ".join(packages),
    ]

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
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}  # EFBIG: a limit on the size of files
_PERMISSION = {errno.EACCES, errno.EPERM, errno.EROFS}
_PATH = {
    *(errno.ENOENT, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.EINVAL),
    *_PERMISSION,
}


def report(error: BaseException, argv: Sequence[str], *, debug: bool = False) -> int:
    """Print what happened in one line (and the traceback if `debug`); the exit code."""
    if debug:
        traceback.print_exception(error)
    known = _known(error, argv)
    code, message = known or (INTERNAL, _crash(error, argv))
    print(f"yaokit: {' '.join(message.split())}", file=sys.stderr, flush=True)
    return code


def _known(error: BaseException, argv: Sequence[str]) -> tuple[int, str] | None:
    """Exit code and message of what is not a defect of yaokit."""
    causes = list(_chain(error))
    if full := next((cause for cause in causes if _is_full(cause)), None):
        what, cure = "disk full", "free space"
        if os.strerror(errno.EFBIG) in str(full):
            what, cure = "limit on the size of files reached", "raise it (ulimit -f)"
        return 5, f"{what}: {_folder(full, argv)}; {cure} and run the same command again"
    if isinstance(error, YaokitError) and error.exit_code != INTERNAL:
        return error.exit_code, str(error)
    if isinstance(error, CycloptsError):
        return 2, _usage(error)
    if isinstance(error, KeyboardInterrupt):
        return 5, "stopped; run the same command again to continue"
    if isinstance(error, MemoryError):
        return 5, "out of memory; close other programs or lower --workers, then run the same command again"
    return next((found for cause in causes if (found := _path(cause, argv))), None)


def _is_full(error: BaseException) -> bool:
    """Also for errors of libraries and worker processes that pass on only the system's words."""
    by_number = isinstance(error, OSError) and error.errno in _FULL
    return by_number or any(os.strerror(number) in str(error) for number in _FULL)


def _folder(error: BaseException, argv: Sequence[str]) -> Path:
    """The folder written to: of the file in the error, or else of the results."""
    name = getattr(error, "filename", None)
    if isinstance(name, str | bytes | os.PathLike):
        return Path(os.fsdecode(name)).absolute().parent
    given = [argv[i + 1] for i, word in enumerate(argv[:-1]) if word in ("-o", "--out")]
    return Path(given[-1] if given else ".").absolute()


def _path(error: BaseException, argv: Sequence[str]) -> tuple[int, str] | None:
    """What is wrong with a path that the user gave."""
    if not (isinstance(error, OSError) and error.errno in _PATH and error.filename):
        return None
    name = os.fsdecode(error.filename)
    if error.errno == errno.ENOENT and not any(
        len(word) > 1 and (word in name or name in word) for word in argv
    ):
        return None  # a file of ours is missing
    cure = " or change its permissions" if error.errno in _PERMISSION else ""
    words = os.strerror(error.errno or 0).lower()
    return 2, f"{name}: {words}; choose another path{cure}"


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

"""Commands that end in every way a command can end."""

import errno
import time

from yaokit.cli.show import Result
from yaokit.core.errors import TooManyRejects


def done() -> Result:
    return Result({"n": 1, "name": "é"}, [("rows", 1234), ("table", "x" * 200)], ["a note"])


def rejects() -> Result:
    return Result({"n": 1}, [("rows", 1)], error=TooManyRejects("3 rows rejected, more than 2"))


def full() -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "/data/run/oof.parquet")


def full_inside() -> None:
    try:
        full()
    except OSError as error:
        raise RuntimeError("could not write") from error


def full_in_words() -> None:
    raise RuntimeError("I/O error: No space left on device (os error 28)")


def too_large() -> None:
    raise OSError(errno.EFBIG, "File too large", "/data/run/oof.parquet")


def denied() -> None:
    raise PermissionError(errno.EACCES, "Permission denied", "/data/run")


def memory() -> None:
    raise MemoryError


def defect() -> None:
    raise ZeroDivisionError("a defect")


def endless() -> None:
    print("started", flush=True)
    time.sleep(60)
